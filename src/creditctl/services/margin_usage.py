"""Usage and its cost by line, for `reports margin`."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from creditctl.rules.service_cost import costs_in_minor
from creditctl.services.service_costs import Served


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

    @classmethod
    def sum_of(cls, lines: Iterable["LineUsage"]) -> "LineUsage":
        """All of them together."""
        total = cls()
        for line in lines:
            total.requests += line.requests
            total.units += line.units
            total.credits_micro += line.credits_micro
            total.without_cost += line.without_cost
            for currency, micro in line.cost_micro.items():
                total.cost_micro[currency] += micro
        return total


def usage_by_line(
    served: Iterable[Served], line_of: Callable[[Served], str]
) -> dict[str, LineUsage]:
    """Usage summed by line."""
    lines: dict[str, LineUsage] = defaultdict(LineUsage)
    for one in served:
        lines[line_of(one)].add(one)
    return lines


def cost_by_line(usage: dict[str, LineUsage]) -> dict[tuple[str, str], int]:
    """(currency, line) -> cost of service in minor units; lines add up to what all of it costs."""
    costs = {}
    for currency in {currency for one in usage.values() for currency in one.cost_micro}:
        lines = [line for line, one in sorted(usage.items()) if currency in one.cost_micro]
        minor = costs_in_minor([usage[line].cost_micro[currency] for line in lines], currency)
        costs |= {(currency, line): part for line, part in zip(lines, minor, strict=True)}
    return costs
