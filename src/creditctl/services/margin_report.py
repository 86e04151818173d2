"""`reports margin`: what usage earned, and what serving it cost the company (DESIGN 3.8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.periods import Period, month_text
from creditctl.rules.service_cost import margin_percent
from creditctl.rules.units import Credits, Money
from creditctl.services.margin_figures import Figures, figures_by_line, sum_of, usage_by_line
from creditctl.services.margin_groups import GROUPINGS, PRODUCT, groups_of
from creditctl.services.margin_revenue import Revenue, read_revenue
from creditctl.services.report_lines import TOTAL, Months, months_of
from creditctl.services.service_costs import read_served
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import applied_catalog_version


@dataclass(frozen=True, slots=True)
class MarginLine:
    """Usage, revenue and cost of a line in one currency, and those of the month before.

    Usage is in the line of the catalog's currency. A margin is revenue less cost; there is none
    where requests have no declared cost, or one in another currency: nothing is converted.
    """

    line: str
    requests: int | None
    units: int | None
    credits: Credits | None
    without_cost: int | None
    """Requests of endpoints for which the catalog declares no cost."""

    revenue: Money
    cost: Money | None
    """Of the requests that have one."""

    margin: Money | None
    percent: Decimal | None
    """Margin of revenue, one decimal place, half-up."""

    previous_requests: int | None
    previous_units: int | None
    previous_credits: Credits | None
    previous_revenue: Money
    previous_cost: Money | None
    previous: Money | None
    """The margin of the month before."""

    change: Money | None
    note: str
    """Why there is no margin, or what is not in it."""


@dataclass(frozen=True, slots=True)
class MarginReport:
    """A month's lines by currency, each currency with its total."""

    month: str
    grouped_by: str
    without_cost: int
    """Requests of the month for which no cost was declared."""

    lines: tuple[MarginLine, ...]


def report_margin(context: Context, month: Period, *, grouped_by: str = PRODUCT) -> MarginReport:
    """Revenue of `reports revenue` by line, and what the month's requests cost to serve.

    Revenue is by posting date and sums to that report's; requests, units and cost are those of the
    days of use, from rollups. Fees and credit notes belong to organizations and plans, and to no
    product. Raises CatalogMissing, InvalidInput.
    """
    if grouped_by not in GROUPINGS:
        raise InvalidInput(
            f"a margin cannot be told by {grouped_by!r}", hint=f"by: {', '.join(GROUPINGS)}"
        )
    months = months_of(month)
    with reading(context.database) as unit:
        currency = applied_catalog_version(unit).currency
        revenues = read_revenue(unit, context, months)
        previous, present = (
            _read_month(unit, grouped_by, months, place, revenues[place]) for place in (0, 1)
        )
    return MarginReport(
        month=month_text(month),
        grouped_by=grouped_by,
        without_cost=sum(one.usage.without_cost for one in present.values()),
        lines=tuple(_lines(previous, present, currency)),
    )


def _read_month(
    unit: UnitOfWork, grouped_by: str, months: Months, place: int, revenue: Revenue
) -> dict[str, Figures]:
    first, end = months.days[place : place + 2]
    groups = groups_of(unit, grouped_by, first, end)
    served = read_served(unit, first, end, by_organization=groups.by_organization)
    usage = usage_by_line((groups.line_of(one), one) for one in served)
    return figures_by_line(usage, groups.revenue(revenue, usage))


def _lines(
    previous: Mapping[str, Figures], present: Mapping[str, Figures], home: str
) -> Iterator[MarginLine]:
    keys = {
        (currency, line)
        for month in (previous, present)
        for line, figures in month.items()
        for currency in _currencies(figures, home)
    }
    totals = [sum_of(month.values()) for month in (previous, present)]
    for currency in sorted({currency for currency, _ in keys}):
        # Those in brackets, which have no name of their own, are the last ones.
        for line in sorted((line for code, line in keys if code == currency), key=_place):
            pair = [month.get(line, Figures()) for month in (previous, present)]
            yield _line(line, currency, home, *pair)
        yield _line(TOTAL, currency, home, *totals)


def _currencies(figures: Figures, home: str) -> set[str]:
    """In which a line has something to say."""
    moved = (*figures.revenue.items(), *figures.cost.items())
    told = {currency for currency, minor in moved if minor}
    return told | ({home} if figures.usage.requests else set())


def _place(line: str) -> tuple[bool, str]:
    return line.startswith("("), line


def _line(line: str, currency: str, home: str, previous: Figures, present: Figures) -> MarginLine:
    margin, before = present.margin_in(currency), previous.margin_in(currency)
    change = None if margin is None or before is None else margin - before
    earned = present.revenue.get(currency, 0)
    told = currency == home and bool(previous.usage.requests or present.usage.requests)
    usage, used = present.usage, previous.usage
    return MarginLine(
        line=line,
        requests=usage.requests if told else None,
        units=usage.units if told else None,
        credits=Credits(usage.credits_micro) if told else None,
        without_cost=usage.without_cost if told else None,
        revenue=Money(earned, currency),
        cost=_money(present.cost_in(currency), currency),
        margin=_money(margin, currency),
        percent=None if margin is None else margin_percent(margin, earned),
        previous_requests=used.requests if told else None,
        previous_units=used.units if told else None,
        previous_credits=Credits(used.credits_micro) if told else None,
        previous_revenue=Money(previous.revenue.get(currency, 0), currency),
        previous_cost=_money(previous.cost_in(currency), currency),
        previous=_money(before, currency),
        change=_money(change, currency),
        note=present.note_in(currency),
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
