"""Prices in words: a rule as a person would say it, and its arithmetic step by step."""

from collections.abc import Iterator
from dataclasses import dataclass

from creditctl.rules.pricing import PriceRule, billed_units, fixed_part, unit_part
from creditctl.rules.units import NO_CREDITS, Credits, decimal_text


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a price's arithmetic, and the credits after it."""

    step: str
    credits: Credits


def cost_in_words(rule: PriceRule) -> str:
    """A rule as a person would say it, such as `1 per 100 rows, at most 50`."""
    words = []
    if rule.base_micro or not rule.unit_micro:
        words.append(decimal_text(rule.base_micro, 6))
    if rule.unit_micro:
        per = rule.unit if rule.per_units == 1 else f"{rule.per_units} {rule.unit}"
        words.append(f"{decimal_text(rule.unit_micro, 6)} per {per}")
    text = " + ".join(words)
    for step in rule.volume_steps:
        text += f", {decimal_text(step.unit_micro, 6)} beyond {step.above} a day"
    if rule.included_units:
        text += f" beyond {rule.included_units}"
    if rule.minimum_micro:
        text += f", at least {decimal_text(rule.minimum_micro, 6)}"
    if rule.maximum_micro is not None:
        text += f", at most {decimal_text(rule.maximum_micro, 6)}"
    return text


def steps_of(rule: PriceRule, units: int, volume: int = 0) -> Iterator[Step]:
    """A billed request's price, step by step; `volume` was billed that day before it."""
    if rule.tier or fixed_part(rule) or not (rule.bills_data or rule.volume_steps):
        yield Step(f"tier {rule.tier}" if rule.tier else "fixed part", Credits(fixed_part(rule)))
    total = fixed_part(rule) + unit_part(rule, units, volume)
    if rule.bills_data or rule.volume_steps:
        yield Step(_unit_step(rule, units, volume), Credits(total))
    if total < rule.minimum_micro:
        total = rule.minimum_micro
        yield Step("raised to the minimum", Credits(total))
    if rule.maximum_micro is not None and total > rule.maximum_micro:
        yield Step("cut to the maximum", Credits(rule.maximum_micro))


def not_billed(rule: PriceRule, status: int) -> Step:
    """Why a request with that status costs nothing."""
    listed = ", ".join(rule.billed_statuses)
    return Step(f"status {status} is not billed; billed: {listed}", NO_CREDITS)


def _unit_step(rule: PriceRule, units: int, volume: int) -> str:
    price = decimal_text(rule.unit_micro if rule.bills_data else rule.base_micro, 6)
    included = f" - {rule.included_units} included" if rule.included_units else ""
    billed = billed_units(rule, units)
    if rule.volume_steps:
        what = f"{units} {rule.unit}{included}: " if rule.bills_data else ""
        return f"{what}units {volume + 1} to {volume + billed} of the day, by its volume"
    if rule.rounding == "exact":
        return f"{units} {rule.unit}{included}: {billed} / {rule.per_units} x {price}"
    return f"{units} {rule.unit}{included}: {billed} blocks of {rule.per_units} x {price}"
