"""Credit notes by their own names, by what they correct, and what was reversed."""

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.invoice_drafts import InvoiceTaxRow
from creditctl.store.queries.invoice_steps import CreditNoteRow
from creditctl.store.queries.late_usage import FINAL


@dataclass(frozen=True, slots=True)
class NamedCreditNoteRow(CreditNoteRow):
    """A credit note with the internal ids of what it corrects, and the grant it takes back."""

    invoice_id: int | None
    purchase_id: int | None
    grant: str | None


@dataclass(frozen=True, slots=True)
class BilledLineRow:
    """A final invoice that billed a part of an order form's line."""

    invoice_id: int
    billed_minor: int
    """As the invoice's line says it."""

    credited_minor: int
    """What its credit notes took back of that line's grants, tax included."""


def credit_note_named(unit: UnitOfWork, name: str) -> NamedCreditNoteRow | None:
    """The credit note of that id or number, or None."""
    return unit.fetch_one(
        NamedCreditNoteRow, f"{_SELECT} WHERE n.public_id = :name OR n.number = :name", name=name
    )


def notes_of_purchase(unit: UnitOfWork, purchase_id: int) -> list[NamedCreditNoteRow]:
    """Those that correct a purchase's receipt, in the order of their numbers."""
    return unit.fetch(
        NamedCreditNoteRow,
        f"{_SELECT} WHERE n.purchase_id = :id ORDER BY n.id",
        id=purchase_id,
    )


def notes_of_lot(unit: UnitOfWork, lot_id: int) -> list[NamedCreditNoteRow]:
    """Those that take back what was reversed of a lot, in the order of their numbers."""
    return unit.fetch(
        NamedCreditNoteRow, f"{_SELECT} WHERE n.grant_id = :id ORDER BY n.id", id=lot_id
    )


_SELECT = """
    SELECT n.id, n.public_id, n.number, n.line_position, n.net_minor, n.tax_minor, n.total_minor,
           n.issued_at, n.actor, n.reason, n.invoice_id, n.purchase_id, g.public_id
    FROM credit_note AS n LEFT JOIN credit_grant AS g ON g.id = n.grant_id
"""


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


def credited_of_purchase(unit: UnitOfWork, purchase_id: int) -> int:
    """What credit notes took back of a purchase, tax included, in minor units."""
    return int(
        unit.fetch_value(
            "SELECT COALESCE(SUM(total_minor), 0) FROM credit_note WHERE purchase_id = :id",
            id=purchase_id,
        )
    )


def credited_of_lot(unit: UnitOfWork, lot_id: int) -> int:
    """The net that credit notes took back for what was reversed of a lot, in minor units."""
    return int(
        unit.fetch_value(
            "SELECT COALESCE(SUM(net_minor), 0) FROM credit_note WHERE grant_id = :id", id=lot_id
        )
    )


def credited_lots(unit: UnitOfWork) -> list[int]:
    """Grants, as they were sold, that have credit notes; by internal id."""
    rows = unit.fetch_rows(
        "SELECT DISTINCT grant_id FROM credit_note WHERE grant_id IS NOT NULL ORDER BY 1"
    )
    return [int(lot_id) for (lot_id,) in rows]


def owed_back_by(unit: UnitOfWork, purchase_id: int) -> int | None:
    """The organization whose receivable a purchase's credit notes lowered; None without any.

    It is one: when organizations are merged, a lot moves as a whole, or was reversed and stays.
    """
    found = unit.fetch_value(
        """
        SELECT MIN(e.organization_id) FROM receivable_entry AS e
               JOIN credit_note AS n ON n.id = e.credit_note_id
        WHERE n.purchase_id = :id AND e.kind = 'credited'
        """,
        id=purchase_id,
    )
    return None if found is None else int(found)


def settled_of_purchase(unit: UnitOfWork, purchase_id: int) -> int:
    """What its credit notes paid of invoices, or was charged back, in minor units."""
    return int(
        unit.fetch_value(
            """
            SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivable_entry AS e
            WHERE e.kind = 'paid' AND e.invoice_id IS NULL
              AND (e.credit_note_id IN (SELECT id FROM credit_note WHERE purchase_id = :id)
                   OR e.charged_back_id IN (SELECT id FROM payment WHERE purchase_id = :id))
            """,
            id=purchase_id,
        )
    )


def billed_parts_of_lot(unit: UnitOfWork, lot_id: int) -> list[BilledLineRow]:
    """Final invoices that billed the order form's line of a lot: its own instalment's first."""
    return unit.fetch(
        BilledLineRow,
        f"""
        SELECT i.id, SUM(b.amount_minor), COALESCE((
                   SELECT SUM(n.total_minor) FROM credit_note AS n
                   JOIN order_instalment AS a ON a.grant_id = n.grant_id
                   WHERE n.invoice_id = i.id AND a.line_id = b.line_id), 0)
        FROM order_instalment AS own JOIN order_instalment AS b ON b.line_id = own.line_id
             JOIN invoice AS i ON i.id = b.invoice_id
        WHERE own.grant_id = :id AND {FINAL}
        GROUP BY i.id, b.line_id
        ORDER BY MAX(CASE WHEN b.id = own.id THEN 1 ELSE 0 END) DESC, i.id DESC
        """,
        id=lot_id,
    )


def reversed_lots_billed_by(
    unit: UnitOfWork, invoice_ids: Sequence[int]
) -> list[tuple[int, int, str]]:
    """Lots of the order forms' lines that these invoices bill of which something was reversed.

    Each with its organization and why it was, by internal ids. A lot that was moved to another
    organization, however often, counts as its own.
    """
    rows = unit.fetch_rows(
        f"""
        WITH RECURSIVE {given(unit.dialect, "wanted", "id")}, part (lot_id, grant_id) AS (
            SELECT a.grant_id, a.grant_id FROM order_instalment AS a
            WHERE a.grant_id IS NOT NULL
              AND a.line_id IN (SELECT b.line_id FROM wanted AS w
                                JOIN order_instalment AS b ON b.invoice_id = w.id)
            UNION ALL
            SELECT p.lot_id, m.id FROM credit_grant AS m JOIN part AS p
                   ON m.moved_from_id = p.grant_id
        )
        SELECT p.lot_id, g.organization_id, (
                   SELECT r.reason FROM ledger_entry AS r
                   WHERE r.grant_id = g.id AND r.kind = 'reversal' ORDER BY r.id DESC LIMIT 1)
        FROM part AS p JOIN credit_grant AS g ON g.id = p.grant_id
        WHERE g.reversed_at IS NOT NULL
        ORDER BY p.lot_id
        """,
        wanted=as_given((one,) for one in invoice_ids),
    )
    return [
        (int(lot_id), int(owner), str(reason or "its credits were reversed"))
        for lot_id, owner, reason in rows
    ]
