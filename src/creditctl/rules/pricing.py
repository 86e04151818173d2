"""What a request costs: a tier or fixed number, the data it returned, or both (DESIGN 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

SUCCESS = ("2xx",)
"""Only success is billed [FC]; a product may name its own statuses."""

LARGEST_COST_MICRO = 10**15
"""A billion credits: a request that costs more is a mistake in what it says of itself."""


@dataclass(frozen=True, slots=True)
class VolumeStep:
    """Each billed unit beyond `above` of the UTC day costs `unit_micro`."""

    above: int
    unit_micro: int


@dataclass(frozen=True, slots=True)
class PriceRule:
    """All amounts are micro-credits; `unit_micro` is charged per `per_units` units returned."""

    tier: str | None = None
    base_micro: int = 0
    unit_micro: int = 0
    per_units: int = 1
    unit: str | None = None
    rounding: str = "up"
    included_units: int = 0
    minimum_micro: int = 0
    maximum_micro: int | None = None
    billed_statuses: tuple[str, ...] = SUCCESS
    volume_steps: tuple[VolumeStep, ...] = ()
    """Graduated by the organization's day: the steps replace the price of a unit, marginally."""

    @property
    def bills_data(self) -> bool:
        """Whether units of data are billed, and not the request alone."""
        return self.unit is not None or self.unit_micro > 0


def price_of(rule: PriceRule, units: int, volume: int = 0) -> int:
    """Micro-credits that a successful request costs which returned that many units.

    `volume` is how many units of its product the organization was billed that day before it.
    """
    total = max(fixed_part(rule) + unit_part(rule, units, volume), rule.minimum_micro)
    return total if rule.maximum_micro is None else min(total, rule.maximum_micro)


def fixed_part(rule: PriceRule) -> int:
    """Micro-credits for the request as such, unless the request is itself the graduated unit."""
    return rule.base_micro if rule.bills_data or not rule.volume_steps else 0


def unit_part(rule: PriceRule, units: int, volume: int = 0) -> int:
    """Micro-credits for the billed units: whole blocks, or (`exact`) pro rata, half-up."""
    if not (rule.bills_data or rule.volume_steps):
        return 0
    # The difference of two sums: however a day's units are split, they cost the same together.
    return _cost_up_to(rule, volume + billed_units(rule, units)) - _cost_up_to(rule, volume)


def billed_units(rule: PriceRule, units: int) -> int:
    """What volume is counted in: blocks begun, units (`exact`), or the request itself."""
    if not rule.bills_data:
        return 1
    counted = max(units - rule.included_units, 0)
    return counted if rule.rounding == "exact" else -(-counted // rule.per_units)


def _cost_up_to(rule: PriceRule, position: int) -> int:
    """Micro-credits of the day's first `position` billed units."""
    price = rule.unit_micro if rule.bills_data else rule.base_micro
    total = lower = 0
    for step in rule.volume_steps:
        if position <= step.above:
            break
        total += (step.above - lower) * price
        lower, price = step.above, step.unit_micro
    total += (position - lower) * price
    if rule.rounding == "exact":
        return (2 * total + rule.per_units) // (2 * rule.per_units)
    return total


@lru_cache(maxsize=4096)
def is_billed(billed_statuses: Sequence[str], status: int) -> bool:
    """Whether a status is among the billed ones, each `200` or a class such as `2xx`."""
    return str(status) in billed_statuses or f"{status // 100}xx" in billed_statuses
