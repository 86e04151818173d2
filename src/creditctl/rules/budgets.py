"""Budgets: what a limit or threshold amounts to, and which credits it counts (DESIGN 3.6)."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from creditctl.errors import InvalidInput
from creditctl.rules.units import Credits, parse_decimal, rounded_half_up


class Scope(StrEnum):
    """Which of a day's rated credits a budget counts."""

    ALL = "all"
    BEYOND_ALLOWANCE = "beyond_allowance"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where somebody wants to be told: an amount, or a percentage of the daily budget."""

    amount: Credits | None = None
    percent: Decimal | None = None

    def credits_of(self, daily: Credits | None) -> Credits:
        """The threshold in credits, a percentage rounded half-up to a micro-credit.

        Raises InvalidInput for a percentage of no budget.
        """
        if self.amount is not None:
            return self.amount
        if daily is None or self.percent is None:
            raise InvalidInput(
                "a percentage needs a daily budget to be taken of",
                hint="add --daily CREDITS, or give the threshold in credits",
            )
        return Credits(rounded_half_up(daily.micro * self.percent / 100))


def parse_threshold(text: str) -> Threshold:
    """Read `800` or `80%`; raises InvalidInput below zero and beyond 100 percent."""
    if not text.endswith("%"):
        amount = Credits.parse(text)
        if amount.micro < 0:
            raise InvalidInput(f"{text} is below zero", hint="write it like 800 or 80%")
        return Threshold(amount=amount)
    number = re.sub(r"\s*%$", "", text)
    percent = parse_decimal(number, "percentage")
    if not 0 < percent <= 100:  # noqa: PLR2004 - percent
        raise InvalidInput(f"{text} is not between 0% and 100%", hint="write it like 80%")
    return Threshold(percent=percent)


def default_scope(allowance: Credits, *, unlimited: bool) -> Scope:
    """Beyond the allowance where there is one; an unlimited plan draws none, so all counts."""
    return Scope.BEYOND_ALLOWANCE if allowance and not unlimited else Scope.ALL


def counted_credits(
    scope: Scope, *, rated: Credits, beyond_allowance: Credits, unlimited: bool
) -> Credits:
    """What a budget of `scope` counts of a day.

    `rated` is what the prices say, `beyond_allowance` the part no allowance paid. Under an
    unlimited plan nothing is debited, so only the rated credits tell what was used.
    """
    return rated if unlimited or scope is Scope.ALL else beyond_allowance


def require_threshold_within(threshold: Credits | None, daily: Credits | None) -> None:
    """Refuse a threshold above the budget: the block would always come first."""
    if threshold is not None and daily is not None and threshold > daily:
        raise InvalidInput(
            f"the threshold of {threshold} credits is above the daily budget of {daily}",
            hint="lower it with --notify-at CREDITS or --notify-at 80%",
        )
