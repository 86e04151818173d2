"""What serving requests costs the company, as the catalog declares it (DESIGN 3.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from creditctl.rules.currencies import currency_exponent
from creditctl.rules.deferred_revenue import share
from creditctl.rules.units import decimal_text, rounded_half_up

COST_PLACES = 6
"""Decimal places of a cost: it is kept in millionths of the currency's unit."""


@dataclass(frozen=True, slots=True)
class ServiceCost:
    """Cost of service in micro-money: millionths of a dollar, a euro, a yen."""

    request_micro: int
    """Of each request, whatever its status: one that failed was served too."""

    unit_micro: int
    """Of each unit that was returned."""

    def of(self, requests: int, units: int) -> int:
        """Micro-money that so much usage costs, exactly."""
        return requests * self.request_micro + units * self.unit_micro


def cost_text(micro: int) -> str:
    """Micro-money as a decimal such as `0.0004`."""
    return decimal_text(micro, COST_PLACES)


def costs_in_minor(costs: Sequence[int], currency: str) -> list[int]:
    """Micro-money of lines in minor units: their sum is rounded once, half-up, and shared.

    By largest remainder, so that lines add up to their total, none is off by a whole unit, and the
    total is the same however usage is grouped.
    """
    unit = 10 ** (COST_PLACES - currency_exponent(currency))
    parts = [cost // unit for cost in costs]
    missing = share(sum(costs), 1, unit) - sum(parts)
    by_remainder = sorted(range(len(costs)), key=lambda place: (-(costs[place] % unit), place))
    for place in by_remainder[:missing]:
        parts[place] += 1
    return parts


def margin_percent(margin_minor: int, revenue_minor: int) -> Decimal | None:
    """Margin of revenue in percent, to one decimal place, half-up; None without any revenue."""
    if revenue_minor <= 0:
        return None
    # 28 digits are more than two amounts of money have, and only the tenth is kept.
    tenths = rounded_half_up(Decimal(margin_minor * 1000) / revenue_minor)
    return Decimal(tenths).scaleb(-1)
