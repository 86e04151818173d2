"""`reports tax`: what was collected with purchases and invoices, as a tax return asks for it.

Tax is due when credits are acquired, so a purchase counts in the month in which it was paid; what
invoices bill, when they become final; and a credit note or void takes its tax back when it is
issued (each in the first open month, if its own was closed before it was recorded). The figures are
those of the documents, to the minor unit: nothing is computed again.
"""

from dataclasses import dataclass
from decimal import Decimal

from creditctl.context import Context
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.store.engine import reading
from creditctl.store.queries.tax_report import CollectedRow, collected_by_kind, tax_collected

_KINDS = {
    "purchase": "purchases",
    "invoiced": "invoices",
    "credited": "credit notes",
    "voided": "voids",
}


@dataclass(frozen=True, slots=True)
class CollectedTax:
    """One tax at one rate in one currency; without a name it is what no tax was charged on."""

    place: str
    name: str
    percent: Decimal
    treatment: str
    documents: int
    """Receipts, invoices, credit notes and voids; one with several taxes is in the line of each."""

    taxable: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class CollectedTotal:
    """All documents of a currency; net + tax = total."""

    documents: int
    net: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class CollectedKind:
    """All documents of a kind and currency; `credit notes` and `voids` are below zero."""

    kind: str
    documents: int
    net: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class TaxReport:
    """A month's collected tax; taxes and kinds sum to the totals', currency by currency."""

    month: str
    documents: int
    taxes: tuple[CollectedTax, ...]
    totals: tuple[CollectedTotal, ...]
    kinds: tuple[CollectedKind, ...]


def report_tax(context: Context, month: Period) -> TaxReport:
    """Tax of what was paid, invoiced, credited and voided in a month, UTC, by posting date."""
    with reading(context.database) as unit:
        rows = tax_collected(unit, month)
        kinds = collected_by_kind(unit, month)
    totals = tuple(_total(row) for row in rows if row.is_total)
    return TaxReport(
        month=month_text(month),
        documents=sum(total.documents for total in totals),
        taxes=tuple(_tax(row) for row in rows if not row.is_total),
        totals=totals,
        kinds=tuple(
            CollectedKind(
                _KINDS[row.kind],
                row.documents,
                Money(row.net_minor, row.currency),
                Money(row.tax_minor, row.currency),
                Money(row.net_minor + row.tax_minor, row.currency),
            )
            for row in kinds
        ),
    )


def _tax(row: CollectedRow) -> CollectedTax:
    return CollectedTax(
        place="-".join(part for part in (row.country, row.region) if part),
        name=row.name,
        percent=Decimal(row.ppm).scaleb(-4).normalize(),
        treatment=row.treatment,
        documents=row.documents,
        taxable=Money(row.taxable_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
    )


def _total(row: CollectedRow) -> CollectedTotal:
    return CollectedTotal(
        documents=row.documents,
        net=Money(row.taxable_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.taxable_minor + row.tax_minor, row.currency),
    )
