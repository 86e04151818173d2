"""Late usage: what becomes of events whose time was invoiced for good (DESIGN 3.5).

Usage of an open time or of a draft is never late. Before the end of an organization's newest final
invoice, time is counted backwards in periods: each invoice is one, also a draft among final ones.
A time without an invoice is counted by months back from the start of the invoice that follows it;
it is late like an invoiced one, for nobody expects an invoice of it any more, and goes by the name
of its month. The newest periods are adjusted on the next invoice, older ones are put in quarantine,
also those before the organization's first invoice. The clock plays no part: the same file has the
same result whenever its import is resumed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import count

from creditctl.rules.periods import Period, months_after

_INSTANT = timedelta(microseconds=1)


class Lateness(IntEnum):
    """What becomes of an event."""

    NORMAL = 0
    """Booked, and on the invoice of its own period."""

    ADJUST = 1
    """Booked, and a line on the next invoice."""

    QUARANTINE = 2
    """Kept, and not booked until somebody decides."""


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An organization's invoice: its time, the month it goes by, and whether it is final."""

    period: Period
    month: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class LateStretch:
    """A time whose usage is late: a final invoice's, or a month without an invoice before one."""

    period: Period
    month: str
    lateness: Lateness


def late_stretches(invoices: Iterable[Invoiced], since: datetime, window: int) -> list[LateStretch]:
    """The late times of one organization from `since` on, ascending and side by side.

    Its invoices may come in any order; `window` is in periods. What no stretch holds is not late.
    """
    ordered = sorted(invoices, key=lambda invoice: invoice.period)
    while ordered and not ordered[-1].is_final:
        ordered.pop()
    found = [
        LateStretch(
            one.period, one.month, Lateness.ADJUST if age <= window else Lateness.QUARANTINE
        )
        for age, one in zip(count(1), _backwards(ordered, since), strict=False)
        if one.is_final
    ]
    return found[::-1]


def lateness_at(stretches: Iterable[LateStretch], at: datetime) -> Lateness:
    """What becomes of an event of that time."""
    return next((one.lateness for one in stretches if at in one.period), Lateness.NORMAL)


def _backwards(ordered: Sequence[Invoiced], since: datetime) -> Iterator[Invoiced]:
    """The invoices and the months between them, the newest first, as far back as `since`."""
    for place in reversed(range(len(ordered))):
        if ordered[place].period.ends_at <= since:
            return
        yield ordered[place]
        begins = ordered[place].period.starts_at
        if place:
            yield from _months_back(begins, ordered[place - 1].period.ends_at)
            continue
        for month in _months_back(begins, None):
            if month.period.ends_at <= since:
                return
            yield month


def _months_back(anchor: datetime, floor: datetime | None) -> Iterator[Invoiced]:
    """Months that end at `anchor` and before it, the last one cut at `floor`."""
    ends_at = anchor
    for months in count(1):
        if floor is not None and ends_at <= floor:
            return
        starts_at = months_after(anchor, -months)
        if floor is not None:
            starts_at = max(starts_at, floor)
        month = f"{ends_at - _INSTANT:%Y-%m}"
        yield Invoiced(Period(starts_at, ends_at), month, is_final=True)
        ends_at = starts_at
