"""Invoices and their lines: find, list, write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.rules.instants import instant_of, start_of_day
from creditctl.rules.invoice_lines import Line
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork

_SELECT = """
    SELECT i.id, i.public_id, o.slug, o.legal_name, i.month, i.starts_at, i.ends_at, i.status,
           i.stale, i.currency, i.total_minor, i.generated_at,
           (SELECT COALESCE(SUM(l.amount_minor), 0) FROM invoice_line AS l
            WHERE l.invoice_id = i.id AND l.kind = 'fee'),
           (SELECT COALESCE(SUM(l.credits_micro), 0) FROM invoice_line AS l
            WHERE l.invoice_id = i.id)
    FROM invoice AS i JOIN organization AS o ON o.id = i.organization_id
"""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice with what its lines come to.

    `overage` is the credits of its usage that no credits were applied to.
    """

    id: int
    public_id: str
    organization: str
    legal_name: str
    month: str
    starts_at: datetime
    ends_at: datetime
    status: str
    stale: bool
    currency: str
    total_minor: int
    generated_at: datetime
    fees_minor: int
    overage: Credits


@dataclass(frozen=True, slots=True)
class InvoiceLineRow:
    """A row of `invoice_line`, in the columns of `rules.invoice_lines.Line`."""

    kind: str
    description: str
    requests: int | None
    credits: Credits | None
    unit_price: Decimal | None
    amount_minor: int


def list_invoice_rows(
    unit: UnitOfWork, *, month: str | None, organization_id: int | None
) -> list[InvoiceRow]:
    """The newest month first, then by slug; of one month or organization when given."""
    return unit.fetch(
        InvoiceRow,
        f"""
        {_SELECT}
        WHERE (CAST(:month AS TEXT) IS NULL OR i.month = :month)
          AND (CAST(:organization_id AS BIGINT) IS NULL OR i.organization_id = :organization_id)
        ORDER BY i.starts_at DESC, o.slug
        """,
        month=month,
        organization_id=organization_id,
    )


def invoice_by_public_id(unit: UnitOfWork, public_id: str) -> InvoiceRow | None:
    """The invoice of that id, or None."""
    return unit.fetch_one(InvoiceRow, f"{_SELECT} WHERE i.public_id = :id", id=public_id)


def invoice_of_month(unit: UnitOfWork, organization_id: int, month: str) -> InvoiceRow | None:
    """The organization's invoice of that month, such as 2026-10, or None."""
    return unit.fetch_one(
        InvoiceRow,
        f"{_SELECT} WHERE i.organization_id = :organization_id AND i.month = :month",
        organization_id=organization_id,
        month=month,
    )


def end_of_invoice_before(unit: UnitOfWork, organization_id: int, month: str) -> datetime | None:
    """Where the organization's newest invoice of an earlier month ends."""
    value = unit.fetch_value(
        """
        SELECT MAX(ends_at) FROM invoice
        WHERE organization_id = :organization_id AND month < :month
        """,
        organization_id=organization_id,
        month=month,
    )
    return None if value is None else instant_of(int(value))


def start_of_invoice_after(unit: UnitOfWork, organization_id: int, month: str) -> datetime | None:
    """Where the organization's oldest invoice of a later month begins."""
    value = unit.fetch_value(
        """
        SELECT MIN(starts_at) FROM invoice
        WHERE organization_id = :organization_id AND month > :month
        """,
        organization_id=organization_id,
        month=month,
    )
    return None if value is None else instant_of(int(value))


def lines_of(unit: UnitOfWork, invoice: InvoiceRow) -> tuple[Line, ...]:
    """The invoice's lines, in order."""
    rows = unit.fetch(
        InvoiceLineRow,
        """
        SELECT kind, description, requests, credits_micro, unit_price, amount_minor
        FROM invoice_line WHERE invoice_id = :invoice_id ORDER BY position
        """,
        invoice_id=invoice.id,
    )
    return tuple(
        Line(
            row.kind,
            row.description,
            row.requests,
            row.credits,
            row.unit_price,
            Money(row.amount_minor, invoice.currency),
        )
        for row in rows
    )


