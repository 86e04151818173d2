"""A new paid grant first repays what an organization used beyond its credits (DESIGN 3.3)."""

from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import GrantRow, draw
from creditctl.store.queries.ledger import NewEntry, append_entries, unsettled_overage


def repay_open_overage(
    unit: UnitOfWork, context: Context, organization_id: int, grant: GrantRow
) -> Credits:
    """Draw the grant for open overage, oldest first; returns the credits repaid.

    Postpaid overage is not open: it is invoiced. A restricted grant repays only its own product's.
    """
    entries: list[NewEntry] = []
    left = grant.remaining
    for owed in unsettled_overage(unit, organization_id):
        if owed.reason == "postpaid" or grant.product_id not in (None, owed.product_id):
            continue
        repaid = min(left, owed.unsettled)
        if not repaid:
            break
        left -= repaid
        entries.append(
            _repayment(context, organization_id, grant, owed.id, owed.product_id, repaid)
        )
    total = grant.remaining - left
    if entries:
        taken = draw(unit, grant.id, total, NO_CREDITS)
        assert taken, "the grant is new and its organization locked"  # noqa: S101 - only a bug can
        append_entries(unit, entries)
    return total


def _repayment(
    context: Context,
    organization_id: int,
    grant: GrantRow,
    overage_id: int,
    product_id: int,
    amount: Credits,
) -> NewEntry:
    happened_at: datetime = max(grant.effective_at, grant.created_at)
    return NewEntry(
        organization_id=organization_id,
        grant_id=grant.id,
        kind="repayment",
        amount=-amount,
        event_at=happened_at,
        recorded_at=context.now,
        product_id=product_id,
        settles_id=overage_id,
        actor=context.actor,
        reason=f"open overage repaid by {grant.source} {grant.public_id}",
    )
