"""What is told of invoices: final, sent, paid, overdue; written with the change itself."""

from collections.abc import Iterable

from creditctl.context import Context
from creditctl.rules.events import Event, patterns_for
from creditctl.rules.units import Money
from creditctl.services.outbox import enqueue, subject_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.destinations import destinations_wanting, is_wanted
from creditctl.store.queries.invoices import InvoiceRow, invoice_by_id


def tell(unit: UnitOfWork, context: Context, row: InvoiceRow, name: str) -> int:
    """The step: enqueue an event of an invoice as it stands now; returns how many were written.

    Each destination is told once of each event of an invoice, however often this is called.
    """
    # Most companies ask for none of these.
    if not destinations_wanting(unit, row.organization_id, patterns_for(name)):
        return 0
    event = Event(
        name=name,
        organization=subject_of(unit, row.organization_id),
        rule=name,
        window=row.number or row.public_id,
        revision=1,
        occurred_at=context.now,
        note=_note(row),
    )
    return enqueue(unit, context, row.organization_id, event)


def tell_of_all(unit: UnitOfWork, context: Context, rows: Iterable[InvoiceRow], name: str) -> None:
    """The step: the same of many invoices; where nobody asks for it, nobody is looked for."""
    if is_wanted(unit, patterns_for(name)):
        for row in rows:
            tell(unit, context, row, name)


def tell_if_paid(unit: UnitOfWork, context: Context, before: InvoiceRow) -> int:
    """The step: tell of an invoice that this transaction settled; `before` is how it stood."""
    row = invoice_by_id(unit, before.id)
    return tell(unit, context, row, "invoice.paid") if row.status == "paid" != before.status else 0


def _note(row: InvoiceRow) -> str:
    total = Money(row.total_minor, row.currency)
    day = "" if row.due_on is None or row.status == "paid" else f", due by {row.due_on}"
    return f"{row.number or row.public_id} for {row.month}, {total} {row.currency}{day}"
