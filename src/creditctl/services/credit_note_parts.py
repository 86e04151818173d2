"""Credit notes as they are shown with what they correct, and what a receipt's leave owed back."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.credit_notes import (
    credited_of_purchase,
    notes_of_lot,
    notes_of_purchase,
    settled_of_purchase,
)
from creditctl.store.queries.deferred_revenue import lot_of_grant
from creditctl.store.queries.invoice_steps import CreditNoteRow


@dataclass(frozen=True, slots=True)
class CreditNotePart:
    """A credit note; `line` is the number of the invoice's line that it takes back."""

    id: str
    number: str
    issued_at: datetime
    line: int | None
    net: Money
    tax: Money
    total: Money
    reason: str


def credit_note_part(note: CreditNoteRow, currency: str) -> CreditNotePart:
    """A credit note as it is shown with its invoice or purchase."""
    return CreditNotePart(
        note.public_id,
        note.number,
        note.issued_at,
        note.line_position,
        Money(note.net_minor, currency),
        Money(note.tax_minor, currency),
        Money(note.total_minor, currency),
        note.reason,
    )


def parts_of_purchase(
    unit: UnitOfWork, purchase_id: int, currency: str
) -> tuple[CreditNotePart, ...]:
    """The credit notes of a purchase's receipt, in the order of their numbers."""
    return tuple(credit_note_part(note, currency) for note in notes_of_purchase(unit, purchase_id))


def parts_of_grant(unit: UnitOfWork, grant_id: int) -> tuple[CreditNotePart, ...]:
    """Those of what was reversed of the lot that a grant is of; none of what nobody paid."""
    lot = lot_of_grant(unit, grant_id)
    notes = [] if lot is None else notes_of_lot(unit, lot.id)
    return tuple(credit_note_part(note, lot.currency) for note in notes if lot is not None)


def credit_left(unit: UnitOfWork, purchase_id: int) -> int:
    """What is owed back of a receipt: its credit notes, less what they paid or was charged back.

    Minor units, tax included; a charge-back beyond what was credited is not below zero here.
    """
    return max(credited_of_purchase(unit, purchase_id) - settled_of_purchase(unit, purchase_id), 0)
