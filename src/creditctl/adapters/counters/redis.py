"""Counters in Redis or Valkey: several gates, one round trip for each decision."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from struct import pack, unpack
from typing import Any

from creditctl.adapters.counters import redis_scripts
from creditctl.adapters.counters.interface import (
    LARGEST_SKEW,
    REMEMBERED,
    Connections,
    CountersDown,
    Hit,
    Kept,
    Lease,
)
from creditctl.adapters.counters.redis_lines import Call, Lines, Script
from creditctl.errors import DriverMissing
from creditctl.rules.instants import instant_of, micros_of
from creditctl.rules.periods import Period
from creditctl.rules.rate_limits import (
    CONNECTIONS,
    Check,
    Reading,
    Verdict,
    verdict_of,
)

ANSWER_SECONDS = 1
"""A store that takes longer to answer is down: a request must not wait for its decision."""

_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)
_TIDY_AFTER = timedelta(minutes=1)
_SKEW = LARGEST_SKEW // _MICROSECOND
_KEPT = {1: Kept.OPEN, 0: Kept.OVER, -1: Kept.TAKEN_OVER}


class RedisCounters:
    """See `interface.Counters`; everything is a server-side script, and expires by itself.

    Keys are `creditctl:gate:{KEY}:LIMIT[:START]`: the braces keep a key's counters on one node.
    """

    def __init__(self, url: str) -> None:
        """Connects on first use; raises DriverMissing without the package."""
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise DriverMissing(
                "counters in Redis need the package redis", hint="pip install 'creditctl[redis]'"
            ) from None
        self._errors = (redis.RedisError,)
        self._client: Any = redis.Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),  # its own would wait four times as long, and between
        )
        self._lines, self._count = Lines(self._client), Script(redis_scripts.COUNT)
        self._take_back = self._client.register_script(redis_scripts.TAKE_BACK)
        self._open = self._client.register_script(redis_scripts.OPEN)
        self._keep = self._client.register_script(redis_scripts.KEEP)
        self._held = self._client.register_script(redis_scripts.HELD)

    def hit(self, key: int, checks: Sequence[Check], at: datetime) -> Verdict:
        """Count the request in every window, or in none."""
        return self.hit_all([(key, checks)], at)[0]

    def hit_all(self, hits: Sequence[Hit], at: datetime) -> list[Verdict]:
        """The same of many in one round trip."""
        return [verdict_of(found) for found in self._look(hits, at, counting=True)]

    def peek(self, key: int, checks: Sequence[Check], at: datetime) -> Verdict:
        """What `hit` would say."""
        (found,) = self._look([(key, checks)], at, counting=False)
        return verdict_of(found, counted=False)

    def take_back(self, key: int, checks: Sequence[Check], at: datetime) -> None:  # noqa: ARG002
        """Uncount a request."""
        if checks:
            arguments = [part for check in checks for part in (check.cost, _length(check))]
            with self._answering():
                self._take_back(keys=[_name(key, check) for check in checks], args=arguments)

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
        """Hold a connection open; at the limit the oldest may give way to it."""
        most = -1 if limit is None else limit
        arguments: list[str | int] = [micros_of(at), _SKEW, 1, lease, lasts // _MICROSECOND]
        arguments += (most, int(take_over), REMEMBERED)
        with self._answering():
            admitted, held, evicted = self._open(keys=[_connections(key)], args=arguments)
        return Connections(bool(admitted), int(held), evicted.decode() or None)

    def keep_open(self, key: int, lease: str, at: datetime, *, lasts: timedelta) -> Kept:
        """The heartbeat."""
        arguments: list[str | int] = [micros_of(at), _SKEW, 1, lease, lasts // _MICROSECOND]
        with self._answering():
            found = self._keep(keys=[_connections(key)], args=arguments)
        return _KEPT[int(found)]

    def close_connection(self, key: int, lease: str) -> None:
        """Let go."""
        with self._answering():
            self._client.hdel(_connections(key), lease)

    def open_connections(self, key: int, at: datetime) -> int:
        """How many are open."""
        with self._answering():
            return len(self._held(keys=[_connections(key)], args=[micros_of(at), _SKEW, 0]))

    def leases(self, key: int, at: datetime) -> list[Lease]:
        """Those that are open."""
        with self._answering():
            found = self._held(keys=[_connections(key)], args=[micros_of(at), _SKEW, 0])
        leases = [
            Lease(name.decode(), instant_of(int(since)), instant_of(int(until)))
            for name, since, until in found
        ]
        return sorted(leases, key=lambda lease: (lease.opened_at, lease.name))

    def _look(self, hits: Sequence[Hit], at: datetime, *, counting: bool) -> list[list[Reading]]:
        """What the windows of each held before the request."""
        # Requests of one key that were decided together have the very same checks.
        alike: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, (key, checks) in enumerate(hits):
            alike[key, id(checks)].append(place)
        asked = [places for places in alike.values() if hits[places[0]][1]]
        if not asked:
            return [[] for _ in hits]
        calls = [_call(*hits[places[0]], at, len(places) * counting) for places in asked]
        readings: list[list[Reading]] = [[] for _ in hits]
        for places, answer in zip(asked, self._lines.run(self._count, calls), strict=True):
            for place, found in zip(places, _readings(hits[places[0]][1], answer, at), strict=True):
                readings[place] = found
        return readings

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except self._errors as problem:
            raise CountersDown(f"Redis: {problem}") from problem


def _call(key: int, checks: Sequence[Check], at: datetime, requests: int) -> Call:
    """What the script is told."""
    numbers = [micros_of(at), _SKEW, requests]
    for check in checks:
        most = -1 if check.limit is None else check.limit
        numbers += (most, check.cost, check.used_elsewhere, _length(check), _keep(check, at))
    return [_name(key, check).encode() for check in checks], pack(f">{len(numbers)}q", *numbers)


def _readings(checks: Sequence[Check], answer: bytes, at: datetime) -> list[list[Reading]]:
    """What the script said, of each request; what is now there is `at` by the caller's clock."""
    now, *found = unpack(f">{len(answer) // 8}q", answer)
    numbers = iter(found)
    requests = len(found) // (2 * len(checks))
    ahead = now - micros_of(at)
    return [
        [_reading(check, at, next(numbers), next(numbers), ahead) for check in checks]
        for _ in range(requests)
    ]


def _reading(check: Check, at: datetime, used: int, room: int, ahead: int) -> Reading:
    if isinstance(check.window, Period):
        return Reading(check, used, check.window.ends_at)
    # room is told where the request does not fit, and there alone
    return Reading(check, used, instant_of(room - ahead) if room else at + check.window)


def _name(key: int, check: Check) -> str:
    start = f":{micros_of(check.window.starts_at)}" if isinstance(check.window, Period) else ""
    return f"creditctl:gate:{{{key}}}:{check.name}{start}"


def _connections(key: int) -> str:
    return f"creditctl:gate:{{{key}}}:{CONNECTIONS}"


def _length(check: Check) -> int:
    """Microseconds of a moving window; 0 for a period."""
    return 0 if isinstance(check.window, Period) else check.window // _MICROSECOND


def _keep(check: Check, at: datetime) -> int:
    """Milliseconds: a gate whose clock is behind counts in a period after it is over."""
    if isinstance(check.window, Period):
        left = max(check.window.ends_at - at, timedelta(0))
        return (left + 2 * LARGEST_SKEW) // _MILLISECOND
    return (check.window + _TIDY_AFTER) // _MILLISECOND
