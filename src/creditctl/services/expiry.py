"""Expiry: what a grant still holds ends some time after its date (DESIGN 3.3)."""

from itertools import groupby
from operator import attrgetter

from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import DueExpiry, due_expiries, expire
from creditctl.store.queries.ledger import NewEntry, append_entries
from creditctl.store.queries.orgs import lock_organizations


def book_due_expiries(unit: UnitOfWork, context: Context) -> int:
    """Expire every grant whose grace is over; returns how many.

    New calls stopped at `expires_at`; the grace lets usage served before it arrive. An import after
    that takes back what it draws.
    """
    due = due_expiries(unit, context.now - context.settings.usage_grace)
    booked = 0
    for organization_id, grants in groupby(due, key=attrgetter("organization_id")):
        lock_organizations(unit, [organization_id])
        booked += sum(_expire(unit, context, grant) for grant in grants)
    return booked


def _expire(unit: UnitOfWork, context: Context, grant: DueExpiry) -> bool:
    if not expire(unit, grant.id, grant.remaining):
        return False  # an import drew it before the lock was ours; the next run sees the rest
    append_entries(
        unit,
        [
            NewEntry(
                organization_id=grant.organization_id,
                grant_id=grant.id,
                kind="expiry",
                amount=Credits(-grant.remaining.micro),
                event_at=grant.expires_at,
                recorded_at=context.now,
                product_id=grant.product_id,
                actor=context.actor,
                reason="unused at its expiry",
            )
        ],
    )
    return True
