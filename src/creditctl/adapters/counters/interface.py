"""What every store of counters does: count a request in all its windows, or in none.

Keys are internal ids of API keys, limits are passed in with every call: a plan's change takes
effect at once, and a counter never knows what it is compared with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol, TypeAlias

from creditctl.rules.rate_limits import Check, Verdict

Hit: TypeAlias = tuple[int, Sequence[Check]]
"""A key, and the windows that a request of it is counted in."""

LARGEST_SKEW = timedelta(minutes=5)
"""How far the clocks of gates may be apart.

A caller's time this close to the store's own is taken to be now, and the store's is used: gates
with different clocks share one moving window; what they are told of it is by their own clocks.
Anything farther away is meant as it is said (`--as-of`). Windows with a start need no clock: a gate
that is behind counts in the old one a little longer, so that one is kept for twice this time.
"""

REMEMBERED = 100
"""Connections of a key that gave way and are remembered, each for as long as a lease lasts.

Beyond them one that gave way is told that it is over, as one whose time is up: a key that takes
over without end must not fill the store.
"""


class CountersDown(Exception):
    """The counters cannot be asked; nobody knows whether the request was counted."""


@dataclass(frozen=True, slots=True)
class Connections:
    """What became of opening a connection; `open` counts it if it was admitted."""

    is_admitted: bool
    open: int
    evicted: str | None = None
    """The connection that made room: whoever holds it has to close it."""


class Kept(Enum):
    """What a heartbeat found."""

    OPEN = "open"
    TAKEN_OVER = "taken over"
    """Another connection made it give way."""

    OVER = "over"
    """Its time was up, it was closed, or there never was one of that name."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A connection that is open."""

    name: str
    opened_at: datetime
    expires_at: datetime
    """Without a heartbeat until then."""


class Counters(Protocol):
    """One opened store; every method is one step that happens whole or not at all.

    All raise CountersDown, and nothing else, when the store does not answer.
    """

    def hit(self, key: int, checks: Sequence[Check], at: datetime) -> Verdict:
        """Count the request in every window if all of them admit it, and else in none."""
        ...

    def hit_all(self, hits: Sequence[Hit], at: datetime) -> list[Verdict]:
        """`hit` for many, in order, each for itself: one refused takes back nothing of another."""
        ...

    def peek(self, key: int, checks: Sequence[Check], at: datetime) -> Verdict:
        """What `hit` would say; nothing is counted, and readings are those before the request."""
        ...

    def take_back(self, key: int, checks: Sequence[Check], at: datetime) -> None:
        """Uncount a request that `hit` admitted then and that was denied after all.

        A quota counts none that was denied. Of a moving window the newest moment is freed.
        """
        ...

    def open_connection(
        self,
        key: int,
        lease: str,
        at: datetime,
        *,
        limit: int | None,
        lasts: timedelta,
        take_over: bool = False,
    ) -> Connections:
        """Hold a connection open for `lasts`; at the limit the oldest may give way to it.

        Opening one that is open already renews it.
        """
        ...

    def keep_open(self, key: int, lease: str, at: datetime, *, lasts: timedelta) -> Kept:
        """The heartbeat: what is open is so for another `lasts`; nothing is opened again."""
        ...

    def close_connection(self, key: int, lease: str) -> None:
        """Let go; closing what is not open is no error."""
        ...

    def open_connections(self, key: int, at: datetime) -> int:
        """How many are open."""
        ...

    def leases(self, key: int, at: datetime) -> list[Lease]:
        """Those that are open, the oldest first."""
        ...
