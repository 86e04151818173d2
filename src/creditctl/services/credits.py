"""What people do with credits: grant them by hand, see the grants and every movement."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import GuardFailed, GuestNotAllowed, InvalidInput, ProductNotFound
from creditctl.rules.burn_down import burn_order
from creditctl.rules.units import Credits
from creditctl.services.allocation import lot_of
from creditctl.services.balances import balance_of, is_live
from creditctl.services.grants import DEFAULT_PRIORITY, NewGrant, add_grant
from creditctl.services.idempotency import recall, remember
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.catalog import applied_catalog_version, product_ids
from creditctl.store.queries.grants import PAID_SOURCES, GrantRow, grants_of
from creditctl.store.queries.ledger import latest_movements
from creditctl.store.queries.orgs import OrganizationRow, find_organization, lock_organizations

GRANTED_BY_HAND = ("goodwill", "promotion", "trial", "purchase", "order_form", "correction")
"""Sources a person may name; the product itself makes the others."""

RESTRICTABLE = ("order_form", "correction")
"""Only credits from a sales order form may be for one product [FF]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """What a person asks for; `unit_cost` is money per credit, None for a gift."""

    organization: str
    amount: Credits
    reason: str
    source: str = "goodwill"
    product: str | None = None
    priority: int = DEFAULT_PRIORITY
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    unit_cost: Decimal | None = None
    expect_email: str | None = None
    expect_balance: Credits | None = None


@dataclass(frozen=True, slots=True)
class GrantResult:
    """A grant that was given (or, in a dry run, would be), and what it did to the balance."""

    id: str
    organization: str
    source: str
    amount: Credits
    repaid: Credits
    available_before: Credits
    available_after: Credits
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """A lot of credits; `state` is live, future, spent or expired."""

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


def grant_credits(
    context: Context,
    request: GrantRequest,
    *,
    idempotency_key: str | None = None,
    dry_run: bool = False,
) -> GrantResult:
    """Give credits by hand; the same idempotency key gives the same answer and nothing new.

    Raises OrganizationNotFound, ProductNotFound, InvalidInput, GuestNotAllowed, GuardFailed,
    IdempotencyKeyReused.
    """
    _check(request)
    begin = rehearsal if dry_run else unit_of_work
    with begin(context.database) as unit:
        owner = find_organization(unit, request.organization)
        lock_organizations(unit, [owner.id])
        identity = {name: getattr(request, name) for name in _IDENTITY} | {"of": owner.public_id}
        if idempotency_key is not None:
            answer = recall(unit, _SCOPE, idempotency_key, identity)
            if answer is not None:
                return _answered(json.loads(answer))
        result = _grant(unit, context, owner, request, dry_run=dry_run)
        if idempotency_key is not None:
            kept = {name: str(getattr(result, name)) for name in GrantResult.__slots__}
            remember(unit, _SCOPE, idempotency_key, identity, json.dumps(kept), context.now)
        return result


def list_grants(context: Context, organization: str, *, everything: bool = False) -> list[Grant]:
    """The grants in the order they will be drawn; spent and ended ones only with `everything`."""
    with reading(context.database) as unit:
        rows = grants_of(unit, find_organization(unit, organization).id)
    rows.sort(key=lambda row: burn_order(lot_of(row)))
    grants = [_shown(row, context.now) for row in rows]
    return [grant for grant in grants if everything or grant.state in ("live", "future")]


def list_movements(context: Context, organization: str, *, limit: int) -> list[Movement]:
    """The newest entries of the ledger first."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        rows = latest_movements(unit, owner.id, limit)
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


_SCOPE = "credits.grant"
_IDENTITY = (
    "amount",
    "reason",
    "source",
    "product",
    "priority",
    "effective_at",
    "expires_at",
    "unit_cost",
)


def _check(request: GrantRequest) -> None:
    if request.source not in GRANTED_BY_HAND:
        raise InvalidInput(
            f"a person cannot grant from {request.source!r}",
            hint=f"sources: {', '.join(GRANTED_BY_HAND)}",
        )
    if not request.reason.strip():
        raise InvalidInput("a grant needs a reason", hint='add --reason "why"')
    if request.product is not None and request.source not in RESTRICTABLE:
        raise InvalidInput(
            f"credits from {request.source} are good for every product",
            hint=f"only {' and '.join(RESTRICTABLE)} may name one",
        )
    is_paid = request.source in PAID_SOURCES
    if is_paid != (request.unit_cost is not None):
        needs = "needs what a credit cost" if is_paid else "is a gift and costs nothing"
        raise InvalidInput(
            f"a grant from {request.source} {needs}",
            hint="add --unit-cost PRICE" if is_paid else "leave --unit-cost out",
        )


def _grant(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    request: GrantRequest,
    *,
    dry_run: bool,
) -> GrantResult:
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot be topped up")
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    _guard(owner, request, before)
    added = add_grant(
        unit,
        context,
        NewGrant(
            organization_id=owner.id,
            source=request.source,
            amount=request.amount,
            reason=request.reason,
            product_id=_product_id(unit, request.product),
            priority=request.priority,
            effective_at=request.effective_at,
            expires_at=request.expires_at,
            unit_cost=request.unit_cost,
            currency=None if request.unit_cost is None else applied_catalog_version(unit).currency,
        ),
    )
    after = balance_of(unit, owner.id, owner.slug, context.now).available
    return GrantResult(
        added.public_id,
        owner.slug,
        request.source,
        request.amount,
        added.repaid,
        before,
        after,
        dry_run,
    )


def _guard(owner: OrganizationRow, request: GrantRequest, available: Credits) -> None:
    """Rails against the wrong organization: refuse when it is not what the caller expects."""
    if request.expect_email not in (None, owner.billing_email):
        raise GuardFailed(
            f"the billing e-mail of {owner.slug} is {owner.billing_email or 'not set'}"
        )
    if request.expect_balance not in (None, available):
        raise GuardFailed(f"{owner.slug} has {available} credits available")


def _product_id(unit: UnitOfWork, name: str | None) -> int | None:
    if name is None:
        return None
    known = product_ids(unit)
    if name not in known:
        raise ProductNotFound(f"there is no product {name!r}")
    return known[name]


def _answered(kept: dict[str, str]) -> GrantResult:
    return GrantResult(
        id=kept["id"],
        organization=kept["organization"],
        source=kept["source"],
        amount=Credits.parse(kept["amount"]),
        repaid=Credits.parse(kept["repaid"]),
        available_before=Credits.parse(kept["available_before"]),
        available_after=Credits.parse(kept["available_after"]),
        dry_run=False,
    )


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


def _state(row: GrantRow, now: datetime) -> str:
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if not row.remaining:
        return "spent"
    return "live" if is_live(row, now) else "future"
