"""Invoices and their lines: find, list, mark as stale."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditctl.rules.instants import start_of_day
from creditctl.rules.invoice_lines import Line
from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given

_SELECT = """
    SELECT i.id, i.public_id, o.slug, o.legal_name, i.month, i.starts_at, i.ends_at, i.status,
           i.stale, i.currency, i.total_minor, i.generated_at,
           (SELECT COALESCE(SUM(l.amount_minor), 0) FROM invoice_line AS l
            WHERE l.invoice_id = i.id AND l.kind = 'fee'),
           (SELECT COALESCE(SUM(l.credits_micro), 0) FROM invoice_line AS l
            WHERE l.invoice_id = i.id),
           i.organization_id, i.subtotal_minor, i.tax_minor, i.prices_include_tax, i.treatment,
           i.document, i.number, i.finalized_at, i.due_on, i.paid_minor, i.credited_minor,
           i.sent_at, i.paid_at, i.voided_at, i.voided_by, i.void_reason,
           (SELECT COALESCE(SUM(l.amount_minor), 0) FROM invoice_line AS l
            WHERE l.invoice_id = i.id AND l.kind = 'order'),
           i.carried_from
    FROM invoice AS i JOIN organization AS o ON o.id = i.organization_id
"""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice with what its lines come to.

    `overage` is the credits of its usage that no credits were applied to; `document` is JSON.
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
    organization_id: int
    subtotal_minor: int
    tax_minor: int
    prices_include_tax: bool
    treatment: str | None
    document: str
    number: str | None
    finalized_at: datetime | None
    due_on: date | None
    paid_minor: int
    credited_minor: int
    sent_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    voided_by: str | None
    void_reason: str | None
    orders_minor: int
    carried_from: datetime | None

    @property
    def lines_minor(self) -> int:
        """What the lines sum to: the total where prices include tax, else the subtotal."""
        return self.total_minor if self.prices_include_tax else self.subtotal_minor


@dataclass(frozen=True, slots=True)
class InvoiceLineRow:
    """A row of `invoice_line`, in the columns of `rules.invoice_lines.Line`."""

    invoice_id: int
    kind: str
    description: str
    requests: int | None
    credits: Credits | None
    unit_price: Decimal | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class NeighboursRow:
    """Where an organization's earlier invoice ends, a later one begins, and the month's own."""

    organization_id: int
    before: datetime | None
    after: datetime | None
    invoice_id: int | None


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
        ORDER BY i.month DESC, o.slug, i.id
        """,
        month=month,
        organization_id=organization_id,
    )


def invoice_by_public_id(unit: UnitOfWork, public_id: str) -> InvoiceRow | None:
    """The invoice of that id or number, or None."""
    return unit.fetch_one(
        InvoiceRow, f"{_SELECT} WHERE i.public_id = :id OR i.number = :id", id=public_id
    )


def invoice_by_id(unit: UnitOfWork, invoice_id: int) -> InvoiceRow:
    """The invoice of that internal id."""
    (row,) = unit.fetch(InvoiceRow, f"{_SELECT} WHERE i.id = :id", id=invoice_id)
    return row


def invoice_of_month(
    unit: UnitOfWork, organization_id: int, month: str, *, or_void: bool = False
) -> InvoiceRow | None:
    """The organization's invoice of that month, such as 2026-10, or None.

    A void one does not count, unless there is no other and it is asked for.
    """
    return unit.fetch_one(
        InvoiceRow,
        f"""
        {_SELECT}
        WHERE i.organization_id = :organization_id AND i.month = :month
          AND (i.status <> 'void' OR :or_void)
        ORDER BY CASE WHEN i.status = 'void' THEN 1 ELSE 0 END, i.id DESC LIMIT 1
        """,
        organization_id=organization_id,
        month=month,
        or_void=or_void,
    )


def invoices_by_id(unit: UnitOfWork, invoice_ids: Iterable[int]) -> dict[int, InvoiceRow]:
    """The invoices of those internal ids."""
    rows = unit.fetch(
        InvoiceRow,
        f"""
        WITH {given(unit.dialect, "wanted", "invoice_id")}
        {_SELECT} JOIN wanted AS w ON w.invoice_id = i.id
        """,
        wanted=as_given((one,) for one in invoice_ids),
    )
    return {row.id: row for row in rows}


