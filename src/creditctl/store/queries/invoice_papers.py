"""Final invoices on their way: sent, overdue, and those that are exported."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.rules.periods import parse_month
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """An invoice whose day has passed, by internal ids."""

    id: int
    organization_id: int


def mark_sent(unit: UnitOfWork, invoice_id: int, at: datetime) -> None:
    """A final invoice was sent; a paid one stays paid, and a void one as it is."""
    unit.run(
        """
        UPDATE invoice SET sent_at = :at,
               status = CASE WHEN status = 'finalized' THEN 'sent' ELSE status END
        WHERE id = :id AND status IN ('finalized', 'sent', 'paid')
        """,
        id=invoice_id,
        at=at,
    )


def overdue_untold(unit: UnitOfWork, today: date) -> list[OverdueRow]:
    """Invoices that were due before that day and nobody was told of, the oldest first."""
    return unit.fetch(
        OverdueRow,
        """
        SELECT id, organization_id FROM invoice
        WHERE status IN ('finalized', 'sent') AND overdue_told_at IS NULL AND due_on < :today
        ORDER BY due_on, id
        """,
        today=today,
    )


def mark_overdue_told(unit: UnitOfWork, invoice_id: int, at: datetime) -> bool:
    """Remember that it was told; False where it was before, or is open no more."""
    found = unit.fetch_value(
        """
        UPDATE invoice SET overdue_told_at = :at
        WHERE id = :id AND status IN ('finalized', 'sent') AND overdue_told_at IS NULL
        RETURNING id
        """,
        id=invoice_id,
        at=at,
    )
    return found is not None


_NOTES_OF_MONTH = """
    FROM credit_note AS c LEFT JOIN invoice AS i ON i.id = c.invoice_id
         LEFT JOIN purchase AS p ON p.id = c.purchase_id
    WHERE (i.month = :month
           OR (i.id IS NULL AND c.issued_at >= :starts_at AND c.issued_at < :ends_at))
"""
"""Those of the month's invoices, and those of receipts that were issued in it."""


def notes_of_month(unit: UnitOfWork, month: str, organization_id: int | None) -> list[str]:
    """Ids of the credit notes of a month, in their order; all, or an organization's.

    They are those of its invoices, and of receipts those that were issued in it.
    """
    rows = unit.fetch_rows(
        f"""
        SELECT c.public_id {_NOTES_OF_MONTH}
          AND (CAST(:organization_id AS BIGINT) IS NULL
               OR COALESCE(i.organization_id, p.organization_id) = :organization_id)
        ORDER BY c.id
        """,
        **_named(month),
        organization_id=organization_id,
    )
    return [str(public_id) for (public_id,) in rows]


def papers_of_month(unit: UnitOfWork, month: str) -> tuple[list[str], list[str]]:
    """Numbers of the month's final invoices, void ones too, and of its credit notes."""
    invoices = unit.fetch_rows(
        "SELECT number FROM invoice WHERE month = :month AND number IS NOT NULL ORDER BY id",
        month=month,
    )
    notes = unit.fetch_rows(f"SELECT c.number {_NOTES_OF_MONTH} ORDER BY c.id", **_named(month))
    return [str(number) for (number,) in invoices], [str(number) for (number,) in notes]


def _named(month: str) -> dict[str, str | datetime]:
    period = parse_month(month)
    return {"month": month, "starts_at": period.starts_at, "ends_at": period.ends_at}
