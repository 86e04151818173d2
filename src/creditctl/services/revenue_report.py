"""`reports revenue` and `reports breakage`: what credits and fees earned (DESIGN 3.8)."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from creditctl.context import Context
from creditctl.rules.deferred_revenue import LotValue
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.billed_documents import earned_by_documents
from creditctl.services.deferred_revenue import Lot, read_lots
from creditctl.services.fee_revenue import earned_fees
from creditctl.services.report_lines import AmountLine, Months, amount_lines, months_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.deferred_revenue import product_names

FEES = "fees"
NO_PRODUCT = "none"
"""What repaid overage of no product would be booked under."""


@dataclass(frozen=True, slots=True)
class RevenueReport:
    """A month's revenue by where it comes from, its totals, and burn-down by product."""

    month: str
    sources: tuple[AmountLine, ...]
    """By source of the credits, `fees` of subscriptions, `overage` that invoices bill, less
    `credit_notes`; with a total for each currency."""

    products: tuple[AmountLine, ...]
    """Burn-down alone."""


@dataclass(frozen=True, slots=True)
class BreakageReport:
    """What paid credits earned because they expired unused."""

    month: str
    credits: Credits
    sources: tuple[AmountLine, ...]


def report_revenue(context: Context, month: Period) -> RevenueReport:
    """Revenue of a month by posting date: credits at unit cost when used, fees by the day.

    Overage is earned when it is invoiced, without tax. What expired is breakage and not in it.
    """
    months = months_of(month)
    with reading(context.database) as unit:
        lots = read_lots(unit, months.previous, months.end)
        names = product_names(unit)
        figures = _by_source(lots, months, lambda value: value.used)
        _add_fees(unit, context, months, figures)
        figures |= earned_by_documents(unit, months.days)
    return RevenueReport(
        month_text(month),
        amount_lines(figures),
        amount_lines(revenue_by_product(lots, months, names)),
    )


def report_breakage(context: Context, month: Period) -> BreakageReport:
    """What expired in a month, by posting date, at unit cost.

    Usage from before an expiry that arrives after it takes its part back: such a month may be
    below zero.
    """
    months = months_of(month)
    with reading(context.database) as unit:
        lots = read_lots(unit, months.previous, months.end)
    expired = sum(lot.gone(months.end).expired - lot.gone(months.first).expired for lot in lots)
    sources = amount_lines(_by_source(lots, months, lambda value: value.expired))
    return BreakageReport(month_text(month), NO_CREDITS + Credits(expired), sources)


def revenue_by_product(
    lots: list[Lot], months: Months, names: dict[int, str]
) -> dict[tuple[str, str], tuple[int, int]]:
    """(currency, product) -> burn-down of the previous and of this month, in minor units."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for lot in lots:
        for place, day in enumerate(months.days):
            for product, minor in lot.earned_by_product(day).items():
                sums[lot.row.currency, names.get(product, NO_PRODUCT)][place] += minor
    return {key: (first - before, end - first) for key, (before, first, end) in sums.items()}


def _by_source(
    lots: list[Lot], months: Months, part: Callable[[LotValue], int]
) -> dict[tuple[str, str], tuple[int, int]]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for lot in lots:
        for place, day in enumerate(months.days):
            sums[lot.row.currency, lot.row.source][place] += part(lot.value(day))
    return {key: (first - before, end - first) for key, (before, first, end) in sums.items()}


def _add_fees(
    unit: UnitOfWork,
    context: Context,
    months: Months,
    figures: dict[tuple[str, str], tuple[int, int]],
) -> None:
    for (_, currency), (before, first, end) in earned_fees(unit, context.now, months.days).items():
        previous, present = figures.get((currency, FEES), (0, 0))
        figures[currency, FEES] = (previous + first - before, present + end - first)
