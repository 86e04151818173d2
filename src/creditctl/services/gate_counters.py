"""Counters of the gate in the books' own database: nothing else has to run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.adapters.counters.interface import (
    LARGEST_SKEW,
    REMEMBERED,
    Connections,
    Counters,
    CountersDown,
    Hit,
    Kept,
    Lease,
)
from creditctl.context import Context
from creditctl.rules.instants import instant_of
from creditctl.rules.periods import Period
from creditctl.rules.rate_limits import (
    Check,
    Reading,
    Verdict,
    moving_reading,
    room_at,
    used_before,
    used_within,
    verdict_of,
)
from creditctl.services.group_commit import GroupCommit
from creditctl.services.group_steps import OF_THE_TRANSACTION
from creditctl.store.engine import UnitOfWork, dialect_of, reading, unit_of_work
from creditctl.store.queries.gate_counters import (
    add_connection,
    add_moment,
    add_use,
    connections_of,
    drop_connection,
    drop_moments,
    drop_windows,
    gave_way,
    give_way,
    lock_connections,
    lock_limit,
    moments_of,
    renew_connection,
    server_micros,
    set_moment,
    take_use,
    use_of,
)


class _RefusedError(Exception):
    """Takes back what the transaction counted."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class _Hit:
    """The step of a request that is counted; see `services.group_commit`."""

    key: int
    checks: Sequence[Check]
    at: datetime

    def owner(self, _: UnitOfWork) -> None:
        """Nobody: counters are no part of an organization's books."""

    def run(self, unit: UnitOfWork) -> Verdict:
        """Count it in every window; what a refused one counted is taken back, and nothing else."""
        try:
            with unit.savepoint():
                return self.count(unit)
        except _RefusedError as refusal:
            return refusal.verdict

    def count(self, unit: UnitOfWork) -> Verdict:
        """Count it; raises _RefusedError."""
        now = _now(unit, self.at)
        verdict = verdict_of([_count(unit, self.key, check, now, self.at) for check in self.checks])
        _undo_if_refused(verdict)
        return verdict


class DatabaseCounters:
    """Each method is one short transaction; see `adapters.counters.interface.Counters`.

    Rows are locked in the order of the checks, which is always the same.
    """

    def __init__(self, database: str) -> None:
        self._database = database
        self._group = GroupCommit(database)

    def hit(self, key: int, checks: Sequence[Check], at: datetime) -> Verdict:
        """Count the request in every window, or in none.

        Threads share a transaction where there is one writer; a server has many.
        """
        step = _Hit(key, checks, at)
        if dialect_of(self._database) == "sqlite":
            with _answering():
                return self._group.run(step)
        try:
            with self._writing() as unit:
                return step.count(unit)
        except _RefusedError as refusal:
            return refusal.verdict

    def hit_all(self, hits: Sequence[Hit], at: datetime) -> list[Verdict]:
        """Count many requests; where there is one writer, in one transaction."""
        if len(hits) == 1 or dialect_of(self._database) != "sqlite":
            return [self.hit(key, checks, at) for key, checks in hits]
        with _answering():
            steps = [_Hit(key, checks, at) for key, checks in hits]
            return [found.answer() for found in self._group.run_all(steps)]

    def peek(self, key: int, checks: Sequence[Check], at: datetime) -> Verdict:
        """What `hit` would say."""
        with _answering(), reading(self._database) as unit:
            now = _now(unit, at)
            return verdict_of([_look(unit, key, check, now, at) for check in checks], counted=False)

    def take_back(self, key: int, checks: Sequence[Check], at: datetime) -> None:
        """Uncount a request."""
        with self._writing() as unit:
            now = _now(unit, at)
            for check in checks:
                if isinstance(check.window, Period):
                    take_use(unit, key, check.name, check.window.starts_at, check.cost)
                else:
                    _take_moments(unit, key, check, now - check.window)

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
        with self._writing() as unit:
            now = _now(unit, at)
            held = lock_connections(unit, key, now)
            if renew_connection(unit, key, lease, now, lasts):
                return Connections(True, len(held))
            evicted = None
            if limit is not None and len(held) >= limit:
                if not (take_over and held and limit):
                    return Connections(False, len(held))
                evicted = held.pop(0).lease
                give_way(unit, key, evicted, now, until=now + lasts, most=REMEMBERED)
            add_connection(unit, key, lease, now, lasts)
            return Connections(True, len(held) + 1, evicted)

    def keep_open(self, key: int, lease: str, at: datetime, *, lasts: timedelta) -> Kept:
        """The heartbeat."""
        with self._writing() as unit:
            now = _now(unit, at)
            if renew_connection(unit, key, lease, now, lasts):
                return Kept.OPEN
            return Kept.TAKEN_OVER if gave_way(unit, key, lease, now) else Kept.OVER

    def close_connection(self, key: int, lease: str) -> None:
        """Let go."""
        with self._writing() as unit:
            drop_connection(unit, key, lease)

    def open_connections(self, key: int, at: datetime) -> int:
        """How many are open."""
        with _answering(), reading(self._database) as unit:
            return len(connections_of(unit, key, _now(unit, at)))

    def leases(self, key: int, at: datetime) -> list[Lease]:
        """Those that are open."""
        with _answering(), reading(self._database) as unit:
            rows = connections_of(unit, key, _now(unit, at))
        return [Lease(row.lease, row.opened_at, row.expires_at) for row in rows]

    @contextmanager
    def _writing(self) -> Iterator[UnitOfWork]:
        with _answering(), unit_of_work(self._database) as unit:
            yield unit


