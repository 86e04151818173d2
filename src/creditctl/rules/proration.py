"""What a plan change in the middle of a period is worth: whole days left of all its days.

DESIGN 3.3: credits are rounded down to a micro-credit, money half-up to its minor unit.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from creditctl.rules.periods import Period
from creditctl.rules.units import Credits, Money, rounded_half_up

_DAY = timedelta(days=1)


class Share(NamedTuple):
    """`days` of `of` days."""

    days: int
    of: int


def share_left(period: Period, at: datetime) -> Share:
    """The whole days from `at` to the end of the period, of all the period's days."""
    # To the second: a change in the very second the period began loses no day.
    days = (period.ends_at - at.replace(microsecond=0)) // _DAY
    return Share(days, max((period.ends_at - period.starts_at) // _DAY, 1))


def prorated_credits(amount: Credits, share: Share) -> Credits:
    """That share of the credits; nothing for an amount below zero."""
    return Credits(max(amount.micro, 0) * share.days // share.of)


def prorated_money(amount: Money, share: Share) -> Money:
    """That share of the money; nothing for an amount below zero, for there are no refunds."""
    exact = Decimal(max(amount.minor, 0) * share.days) / share.of
    return Money(rounded_half_up(exact), amount.currency)
