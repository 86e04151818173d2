"""`reports receivables`: what invoices are owed, and how it came (DESIGN 3.8)."""

from collections import defaultdict
from dataclasses import dataclass

from creditctl.context import Context
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.services.report_lines import AmountLine, amount_line, months_of
from creditctl.store.engine import reading
from creditctl.store.queries.receivables import (
    CREDITED,
    INVOICED,
    PAID,
    VOIDED,
    MovedRow,
    receivables_moved,
)

MOVEMENTS = ("opening", INVOICED, PAID, CREDITED, VOIDED, "closing")
"""Of a roll-forward: opening + invoiced - paid - credited - voided = closing."""


@dataclass(frozen=True, slots=True)
class OrganizationReceivables:
    """One organization's month in one currency; below zero is owed to it."""

    organization: str
    opening: Money
    invoiced: Money
    paid: Money
    credited: Money
    voided: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class ReceivablesReport:
    """A month's roll-forward by currency, and by organization."""

    month: str
    roll_forward: tuple[AmountLine, ...]
    organizations: tuple[OrganizationReceivables, ...]


def report_receivables(context: Context, month: Period) -> ReceivablesReport:
    """What is owed by final invoices, tax included, by posting date.

    Money beyond what was due stays a receivable below zero until somebody decides about it.
    """
    months = months_of(month)
    with reading(context.database) as unit:
        previous = _figures(receivables_moved(unit, months.previous, months.first))
        present = _figures(receivables_moved(unit, months.first, months.end))
    return ReceivablesReport(
        month=month_text(month),
        roll_forward=tuple(
            amount_line(name, currency, _sum(previous, currency, name), total)
            for currency in sorted({currency for _, currency in present})
            for name in MOVEMENTS
            for total in [_sum(present, currency, name)]
        ),
        organizations=tuple(
            OrganizationReceivables(slug, *(Money(figures[name], currency) for name in MOVEMENTS))
            for (slug, currency), figures in sorted(present.items())
            if any(figures.values())
        ),
    )


def _figures(rows: list[MovedRow]) -> dict[tuple[str, str], dict[str, int]]:
    """(organization, currency) -> movement -> minor units; what lowers a receivable counts up."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(MOVEMENTS, 0))
    for row in rows:
        figures = found[row.organization, row.currency]
        figures["opening"] += row.before
        figures[row.kind] += row.within if row.kind == INVOICED else -row.within
        figures["closing"] += row.before + row.within
    return found


def _sum(figures: dict[tuple[str, str], dict[str, int]], currency: str, name: str) -> int:
    return sum(own[name] for (_, code), own in figures.items() if code == currency)
