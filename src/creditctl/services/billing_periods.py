"""Which days an organization's invoice of a month is about (DESIGN 2 and 3.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period, calendar_month
from creditctl.services.subscription_periods import SubscriptionPeriod


@dataclass(frozen=True, slots=True)
class Neighbours:
    """An organization's other invoices: where those of earlier months end, of later ones begin.

    `existing` is the days of the month's own invoice.
    """

    before: datetime | None = None
    after: datetime | None = None
    existing: Period | None = None


def billing_period(
    month: Period,
    neighbours: Neighbours,
    periods: Sequence[SubscriptionPeriod],
    *,
    aligned: bool,
) -> Period | None:
    """The days that end in `month`: a calendar month, or a subscription's period [FF].

    An aligned organization is billed from the day one period of its subscription begins to the day
    the next one does; in a month without such a day, by the calendar. Invoices stay side by side
    when alignment is switched on or off: no day is left out, and none is on two of them. None when
    every day is on another invoice. `periods` are those that begin up to a day after the month.
    """
    before, after = neighbours.before, neighbours.after
    if neighbours.existing is not None and after is not None:
        return neighbours.existing
    period = _aligned_period(month, periods) if aligned else month
    starts_at, ends_at = period.starts_at, period.ends_at
    # An invoice that ended within a month was an aligned one, and left the rest of it to this one.
    if before is not None and (before > starts_at or before != calendar_month(before).starts_at):
        starts_at = before
    # One that begins in this month, or with the next, leaves everything before it to this one.
    if after is not None and after <= month.ends_at:
        ends_at = after
    return Period(starts_at, ends_at) if starts_at < ends_at else None


def _aligned_period(month: Period, periods: Sequence[SubscriptionPeriod]) -> Period:
    # Whole days, for usage is summed by day: the last may begin during the day after the month.
    boundaries = [start_of_day(period.whole.starts_at) for period in periods]
    inside = [at for at in boundaries if month.starts_at < at <= month.ends_at]
    if not inside:
        return month
    ends_at = max(inside)
    return Period(max([at for at in boundaries if at < ends_at], default=month.starts_at), ends_at)
