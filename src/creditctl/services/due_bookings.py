"""What time alone brings about: allowances, instalments, roll-overs, expiries; each exactly once.

`limits check` books them for everybody, and every command that draws or gives credits first for
the organization it is about: so nothing depends on when cron ran.
"""

from collections.abc import Iterable

from creditctl.context import Context
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.due_instalments import owners_of_due_instalments
from creditctl.store.queries.grants import owners_with_something_due


def book_what_is_due_for(
    unit: UnitOfWork, context: Context, organization_ids: Iterable[int]
) -> None:
    """The same for many locked organizations, most of which have nothing due."""
    due = owners_with_something_due(unit, context.now, context.now - context.settings.usage_grace)
    due.update(owners_of_due_instalments(unit, context.now))
    for organization_id in sorted(due.intersection(organization_ids)):
        book_what_is_due(unit, context, organization_id)


def book_what_is_due(unit: UnitOfWork, context: Context, organization_id: int) -> None:
    """Bring one organization's grants up to the present; it is locked."""
    # An import asks who has something due, and mostly nobody has: this takes long to load.
    from creditctl.services.allowances import grant_due_allowances
    from creditctl.services.expiry import book_due_expiries
    from creditctl.services.order_deliveries import deliver_due_instalments

    grant_due_allowances(unit, context, organization_id)
    deliver_due_instalments(unit, context, organization_id)
    book_due_expiries(unit, context, organization_id)
