"""Subscription fees are earned by the day, over the period they are for (DESIGN 3.3)."""

from dataclasses import dataclass
from datetime import date

from creditctl.rules.deferred_revenue import share


@dataclass(frozen=True, slots=True)
class FeeSpan:
    """A fee in minor units for the days [first_day, end_day); at least one day."""

    fee_minor: int
    first_day: date
    end_day: date


def earned_until(span: FeeSpan, day: date) -> int:
    """What was earned of the fee before `day`, in minor units, rounded half-up from its first day.

    The difference of two days is what was earned between them; at the end it is the fee itself.
    """
    days = max((span.end_day - span.first_day).days, 1)
    passed = min(max((day - span.first_day).days, 0), days)
    return share(span.fee_minor, passed, days)
