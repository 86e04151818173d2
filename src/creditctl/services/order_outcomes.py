"""What the verbs of `orders` answer."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.orders import order_by_id, sums_of_orders


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of an order form, and what of it is still to come."""

    id: str
    organization: str
    version: int
    supersedes: str | None
    """The version that it amends."""

    status: str
    action: str
    """drafted, signed or cancelled"""

    credits: Credits
    price: Money
    delivered: Credits
    to_deliver: Credits
    to_bill: Money
    next_at: datetime | None
    """When the next instalment is due."""

    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ActivatedOrder:
    """An order form that is in force, and what that granted at once."""

    id: str
    organization: str
    version: int
    supersedes: str | None
    status: str
    granted: Credits
    billed: Money
    to_deliver: Credits
    to_bill: Money
    next_at: datetime | None
    available_before: Credits
    available_after: Credits
    dry_run: bool = False
    needs_approval: bool = False
    """In a dry run: above the actor's ceiling, so that a second person would be asked."""


def outcome_of(unit: UnitOfWork, order_id: int, action: str) -> OrderOutcome:
    """Read back from the database, in the transaction that did it."""
    row = order_by_id(unit, order_id)
    sums = sums_of_orders(unit, row.organization_id)[row.id]
    return OrderOutcome(
        id=row.public_id,
        organization=row.organization,
        version=row.version,
        supersedes=row.supersedes,
        status=row.status,
        action=action,
        credits=sums.amount,
        price=Money(sums.price_minor, row.currency),
        delivered=sums.delivered,
        to_deliver=sums.to_deliver,
        to_bill=Money(sums.to_bill_minor, row.currency),
        next_at=sums.next_at,
    )


def activation_of(
    unit: UnitOfWork, order_id: int, before: Credits, after: Credits
) -> ActivatedOrder:
    """The same of an activation, with the balance before and after it."""
    row = order_by_id(unit, order_id)
    sums = sums_of_orders(unit, row.organization_id)[row.id]
    return ActivatedOrder(
        id=row.public_id,
        organization=row.organization,
        version=row.version,
        supersedes=row.supersedes,
        status=row.status,
        granted=sums.delivered,
        billed=Money(sums.billed_minor, row.currency),
        to_deliver=sums.to_deliver,
        to_bill=Money(sums.to_bill_minor, row.currency),
        next_at=sums.next_at,
        available_before=before,
        available_after=after,
    )
