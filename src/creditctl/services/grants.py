"""Credit grants: the step every source of credits goes through."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.units import LIMIT_MICRO, NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.balances import is_live
from creditctl.services.repayment import repay_open_overage
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.grants import (
    PAID_SOURCES,
    grant_by_id,
    granted_in_total,
    insert_grant,
)
from creditctl.store.queries.ledger import NewEntry, append_entries
from creditctl.store.queries.orgs import lock_organizations

DEFAULT_PRIORITY = 50
"""One for every source; a different one is a deliberate override (DESIGN 3.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A lot of credits to be given; `effective_at` None means now, `expires_at` None never."""

    organization_id: int
    source: str
    amount: Credits
    reason: str
    product_id: int | None = None
    priority: int = DEFAULT_PRIORITY
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None
    subscription_id: int | None = None
    period_starts_at: datetime | None = None
    promotion: str | None = None
    rolled_from_id: int | None = None
    moved_from_id: int | None = None


@dataclass(frozen=True, slots=True)
class AddedGrant:
    """A grant that was just given."""

    id: int
    public_id: str
    repaid: Credits
    """What of it went to open overage at once."""


def add_grant(unit: UnitOfWork, context: Context, new: NewGrant) -> AddedGrant:
    """Give the credits: grant, ledger entry, audit entry, and repayment by a paid one that is live.

    Locks the organization. Raises InvalidInput for dates or a priority that cannot be.
    """
    effective_at = new.effective_at or context.now
    _check(new, effective_at)
    lock_organizations(unit, [new.organization_id])
    _check_total(unit, new)
    public_id = new_public_id("grant", context.now)
    grant_id = insert_grant(
        unit,
        public_id=public_id,
        organization_id=new.organization_id,
        source=new.source,
        amount_micro=new.amount,
        product_id=new.product_id,
        priority=new.priority,
        effective_at=effective_at,
        expires_at=new.expires_at,
        unit_cost=new.unit_cost,
        currency=new.currency,
        subscription_id=new.subscription_id,
        period_starts_at=new.period_starts_at,
        promotion=new.promotion,
        rolled_from_id=new.rolled_from_id,
        moved_from_id=new.moved_from_id,
        created_at=context.now,
    )
    append_entries(unit, [_entry(context, new, grant_id, effective_at)])
    _audit(unit, context, new, public_id, effective_at)
    repaid = NO_CREDITS
    if new.source in PAID_SOURCES and is_live(grant := grant_by_id(unit, grant_id), context.now):
        repaid = repay_open_overage(unit, context, new.organization_id, grant)
    return AddedGrant(grant_id, public_id, repaid)


def _check(new: NewGrant, effective_at: datetime) -> None:
    if new.amount <= NO_CREDITS:
        raise InvalidInput(f"a grant is above zero, not {new.amount}")
    if new.expires_at is not None and new.expires_at <= effective_at:
        raise InvalidInput("the grant would expire before it begins", hint="check both times")
    if not 0 <= new.priority <= 100:  # noqa: PLR2004 - the range of the database's CHECK
        raise InvalidInput(f"a priority is from 0 (drawn first) to 100, not {new.priority}")


def _check_total(unit: UnitOfWork, new: NewGrant) -> None:
    """Keep every sum of the ledger within the database's integers."""
    before = granted_in_total(unit, new.organization_id)
    if (before + new.amount).micro >= LIMIT_MICRO:
        raise InvalidInput(
            f"with {new.amount} credits more the organization was granted too many",
            hint=f"all its grants together stay below {Credits(LIMIT_MICRO)} credits",
        )


def _entry(context: Context, new: NewGrant, grant_id: int, effective_at: datetime) -> NewEntry:
    return NewEntry(
        organization_id=new.organization_id,
        grant_id=grant_id,
        kind="grant",
        amount=new.amount,
        event_at=effective_at,
        recorded_at=context.now,
        product_id=new.product_id,
        actor=context.actor,
        reason=new.reason,
    )


def _audit(
    unit: UnitOfWork, context: Context, new: NewGrant, public_id: str, effective_at: datetime
) -> None:
    record_change(
        unit,
        context,
        "grant.created",
        public_id,
        organization_id=new.organization_id,
        reason=new.reason,
        after={
            "source": new.source,
            "amount": new.amount,
            "effective_at": effective_at,
            "expires_at": new.expires_at,
            "unit_cost": new.unit_cost,
            "promotion": new.promotion,
        },
    )
