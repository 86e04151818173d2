"""What a plan limits for each key, and the windows in which that is counted [FL] (DESIGN 3.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from creditctl.rules.instants import instant_of, micros_of
from creditctl.rules.periods import Period

MOVING_SECONDS = 10
"""A burst is what a key asks for in any ten seconds [FL]."""

LEASE = timedelta(seconds=60)
"""A connection whose heartbeat stops for so long is closed."""


class Channel(StrEnum):
    """What is asked for: each is counted in windows of its own."""

    REST = "rest"
    WEBSOCKET = "websocket"
    """Opening a connection."""

    STREAM = "stream"
    """Sending messages down an open one."""

    WEBHOOK = "webhook"
    """Delivering to a webhook of the organization."""

    WEBHOOK_SETUP = "webhook_setup"
    """Creating one more webhook."""


CONNECTIONS = "websocket_connections"
WEBHOOKS = "webhooks"
_WINDOWS = {
    Channel.REST: ("requests_per_period", "requests_per_hour", "burst_per_10_seconds"),
    Channel.STREAM: ("streamed_messages_per_period",),
    Channel.WEBHOOK: ("webhook_deliveries_per_period",),
}
"""Limits counted in windows, the one that lasts longest first: of several it is told."""

_ALWAYS_COUNTED = "_per_period"
"""Counted without a limit too: a plan that begins to limit them during the period knows them."""


@dataclass(frozen=True, slots=True)
class Check:
    """A request as one window sees it; `limit` None counts and never refuses."""

    name: str
    limit: int | None
    window: Period | timedelta
    """From one time to another, or the time that moves along with now."""

    cost: int = 1
    used_elsewhere: int = 0
    """At least so much was used before the counter saw anything: usage that was imported."""

    @property
    def seconds(self) -> int:
        """How long the window is, for `RateLimit-Policy`."""
        window = self.window
        length = window.ends_at - window.starts_at if isinstance(window, Period) else window
        return length // timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a window said; `used` has the request in it if the request was counted."""

    check: Check
    used: int
    resets_at: datetime
    """When the window is over, or has room for a request again."""

    @property
    def limit(self) -> int | None:
        """The check's."""
        return self.check.limit

    @property
    def remaining(self) -> int | None:
        """How much more it admits; None without a limit."""
        return None if self.check.limit is None else max(self.check.limit - self.used, 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All windows' readings in the order of the checks; the first that refused, if any did."""

    readings: tuple[Reading, ...]
    refused: Reading | None = None


def checks_for(
    channel: Channel,
    limits: Mapping[str, int],
    period: Period,
    at: datetime,
    *,
    cost: int = 1,
    imported: int = 0,
) -> tuple[Check, ...]:
    """The windows that a request on the channel is counted in, in the order they are told.

    `imported` is what usage says of the period's requests: see `used_before`.
    """
    hour = at.replace(minute=0, second=0, microsecond=0)
    checks = []
    for name in _WINDOWS.get(channel, ()):
        if name.endswith(_ALWAYS_COUNTED):
            elsewhere = imported if channel is Channel.REST else 0
            checks.append(Check(name, limits.get(name), period, cost, elsewhere))
        elif name in limits:
            is_hour = name.endswith("_per_hour")
            window = (
                Period(hour, hour + timedelta(hours=1))
                if is_hour
                else timedelta(seconds=MOVING_SECONDS)
            )
            checks.append(Check(name, limits[name], window, cost))
    return tuple(checks)


def used_before(check: Check, counted: int) -> int:
    """What the window holds before the request: the counter, or usage where that says more.

    Usage counts what the counter counted too once it is booked, so the two are never added.
    """
    return max(counted, check.used_elsewhere)


def admits(check: Check, used: int) -> bool:
    """Whether the request fits beside what the window holds."""
    return check.limit is None or used + check.cost <= check.limit


def verdict_of(found: Iterable[Reading], *, counted: bool = True) -> Verdict:
    """From what each window holds before the request to the verdict on it.

    If all admit it and it is `counted`, the readings say what they hold with it.
    """
    before = tuple(found)
    for reading in before:
        if not admits(reading.check, reading.used):
            return Verdict(before, reading)
    if not counted:
        return Verdict(before)
    return Verdict(
        tuple(
            Reading(reading.check, reading.used + reading.check.cost, reading.resets_at)
            for reading in before
        )
    )


def moving_reading(check: Check, used: int, at: datetime, room: datetime) -> Reading:
    """A moving window that holds `used` now; `room` matters where the request does not fit."""
    window = check.window
    if isinstance(window, Period):
        raise TypeError("a period does not move")
    return Reading(check, used, at + window if admits(check, used) else room)


Moments = Sequence[tuple[int, int]]
"""Microseconds and how much was used then, the earliest first."""


def used_within(moments: Moments, at: datetime, length: timedelta) -> int:
    """What was used in the `length` before `at`: in (at - length, at], to the microsecond."""
    begin = micros_of(at - length)
    return sum(used for moment, used in moments if moment > begin)


def room_at(moments: Moments, at: datetime, check: Check) -> datetime:
    """When enough of a moving window is over for the request; `at` where it fits already.

    A request that costs more than the limit never fits: told is when the window is empty.
    """
    length = check.window
    if isinstance(length, Period):
        raise TypeError("a period does not move")
    begin = micros_of(at - length)
    live = [(moment, used) for moment, used in moments if moment > begin]
    total = sum(used for _, used in live)
    free = at
    for moment, used in live:
        if admits(check, total):
            break
        total -= used
        free = instant_of(moment) + length
    return free
