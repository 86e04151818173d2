"""A month's usage, cost and revenue by line, for `reports margin`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from creditctl.rules.service_cost import costs_in_minor
from creditctl.services.service_costs import Served

ByLine: TypeAlias = Mapping[tuple[str, str], int]
"""(currency, line) -> minor units."""


@dataclass(slots=True)
class LineUsage:
    """Usage of a line; `cost_micro` is micro-money by currency, of requests with a cost."""

    requests: int = 0
    units: int = 0
    credits_micro: int = 0
    without_cost: int = 0
    """Requests of endpoints for which no cost was declared."""

    cost_micro: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, one: Served) -> None:
        """Count an endpoint's usage in."""
        self.requests += one.row.requests
        self.units += one.row.units
        self.credits_micro += one.row.credits_micro
        if one.cost_micro is None or one.currency is None:
            self.without_cost += one.row.requests
        else:
            self.cost_micro[one.currency] += one.cost_micro


@dataclass(slots=True)
class Figures:
    """What a month was for a line, or for all of them; money in minor units by currency."""

    usage: LineUsage = field(default_factory=LineUsage)
    cost: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    revenue: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def cost_in(self, currency: str) -> int | None:
        """Cost of the requests that have one; None where there is none, or only in others."""
        if currency in self.cost:
            return self.cost[currency]
        return None if self.cost or self.usage.without_cost else 0

    def margin_in(self, currency: str) -> int | None:
        """Revenue less cost; None unless all requests have a cost in the currency."""
        cost = self.cost_in(currency)
        if cost is None or self.usage.without_cost:
            return None
        return self.revenue.get(currency, 0) - cost

    def note_in(self, currency: str) -> str:
        """Why there is no margin, or what is not in it."""
        missing = self.usage.without_cost
        if missing:
            every = missing == self.usage.requests
            return "no cost declared" + ("" if every else f" for {missing} requests")
        if self.cost and currency not in self.cost:
            return f"cost is in {', '.join(sorted(self.cost))}"
        others = sorted(code for code, minor in self.revenue.items() if minor and code != currency)
        return f"also earned in {', '.join(others)}" if others and currency in self.cost else ""


def usage_by_line(served: Iterable[tuple[str, Served]]) -> dict[str, LineUsage]:
    """Usage summed by line."""
    lines: dict[str, LineUsage] = defaultdict(LineUsage)
    for line, one in served:
        lines[line].add(one)
    return dict(lines)


def figures_by_line(usage: Mapping[str, LineUsage], revenue: ByLine) -> dict[str, Figures]:
    """Every line's figures; in each currency costs add up to what all usage costs."""
    lines: dict[str, Figures] = defaultdict(Figures)
    for line, one in usage.items():
        lines[line].usage = one
    for currency in {currency for one in usage.values() for currency in one.cost_micro}:
        own = [line for line, one in sorted(usage.items()) if currency in one.cost_micro]
        minor = costs_in_minor([usage[line].cost_micro[currency] for line in own], currency)
        for line, part in zip(own, minor, strict=True):
            lines[line].cost[currency] = part
    for (currency, line), earned in revenue.items():
        lines[line].revenue[currency] += earned
    return dict(lines)


def sum_of(lines: Iterable[Figures]) -> Figures:
    """All lines together."""
    total = Figures()
    for line in lines:
        total.usage.requests += line.usage.requests
        total.usage.units += line.usage.units
        total.usage.credits_micro += line.usage.credits_micro
        total.usage.without_cost += line.usage.without_cost
        for sums, own in ((total.cost, line.cost), (total.revenue, line.revenue)):
            for currency, minor in own.items():
                sums[currency] += minor
    return total