def insert_draft(
    unit: UnitOfWork,
    *,
    public_id: str,
    organization_id: int,
    month: str,
    period: Period,
    total: Money,
    generated_at: datetime,
) -> int:
    """Insert a draft without lines; returns its internal id."""
    return unit.insert(
        "invoice",
        public_id=public_id,
        organization_id=organization_id,
        month=month,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        status="draft",
        stale=False,
        currency=total.currency,
        total_minor=total.minor,
        generated_at=generated_at,
    )


def refresh_draft(
    unit: UnitOfWork, invoice_id: int, *, period: Period, total: Money, generated_at: datetime
) -> None:
    """Give a draft its period and a new total, and drop its lines for new ones."""
    unit.run(
        """
        UPDATE invoice SET total_minor = :total, currency = :currency, stale = false,
               generated_at = :generated_at, starts_at = :starts_at, ends_at = :ends_at
        WHERE id = :id AND status = 'draft'
        """,
        id=invoice_id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        total=total.minor,
        currency=total.currency,
        generated_at=generated_at,
    )
    unit.run("DELETE FROM invoice_line WHERE invoice_id = :id", id=invoice_id)


def clear_stale(unit: UnitOfWork, invoice_id: int) -> None:
    """The draft was looked at again: its lines are still right."""
    unit.run("UPDATE invoice SET stale = false WHERE id = :id AND stale", id=invoice_id)


def insert_lines(unit: UnitOfWork, invoice_id: int, lines: Sequence[Line]) -> None:
    """Write the lines in the order given."""
    unit.run_many(
        """
        INSERT INTO invoice_line (invoice_id, position, kind, description, requests,
                                  credits_micro, unit_price, amount_minor)
        VALUES (:invoice_id, :position, :kind, :description, :requests, :credits, :unit_price,
                :amount)
        """,
        [
            {
                "invoice_id": invoice_id,
                "position": position,
                "kind": line.kind,
                "description": line.description,
                "requests": line.requests,
                "credits": line.credits,
                "unit_price": line.unit_price,
                "amount": line.amount.minor,
            }
            for position, line in enumerate(lines, start=1)
        ],
    )


def mark_draft_stale(unit: UnitOfWork, organization_id: int, at: datetime) -> None:
    """Mark the organization's drafts with usage of that time: their figures have changed."""
    mark_drafts_stale_between(unit, organization_id, at, at)


def mark_drafts_stale_between(
    unit: UnitOfWork, organization_id: int, first: datetime, last: datetime
) -> None:
    """Mark the organization's drafts with usage of a time from `first` to `last`.

    Their periods hold such a time, or they list late usage of it.
    """
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE organization_id = :organization_id AND status = 'draft' AND NOT stale
          AND ((starts_at <= :last AND ends_at > :first)
               OR id IN (SELECT invoice_id FROM late_usage
                         WHERE organization_id = :organization_id
                           AND starts_at <= :last AND ends_at > :first))
        """,
        organization_id=organization_id,
        first=first,
        last=last,
    )


def mark_drafts_stale_from(unit: UnitOfWork, organization_id: int, at: datetime) -> None:
    """Mark the organization's drafts that end on that day or later: their fees may have changed."""
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE organization_id = :organization_id AND status = 'draft' AND NOT stale
          AND ends_at >= :day
        """,
        organization_id=organization_id,
        day=start_of_day(at),
    )


def fixed_invoices(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> list[str]:
    """Ids of the organization's invoices of that time that are drafts no more."""
    rows = unit.fetch_rows(
        """
        SELECT public_id FROM invoice
        WHERE organization_id = :organization_id AND status NOT IN ('draft', 'void')
          AND starts_at < :ends_at AND ends_at > :starts_at ORDER BY starts_at
        """,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return [str(public_id) for (public_id,) in rows]
