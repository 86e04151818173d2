"""Invoices as they are: one with its lines, or a list."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput, InvoiceNotFound
from creditctl.rules.invoice_lines import Line
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.invoices import (
    InvoiceRow,
    invoice_by_public_id,
    invoice_of_month,
    lines_of,
    list_invoice_rows,
)
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: requests and credits where they are counted, `unit_price` in money per credit."""

    kind: str
    description: str
    requests: int | None
    credits: Credits | None
    unit_price: Decimal | None
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """An invoice without its lines; `overage_due` is what usage beyond all credits costs."""

    id: str
    organization: str
    month: str
    status: str
    stale: bool
    overage_credits: Credits
    fees: Money
    overage_due: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice; `total` is the sum of its lines, and `fees` + `overage_due`."""

    id: str
    organization: str
    legal_name: str
    month: str
    starts_at: datetime
    ends_at: datetime
    status: str
    stale: bool
    generated_at: datetime
    overage_credits: Credits
    fees: Money
    overage_due: Money
    total: Money
    lines: tuple[InvoiceLine, ...]


def list_invoices(
    context: Context, *, month: Period | None = None, organization: str | None = None
) -> list[InvoiceSummary]:
    """The newest month first; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        only = find_organization(unit, organization).id if organization else None
        rows = list_invoice_rows(
            unit, month=month_text(month) if month else None, organization_id=only
        )
    return [summary_of(row) for row in rows]


def show_invoice(context: Context, reference: str, month: Period | None = None) -> Invoice:
    """The invoice of that id, or the one of an organization (slug or id) for `month`.

    Raises InvoiceNotFound, OrganizationNotFound, and InvalidInput for an organization without a
    month.
    """
    with reading(context.database) as unit:
        row = _find(unit, reference, month)
        return _invoice(row, lines_of(unit, row))


def summary_of(row: InvoiceRow) -> InvoiceSummary:
    """A row as it is shown in lists."""
    return InvoiceSummary(
        id=row.public_id,
        organization=row.organization,
        month=row.month,
        status=row.status,
        stale=row.stale,
        overage_credits=row.overage,
        fees=Money(row.fees_minor, row.currency),
        overage_due=Money(row.total_minor - row.fees_minor, row.currency),
        total=Money(row.total_minor, row.currency),
    )


def _find(unit: UnitOfWork, reference: str, month: Period | None) -> InvoiceRow:
    if month is None:
        found = invoice_by_public_id(unit, reference)
        if found is None and not reference.startswith("inv_"):
            organization = find_organization(unit, reference)
            raise InvalidInput(
                f"{organization.slug} has an invoice for each month",
                hint=f"say which: creditctl invoice show {organization.slug} --month 2026-10",
            )
    else:
        owner = find_organization(unit, reference)
        found = invoice_of_month(unit, owner.id, month_text(month))
    if found is None:
        which = f"{reference!r}" if month is None else f"{reference} for {month_text(month)}"
        raise InvoiceNotFound(f"there is no invoice {which}")
    return found


def _invoice(row: InvoiceRow, lines: tuple[Line, ...]) -> Invoice:
    summary = summary_of(row)
    return Invoice(
        id=summary.id,
        organization=summary.organization,
        legal_name=row.legal_name,
        month=summary.month,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=summary.status,
        stale=summary.stale,
        generated_at=row.generated_at,
        overage_credits=summary.overage_credits,
        fees=summary.fees,
        overage_due=summary.overage_due,
        total=summary.total,
        lines=tuple(_line(line) for line in lines),
    )


def _line(line: Line) -> InvoiceLine:
    return InvoiceLine(
        line.kind, line.description, line.requests, line.credits, line.unit_price, line.amount
    )
