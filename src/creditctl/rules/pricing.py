"""What a request costs: a tier or fixed number, the data it returned, or both (DESIGN 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

SUCCESS = ("2xx",)
"""Only success is billed [FC]; a product may name its own statuses."""


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


def price_of(rule: PriceRule, units: int) -> int:
    """Micro-credits that a successful request costs which returned that many units."""
    total = max(rule.base_micro + data_part(rule, units), rule.minimum_micro)
    return total if rule.maximum_micro is None else min(total, rule.maximum_micro)


def data_part(rule: PriceRule, units: int) -> int:
    """Micro-credits for the data alone: whole blocks, or (`exact`) pro rata, half-up."""
    counted = max(units - rule.included_units, 0)
    if rule.rounding == "up":
        return billed_blocks(rule, units) * rule.unit_micro
    return (2 * counted * rule.unit_micro + rule.per_units) // (2 * rule.per_units)


def billed_blocks(rule: PriceRule, units: int) -> int:
    """Blocks of `per_units` begun beyond the included units."""
    return -(-max(units - rule.included_units, 0) // rule.per_units)


@lru_cache(maxsize=4096)
def is_billed(billed_statuses: Sequence[str], status: int) -> bool:
    """Whether a status is among the billed ones, each `200` or a class such as `2xx`."""
    return str(status) in billed_statuses or f"{status // 100}xx" in billed_statuses