def neighbours_of(
    unit: UnitOfWork, organization_ids: Iterable[int], month: str
) -> dict[int, NeighboursRow]:
    """What surrounds each organization's invoice of that month, such as 2026-10; void ones apart.

    Organizations without any invoice are left out.
    """
    rows = unit.fetch(
        NeighboursRow,
        f"""
        WITH {given(unit.dialect, "owners", "id")}
        SELECT w.id, MAX(CASE WHEN i.month < :month THEN i.ends_at END),
               MIN(CASE WHEN i.month > :month THEN i.starts_at END),
               MAX(CASE WHEN i.month = :month THEN i.id END)
        FROM owners AS w CROSS JOIN invoice AS i
        WHERE i.organization_id = w.id AND i.status <> 'void'
        GROUP BY w.id
        """,
        owners=as_given((one,) for one in organization_ids),
        month=month,
    )
    return {row.organization_id: row for row in rows}


def sums_of_lines(unit: UnitOfWork, invoice_ids: Collection[int]) -> dict[int, int]:
    """What each invoice's lines come to, in minor units."""
    rows = unit.fetch_rows(
        f"""
        WITH {given(unit.dialect, "wanted", "id")}
        SELECT w.id, (SELECT SUM(l.amount_minor) FROM invoice_line AS l WHERE l.invoice_id = w.id)
        FROM wanted AS w
        """,
        wanted=as_given((one,) for one in invoice_ids),
    )
    return {int(invoice_id): int(minor or 0) for invoice_id, minor in rows}


def lines_of(unit: UnitOfWork, invoice: InvoiceRow) -> tuple[Line, ...]:
    """The invoice's lines, in order."""
    return lines_of_many(unit, [invoice])[invoice.id]


def lines_of_many(
    unit: UnitOfWork, invoices: Collection[InvoiceRow]
) -> dict[int, tuple[Line, ...]]:
    """The lines of each invoice, in order, by its internal id."""
    currencies = {invoice.id: invoice.currency for invoice in invoices}
    found: dict[int, list[Line]] = {invoice.id: [] for invoice in invoices}
    rows = unit.fetch(
        InvoiceLineRow,
        f"""
        WITH {given(unit.dialect, "wanted", "id")}
        SELECT l.invoice_id, l.kind, l.description, l.requests, l.credits_micro, l.unit_price,
               l.amount_minor
        FROM wanted AS w JOIN invoice_line AS l ON l.invoice_id = w.id
        ORDER BY l.invoice_id, l.position
        """,
        wanted=as_given((one,) for one in found),
    )
    for row in rows:
        amount = Money(row.amount_minor, currencies[row.invoice_id])
        found[row.invoice_id].append(
            Line(row.kind, row.description, row.requests, row.credits, row.unit_price, amount)
        )
    return {invoice_id: tuple(lines) for invoice_id, lines in found.items()}


def mark_draft_stale(unit: UnitOfWork, organization_id: int, at: datetime) -> None:
    """Mark the organization's drafts with usage of that time: their figures have changed."""
    mark_drafts_stale_between(unit, organization_id, at, at)


def mark_drafts_stale_between(
    unit: UnitOfWork, organization_id: int, first: datetime, last: datetime
) -> None:
    """Mark the organization's drafts with usage of a time from `first` to `last`.

    Their periods hold such a time, or they list late usage or corrections of it.
    """
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE organization_id = :organization_id AND status = 'draft' AND NOT stale
          AND ((starts_at <= :last AND ends_at > :first)
               OR id IN (SELECT invoice_id FROM late_usage
                         WHERE organization_id = :organization_id
                           AND starts_at <= :last AND ends_at > :first)
               OR id IN (SELECT b.invoice_id FROM billed_correction AS b
                         JOIN ledger_entry AS e ON e.id = b.entry_id
                         WHERE e.organization_id = :organization_id
                           AND e.event_at >= :first AND e.event_at <= :last))
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