def _undo_if_refused(verdict: Verdict) -> None:
    if verdict.refused is not None:
        raise _RefusedError(verdict)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OF_THE_TRANSACTION as problem:
        raise CountersDown(problem.detail) from problem


def _now(unit: UnitOfWork, at: datetime) -> datetime:
    """The server's time where the caller means now, whatever the caller's clock says."""
    micros = server_micros(unit)
    if micros is None:
        return at
    now = instant_of(micros)
    return now if abs(now - at) <= LARGEST_SKEW else at


def _count(unit: UnitOfWork, key: int, check: Check, now: datetime, at: datetime) -> Reading:
    """What the window held before; the request is in it from now on."""
    window = check.window
    if not isinstance(window, Period):
        lock_limit(unit, key, check.name)
        drop_moments(unit, key, check.name, now - window)
        found = _look(unit, key, check, now, at)
        add_moment(unit, key, check.name, now, check.cost)
        return found
    used = add_use(
        unit,
        key,
        check.name,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        cost=check.cost,
        at_least=check.used_elsewhere,
    )
    if used == check.used_elsewhere + check.cost:
        # The first of its window tidies up; a gate whose clock is behind may still count there.
        drop_windows(unit, key, check.name, now - 2 * LARGEST_SKEW)
    return Reading(check, used - check.cost, window.ends_at)


def _look(unit: UnitOfWork, key: int, check: Check, now: datetime, at: datetime) -> Reading:
    """The same, and nothing is counted; what is now here is `at` by the caller's clock."""
    window = check.window
    if isinstance(window, Period):
        counted = use_of(unit, key, check.name, window.starts_at)
        return Reading(check, used_before(check, counted), window.ends_at)
    moments = moments_of(unit, key, check.name, now - window)
    used = used_within(moments, now, window)
    return moving_reading(check, used, at, at + (room_at(moments, now, check) - now))


def _take_moments(unit: UnitOfWork, key: int, check: Check, after: datetime) -> None:
    lock_limit(unit, key, check.name)
    left = check.cost
    for micros, used in reversed(moments_of(unit, key, check.name, after)):
        taken = min(used, left)
        if not taken:
            return
        set_moment(unit, key, check.name, micros, used - taken)
        left -= taken


def open_counters(context: Context) -> Counters:
    """Where the settings say that the gate counts; raises DriverMissing."""
    url = context.settings.gate_counters
    if url is None:
        return DatabaseCounters(context.database)
    from creditctl.adapters.counters.redis import RedisCounters  # only where it is used

    return RedisCounters(url)
