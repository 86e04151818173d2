"""Credit notes by their own names, with their taxes."""

from dataclasses import dataclass

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_drafts import InvoiceTaxRow
from creditctl.store.queries.invoice_steps import CreditNoteRow


@dataclass(frozen=True, slots=True)
class NamedCreditNoteRow(CreditNoteRow):
    """A credit note and its invoice's internal id."""

    invoice_id: int


def credit_note_named(unit: UnitOfWork, name: str) -> NamedCreditNoteRow | None:
    """The credit note of that id or number, or None."""
    return unit.fetch_one(
        NamedCreditNoteRow,
        """
        SELECT id, public_id, number, line_position, net_minor, tax_minor, total_minor, issued_at,
               actor, reason, invoice_id
        FROM credit_note WHERE public_id = :name OR number = :name
        """,
        name=name,
    )


def credited_taxes_of(unit: UnitOfWork, credit_note_id: int) -> list[InvoiceTaxRow]:
    """A credit note's taxes, in order."""
    return unit.fetch(
        InvoiceTaxRow,
        """
        SELECT country, region, name, category, ppm, taxable_minor, tax_minor
        FROM credit_note_tax WHERE credit_note_id = :id ORDER BY position
        """,
        id=credit_note_id,
    )
