"""What many requests cost at once: integers throughout, equal to `rules.pricing.price_of`."""

from collections.abc import Sequence

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.grouping import distinct
from creditctl.rules.pricing import PriceRule, fixed_part

_SAFE = 2**62
"""Beyond it 64 bits might not hold a product of figures."""


class PriceRules:
    """Price rules as columns, to be asked by their place."""

    def __init__(self, rules: Sequence[PriceRule]) -> None:
        self._rules = rules
        self._fixed = _column(fixed_part(rule) for rule in rules)
        self._unit_price = _column(_price_of_unit(rule) for rule in rules)
        self._per_units = _column(rule.per_units for rule in rules)
        self._included = _column(rule.included_units for rule in rules)
        self._minimum = _column(rule.minimum_micro for rule in rules)
        self._maximum = _column(rule.maximum_micro or 0 for rule in rules)
        self._is_capped = np.array([rule.maximum_micro is not None for rule in rules], bool)
        self._bills_data = np.array([rule.bills_data for rule in rules], bool)
        self._exact = np.array([rule.rounding == "exact" for rule in rules], bool)
        self.graduated = np.array([bool(rule.volume_steps) for rule in rules], bool)
        """Which of them depend on the day's volume."""

    def billed_units(self, which: Column, units: Column) -> Column:
        """What volume is counted in: blocks begun, units (`exact`), or the request itself."""
        counted = np.maximum(units - self._included[which], 0)
        blocks = -(-counted // self._per_units[which])
        data = np.where(self._exact[which], counted, blocks)
        return np.where(self._bills_data[which], data, 1)

    def costs(self, which: Column, units: Column, volume: Column | None = None) -> Column:
        """Micro-credits of successful requests; `volume` was billed that day before each."""
        if self._could_overflow(units, volume):
            # Integers of any size: slower, and needed for absurd figures alone.
            units = units.astype(object)
            volume = None if volume is None else volume.astype(object)
        billed = self.billed_units(which, units)
        part = self._cost_up_to(which, billed if volume is None else volume + billed)
        if volume is not None:
            part = part - self._cost_up_to(which, volume)
        total = np.maximum(self._fixed[which] + part, self._minimum[which])
        return np.where(self._is_capped[which], np.minimum(total, self._maximum[which]), total)

    def _cost_up_to(self, which: Column, position: Column) -> Column:
        """Micro-credits of the day's first `position` billed units."""
        total = position * self._unit_price[which]
        for rule_place in distinct(which[self.graduated[which]])[0].tolist():
            mine = which == rule_place
            total[mine] = _stepped(self._rules[rule_place], position[mine])
        is_exact = self._exact[which]
        if not is_exact.any():
            return total
        per = self._per_units[which]
        return np.where(is_exact, (2 * total + per) // (2 * per), total)

    def _could_overflow(self, units: Column, volume: Column | None) -> bool:
        if not len(units):
            return False
        most = int(units.max()) + (0 if volume is None else int(volume.max()))
        dearest = max(int(self._unit_price.max()), *map(_dearest_step, self._rules))
        return 4 * (most + 1) * (dearest + 1) > _SAFE


def _price_of_unit(rule: PriceRule) -> int:
    """Of each billed unit; a request whose price is fixed has none."""
    if rule.bills_data:
        return rule.unit_micro
    return rule.base_micro if rule.volume_steps else 0


def _dearest_step(rule: PriceRule) -> int:
    return max((step.unit_micro for step in rule.volume_steps), default=0)


def _stepped(rule: PriceRule, position: Column) -> Column:
    price, lower = _price_of_unit(rule), 0
    total = position * 0
    for step in rule.volume_steps:
        total = total + (np.minimum(position, step.above) - lower).clip(min=0) * price
        lower, price = step.above, step.unit_micro
    return total + (position - lower).clip(min=0) * price


def _column(numbers: object) -> Column:
    return np.array(list(numbers), np.int64)  # type: ignore[call-overload]
