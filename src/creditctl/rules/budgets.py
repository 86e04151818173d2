"""Budgets and thresholds: what is watched, where the line is, when it is crossed (DESIGN 3.6)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from creditctl.errors import InvalidInput
from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.units import Credits, parse_decimal, rounded_half_up

MICROS = 1_000_000


class Scope(StrEnum):
    """Which of a day's rated credits a budget counts."""

    ALL = "all"
    BEYOND_ALLOWANCE = "beyond_allowance"


class Kind(StrEnum):
    """What a line does: a budget blocks, a threshold tells."""

    HARD = "hard"
    NOTIFY = "notify"


class Measure(StrEnum):
    """What is watched."""

    USAGE = "usage"
    """Credits counted in a UTC day or a calendar month."""

    ALLOWANCE = "allowance"
    """Credits drawn of the allowance that is there."""

    QUOTA = "quota"
    """Requests of a key in its billing period; of several keys, of the one nearest its limit."""

    BALANCE = "balance"
    """Credits that can be drawn."""

    DAYS_LEFT = "days_left"
    """Days until there are none left, if usage goes on as it did."""

    EXPIRING = "expiring"
    """Days until credits expire that nobody used."""


FALLING = (Measure.BALANCE, Measure.DAYS_LEFT, Measure.EXPIRING)
"""Crossed from above; all others are crossed from below."""

IN_DAYS = (Measure.DAYS_LEFT, Measure.EXPIRING)
"""Counted in days, in millionths as credits are."""

_REACHED = (Measure.ALLOWANCE, Measure.QUOTA, Measure.EXPIRING)
"""Crossed when the line is reached: more than all of an allowance is never used."""


class Span(StrEnum):
    """The stretch of time whose usage is counted."""

    DAY = "day"
    MONTH = "month"
    NONE = "none"

    def window(self, at: datetime) -> Period | None:
        """The UTC day or calendar month that holds `at`."""
        if self is Span.DAY:
            midnight = start_of_day(at)
            return Period(midnight, midnight + timedelta(days=1))
        return calendar_month(at) if self is Span.MONTH else None

    def ended(self, since: datetime, at: datetime) -> list[Period]:
        """The windows that ended after `since` and by `at`, the oldest first."""
        found = []
        window = self.window(since)
        while window is not None and window.ends_at <= at:
            found.append(window)
            window = self.window(window.ends_at)
        return found


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a line is: an amount, or a percentage of what it is measured against."""

    amount: Credits | None = None
    percent: Decimal | None = None

    def __str__(self) -> str:
        return f"{self.percent:f}%" if self.percent is not None else f"{self.amount}"

    def credits_of(self, whole: Credits | None) -> Credits | None:
        """The line in credits, a percentage rounded half-up to a micro-credit.

        None: it is a percentage, and there is nothing that it could be taken of.
        """
        if self.percent is None:
            return self.amount
        if whole is None:
            return None
        return Credits(rounded_half_up(whole.micro * self.percent / 100))


def parse_threshold(text: str) -> Threshold:
    """Read `800` or `80%`; raises InvalidInput below zero and beyond 100 percent."""
    if not text.endswith("%"):
        amount = Credits.parse(text)
        if amount.micro < 0:
            raise InvalidInput(f"{text} is below zero", hint="write it like 800 or 80%")
        return Threshold(amount=amount)
    return parse_percent(text)


def parse_percent(text: str) -> Threshold:
    """Read `80%`; raises InvalidInput without its sign and outside of 0 to 100 percent."""
    if not text.endswith("%"):
        raise InvalidInput(f"{text} is not a percentage", hint="write it like 80%")
    percent = parse_decimal(re.sub(r"\s*%$", "", text), "percentage")
    exponent = percent.normalize().as_tuple().exponent
    if not 0 < percent <= 100 or not isinstance(exponent, int) or exponent < -4:  # noqa: PLR2004
        raise InvalidInput(
            f"{text} is not between 0% and 100%", hint="write it like 80%, with up to 4 places"
        )
    return Threshold(percent=percent)


@dataclass(frozen=True, slots=True)
class Line:
    """A budget or a threshold; `revision` counts the places it was at."""

    id: str
    revision: int
    kind: Kind
    measure: Measure
    span: Span
    scope: Scope
    threshold: Threshold
    product_id: int | None = None
    api_key_id: int | None = None

    @property
    def target(self) -> tuple[int | None, int | None]:
        """What its usage is of: a product, a key, or (None, None) for all."""
        return self.product_id, self.api_key_id

    @property
    def blocks_everything(self) -> bool:
        """Whether the whole organization is blocked beyond it."""
        return self.kind is Kind.HARD and self.target == (None, None)


@dataclass(frozen=True, slots=True)
class Reading:
    """A line, what was measured against it, and for which time; credits, requests or days."""

    line: Line
    usage: Credits
    limit: Credits
    window: Period | None = None
    """None: there is no stretch of time; what was crossed is so until it recovers."""

    @property
    def is_crossed(self) -> bool:
        """A budget may be reached; only beyond it something happens."""
        if self.line.measure in FALLING:
            return self.usage < self.limit or (
                self.usage == self.limit and self.line.measure in _REACHED
            )
        return self.usage > self.limit or (
            self.usage == self.limit and self.line.measure in _REACHED
        )


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


def require_threshold_within(threshold: Threshold, budget: Credits | None) -> None:
    """Refuse a threshold above its budget, where the block would always come first.

    Raises InvalidInput, also for a percentage of no budget.
    """
    limit = threshold.credits_of(budget)
    if limit is None:
        raise InvalidInput(
            "a percentage needs a budget to be taken of",
            hint="add --daily or --monthly CREDITS, or give the threshold in credits",
        )
    if budget is not None and limit > budget:
        raise InvalidInput(
            f"the threshold of {limit} credits is above the budget of {budget}",
            hint="lower it: in credits, or as a percentage of the budget",
        )
