"""`reports margin`: what usage earned, and what serving it cost the company (DESIGN 3.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.periods import Period, month_text
from creditctl.rules.service_cost import margin_percent
from creditctl.rules.units import Credits, Money
from creditctl.services.margin_groups import GROUPINGS, PRODUCT, groups_of
from creditctl.services.margin_revenue import Revenue, read_revenue
from creditctl.services.margin_usage import LineUsage, cost_by_line, usage_by_line
from creditctl.services.report_lines import TOTAL, Months, months_of
from creditctl.services.service_costs import read_served
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import applied_catalog_version

_NO_USAGE = LineUsage()


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


@dataclass(frozen=True, slots=True)
class _Month:
    """One month's figures by line; money in minor units by currency and line."""

    usage: Mapping[str, LineUsage]
    cost: Mapping[tuple[str, str], int]
    revenue: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class _Figures:
    """A line's figures of one month in one currency; costs are None where they are not known."""

    usage: LineUsage | None
    revenue: int
    cost: int | None
    note: str

    @property
    def margin(self) -> int | None:
        return None if self.cost is None or self.has_gaps else self.revenue - self.cost

    @property
    def has_gaps(self) -> bool:
        return self.usage is not None and self.usage.without_cost > 0


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
        without_cost=sum(one.without_cost for one in present.usage.values()),
        lines=tuple(_lines(previous, present, currency)),
    )


def _read_month(
    unit: UnitOfWork, grouped_by: str, months: Months, place: int, revenue: Revenue
) -> _Month:
    first, end = months.days[place : place + 2]
    groups = groups_of(unit, grouped_by, first, end)
    served = read_served(unit, first, end, by_organization=groups.by_organization)
    usage = usage_by_line(served, groups.line_of)
    return _Month(usage, cost_by_line(usage), groups.revenue(revenue, usage))


def _lines(previous: _Month, present: _Month, home: str) -> Iterable[MarginLine]:
    keys = {
        (currency, line)
        for month in (previous, present)
        for currency, line in (
            *(key for key, minor in month.revenue.items() if minor),
            *month.cost,
            *((home, line) for line in month.usage),
        )
    }
    for currency in sorted({currency for currency, _ in keys}):
        # Those in brackets, which have no name of their own, are the last ones.
        own = sorted((line for code, line in keys if code == currency), key=_place)
        for line in own:
            pair = [_figures(month, currency, [line]) for month in (previous, present)]
            yield _line(line, currency, home, *pair)
        totals = [_figures(month, currency, None) for month in (previous, present)]
        yield _line(TOTAL, currency, home, *totals)


def _place(line: str) -> tuple[bool, str]:
    return line.startswith("("), line


def _figures(month: _Month, currency: str, lines: list[str] | None) -> _Figures:
    """Of a line, or without one of all lines together."""
    chosen = [line for line in month.usage if lines is None or line in lines]
    usage = LineUsage.sum_of(month.usage[line] for line in chosen) if chosen else None
    known = [
        minor
        for (code, line), minor in month.cost.items()
        if code == currency and (lines is None or line in lines)
    ]
    earned: dict[str, int] = {}
    for (code, line), minor in month.revenue.items():
        if lines is None or line in lines:
            earned[code] = earned.get(code, 0) + minor
    elsewhere = sorted((usage or _NO_USAGE).cost_micro.keys() - {currency})
    gaps = usage is not None and usage.without_cost > 0
    cost = sum(known) if known or not (gaps or elsewhere) else None
    others = sorted(code for code, minor in earned.items() if minor and code != currency)
    return _Figures(usage, earned.get(currency, 0), cost, _note(usage, known, elsewhere, others))


def _note(
    usage: LineUsage | None, known: list[int], elsewhere: list[str], others: list[str]
) -> str:
    if usage is not None and usage.without_cost == usage.requests > 0:
        return "no cost declared"
    if usage is not None and usage.without_cost:
        return f"no cost declared for {usage.without_cost} requests"
    if elsewhere and not known:
        return f"cost is in {', '.join(elsewhere)}"
    if known and others:
        return f"also earned in {', '.join(others)}"
    return ""


def _line(line: str, currency: str, home: str, previous: _Figures, present: _Figures) -> MarginLine:
    is_home = currency == home and (previous.usage is not None or present.usage is not None)
    usage, before = ((one.usage or _NO_USAGE) if is_home else None for one in (present, previous))
    margin, margin_before = present.margin, previous.margin
    change = None if margin is None or margin_before is None else margin - margin_before
    return MarginLine(
        line=line,
        requests=usage and usage.requests,
        units=usage and usage.units,
        credits=usage and Credits(usage.credits_micro),
        without_cost=usage and usage.without_cost,
        revenue=Money(present.revenue, currency),
        cost=_money(present.cost, currency),
        margin=_money(margin, currency),
        percent=None if margin is None else margin_percent(margin, present.revenue),
        previous_requests=before and before.requests,
        previous_units=before and before.units,
        previous_credits=before and Credits(before.credits_micro),
        previous_revenue=Money(previous.revenue, currency),
        previous_cost=_money(previous.cost, currency),
        previous=_money(margin_before, currency),
        change=_money(change, currency),
        note=present.note,
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
