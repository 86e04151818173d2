"""Billing periods: half-open [starts_at, ends_at), UTC, anchored without drifting (DESIGN 2)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from creditctl.errors import InvalidInput

MONTHS_IN = {"month": 1, "year": 12}
"""Months in each billing interval a plan may have."""

_MONTHS_IN_YEAR = 12
_SHORTEST = 28
"""Days of the shortest month."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Every instant from `starts_at` up to, but not including, `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


def parse_month(text: str) -> Period:
    """Read `2026-10` as the calendar month it names, in UTC."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII) or text.startswith("0000"):
        raise InvalidInput(f"{text!r} is not a month", hint="write it like 2026-10")
    return calendar_month(datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC))


def month_text(period: Period) -> str:
    """`2026-10` for the calendar month that `period` starts in."""
    return f"{period.starts_at.year:04d}-{period.starts_at.month:02d}"


def calendar_month(at: datetime) -> Period:
    """The calendar month, in UTC, that holds `at`."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Period(first, months_after(first, 1))


def months_after(anchor: datetime, months: int) -> datetime:
    """`anchor` + `months`, clamped to the last day of a short month.

    Always counted from the anchor: 31 Jan, 28 Feb, 31 Mar; never from the previous period.
    Raises InvalidInput beyond the year 9999.
    """
    years, month = divmod(anchor.month - 1 + months, _MONTHS_IN_YEAR)
    if anchor.day <= _SHORTEST and MINYEAR <= anchor.year + years <= MAXYEAR:
        # Every month has that day: there is nothing to clamp.
        return anchor.replace(year=anchor.year + years, month=month + 1)
    from dateutil.relativedelta import relativedelta

    try:
        return anchor + relativedelta(months=months)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{anchor:%Y-%m-%d} is too far in the future") from None


def anchored_periods(
    anchor: datetime, interval_at: Callable[[datetime], str], until: datetime
) -> Iterator[Period]:
    """All periods that start at or before `until`, in order, the first at `anchor`.

    `interval_at` tells how long the period is that starts then: a subscription may change from
    monthly to annual. Months are counted from the anchor whatever happens in between.
    """
    months, starts_at = 0, anchor
    while starts_at <= until:
        months += MONTHS_IN[interval_at(starts_at)]
        ends_at = months_after(anchor, months)
        yield Period(starts_at, ends_at)
        starts_at = ends_at
