"""Grants in the order they are drawn, and every movement of the ledger."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import count

from creditctl.context import Context
from creditctl.errors import GrantNotFound
from creditctl.rules.burn_down import burn_order
from creditctl.rules.units import Credits
from creditctl.services.allocation import lot_of
from creditctl.services.balances import is_live
from creditctl.services.products import product_id_of
from creditctl.store.engine import reading
from creditctl.store.queries.grants import GrantRow, find_grant, grants_of
from creditctl.store.queries.movements import latest_movements
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class Grant:
    """A lot of credits; `state` is live, future, spent, expired or reversed.

    `draws` is its place in the burn-down order now: 1 is drawn next, None cannot be drawn.
    """

    id: str
    source: str
    product: str | None
    remaining: Credits
    amount: Credits
    expired: Credits
    priority: int
    effective_at: datetime
    expires_at: datetime | None
    unit_cost: Decimal | None
    currency: str | None
    promotion: str | None
    state: str
    draws: int | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the ledger; `net` is the organization's balance after it."""

    happened_at: datetime
    kind: str
    amount: Credits
    net: Credits
    source: str | None
    product: str | None
    grant: str | None
    overage_reason: str | None
    batch: str | None
    actor: str
    reason: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFilter:
    """Which movements are shown; times are [since, until)."""

    kind: str | None = None
    source: str | None = None
    product: str | None = None
    grant: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = MovementFilter()


def list_grants(context: Context, organization: str, *, everything: bool = False) -> list[Grant]:
    """The grants in the order they will be drawn; spent and ended ones only with `everything`."""
    with reading(context.database) as unit:
        rows = grants_of(unit, find_organization(unit, organization).id)
    rows.sort(key=lambda row: burn_order(lot_of(row)))
    grants = _numbered([_shown(row, context.now) for row in rows])
    return [grant for grant in grants if everything or grant.state in ("live", "future")]


def list_movements(
    context: Context, organization: str, only: MovementFilter = EVERYTHING, *, limit: int
) -> list[Movement]:
    """The newest entries of the ledger first; raises GrantNotFound and ProductNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        product_id_of(unit, only.product)
        if only.grant is not None and find_grant(unit, only.grant).organization_id != owner.id:
            raise GrantNotFound(f"{owner.slug} has no grant {only.grant!r}")
        rows = latest_movements(unit, owner.id, **asdict(only), limit=limit)
    return [
        Movement(
            happened_at=row.event_at,
            kind=row.kind,
            amount=row.amount,
            net=row.net,
            source=row.source,
            product=row.product,
            grant=row.grant,
            overage_reason=row.overage_reason,
            batch=row.batch,
            actor=row.actor,
            reason=row.reason,
            recorded_at=row.recorded_at,
        )
        for row in rows
    ]


def _shown(row: GrantRow, now: datetime) -> Grant:
    return Grant(
        id=row.public_id,
        source=row.source,
        product=row.product,
        remaining=row.remaining,
        amount=row.amount,
        expired=row.expired,
        priority=row.priority,
        effective_at=row.effective_at,
        expires_at=row.expires_at,
        unit_cost=row.unit_cost,
        currency=row.currency,
        promotion=row.promotion,
        state=_state(row, now),
    )


def _numbered(grants: list[Grant]) -> list[Grant]:
    """Those that can be drawn now, counted in burn-down order."""
    places = count(1)
    return [
        replace(grant, draws=next(places)) if grant.state == "live" else grant for grant in grants
    ]


def _state(row: GrantRow, now: datetime) -> str:
    if row.reversed_at is not None:
        return "reversed"
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if not row.remaining:
        return "spent"
    return "live" if is_live(row, now) else "future"
