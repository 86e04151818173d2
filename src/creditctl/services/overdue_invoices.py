"""`invoice.overdue`: told once of each invoice whose day has passed and that is not paid."""

from creditctl.context import Context
from creditctl.services.audit import record_change
from creditctl.services.invoice_events import tell
from creditctl.services.invoices import standing_of
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.invoice_papers import mark_overdue_told, overdue_untold
from creditctl.store.queries.invoices import invoice_by_id
from creditctl.store.queries.orgs import lock_organizations


def tell_overdue(context: Context) -> int:
    """Write the event for what became overdue, one transaction per invoice; returns how many.

    An invoice is overdue on the day (UTC) after the one it is due on. Who begins to listen later
    is not told of the old ones.
    """
    with reading(context.database) as unit:
        found = overdue_untold(unit, context.now.date())
    told = 0
    for one in found:
        with unit_of_work(context.database) as unit:
            lock_organizations(unit, [one.organization_id])
            if not mark_overdue_told(unit, one.id, context.now):
                continue
            row = invoice_by_id(unit, one.id)
            tell(unit, context, row, "invoice.overdue")
            record_change(
                unit,
                context,
                "invoice.overdue",
                row.public_id,
                organization_id=row.organization_id,
                after={
                    "number": row.number,
                    "due_on": row.due_on,
                    "due_minor": standing_of(row).due,
                },
            )
            told += 1
    return told
