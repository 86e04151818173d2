"""One contract for every store of counters: SQLite, PostgreSQL, Redis."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counter_stores import EVERY_STORE, a_key, counters_of
from creditctl import clock
from creditctl.adapters.counters.interface import (
    REMEMBERED,
    Connections,
    Counters,
    CountersDown,
    Kept,
    Lease,
)
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.context import Context
from creditctl.rules.instants import micros_of
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.rate_limits import Check, room_at, used_within
from creditctl.services.gate_counters import DatabaseCounters

pytestmark = EVERY_STORE
# Years from any clock, so that it is meant as it is said.
NOW = datetime(2041, 5, 17, 12, tzinfo=UTC)
MONTH = calendar_month(NOW)
TEN = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
NUMBERS = itertools.count()
LIGHT = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def counters(database: str, kind: str, request: pytest.FixtureRequest) -> Counters:
    url = request.getfixturevalue("running_redis") if kind == "redis" else ""
    if kind == "redis":
        RedisCounters(url)._client.flushall()
    return counters_of(kind, database, url)


@pytest.fixture
def key(context: Context) -> int:
    return a_key(context)


def quota(limit: int | None, *, cost: int = 1, used_elsewhere: int = 0) -> Check:
    return Check("requests_per_period", limit, MONTH, cost, used_elsewhere)


def burst(limit: int, cost: int = 1) -> Check:
    return Check("burst_per_10_seconds", limit, TEN, cost)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def admitted(counters: Counters, key: int, *checks: Check, times: int, at: datetime = NOW) -> int:
    return sum(counters.hit(key, checks, at).refused is None for _ in range(times))


def test_threads_that_count_at_the_same_time_are_admitted_as_often_as_one(
    counters: Counters, key: int
) -> None:
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(counters.hit, key, [quota(100), burst(11)], NOW) for _ in range(24)]
    assert sum(one.result().refused is None for one in asked) == 11
    # What was refused counts in no window.
    assert counters.peek(key, [quota(100)], NOW).readings[0].remaining == 89


def test_many_at_once_are_counted_as_one_after_the_other(
    counters: Counters, key: int, context: Context
) -> None:
    other = a_key(context, "globex")
    hits = [(key, [quota(2)]), (other, [quota(9), burst(1)]), (key, []), (key, [quota(2)])]
    found = counters.hit_all([*hits, (other, [quota(9), burst(1)]), (key, [quota(2)])], NOW)
    assert [verdict.refused is None for verdict in found] == [True, True, True, True, False, False]
    assert [reading.remaining for one in found for reading in one.readings[:1]] == [1, 8, 0, 8, 0]
    assert counters.hit_all([], NOW) == []
    assert counters.peek(key, [quota(2)], NOW).readings[0].used == 2


@LIGHT
@given(
    before=st.integers(0, 4),
    limits=st.tuples(st.none() | st.integers(0, 9), st.integers(0, 6)),
    cost=st.integers(1, 3),
    requests=st.integers(1, 7),
)
def test_requests_of_one_key_that_come_together_have_the_verdicts_of_one_after_the_other(
    counters: Counters,
    context: Context,
    before: int,
    limits: tuple[int | None, int],
    cost: int,
    requests: int,
) -> None:
    number = next(NUMBERS)
    together, apart = (a_key(context, f"{name}-{number}") for name in ("together", "apart"))
    checks = [quota(limits[0], cost=cost), burst(limits[1], cost)]
    for key in (together, apart):
        admitted(counters, key, quota(None), burst(9), times=before, at=after(-3))
    found = counters.hit_all([(together, checks)] * requests, NOW)
    assert found == [counters.hit(apart, checks, NOW) for _ in range(requests)]
    assert counters.peek(together, checks, NOW) == counters.peek(apart, checks, NOW)


def test_a_quota_admits_exactly_its_number(counters: Counters, key: int) -> None:
    assert [counters.hit(key, [quota(3)], NOW).readings[0].remaining for _ in range(3)] == [2, 1, 0]
    verdict = counters.hit(key, [quota(3)], NOW)
    assert verdict.refused is not None
    assert (verdict.refused.used, verdict.refused.remaining) == (3, 0)
    assert verdict.refused.resets_at == MONTH.ends_at


def test_a_request_that_one_window_refuses_is_counted_in_none(counters: Counters, key: int) -> None:
    checks = [quota(100), burst(2)]
    assert admitted(counters, key, *checks, times=5) == 2
    assert counters.peek(key, checks, NOW).readings[0].used == 2
    # the other way round: a full quota leaves the burst alone
    assert admitted(counters, key, burst(9), quota(2), times=5) == 0
    assert counters.peek(key, [burst(9)], NOW).readings[0].used == 2


def test_the_first_check_that_refuses_is_told(counters: Counters, key: int) -> None:
    verdict = counters.hit(key, [quota(0), burst(0)], NOW)
    assert verdict.refused is not None
    assert verdict.refused.check.name == "requests_per_period"
    assert len(verdict.readings) == 2


def test_another_period_and_another_key_start_at_zero(
    counters: Counters, key: int, context: Context
) -> None:
    other = a_key(context, "globex")
    assert admitted(counters, key, quota(2), times=3) == 2
    assert admitted(counters, other, quota(2), times=3) == 2
    june = calendar_month(MONTH.ends_at)
    next_quota = Check("requests_per_period", 2, june)
    assert admitted(counters, key, next_quota, times=3, at=june.starts_at) == 2


def test_a_changed_limit_counts_at_once_in_both_directions(counters: Counters, key: int) -> None:
    assert admitted(counters, key, quota(5), times=4) == 4
    assert admitted(counters, key, quota(3), times=2) == 0
    assert admitted(counters, key, quota(6), times=9) == 2
    assert admitted(counters, key, burst(5), times=4) == 4
    assert admitted(counters, key, burst(3), times=2) == 0
    assert admitted(counters, key, burst(6), times=9) == 2


def test_without_a_limit_it_counts_and_never_refuses(counters: Counters, key: int) -> None:
    assert admitted(counters, key, quota(None), times=3) == 3
    reading = counters.peek(key, [quota(None)], NOW).readings[0]
    assert (reading.used, reading.remaining) == (3, None)
    assert admitted(counters, key, quota(4), times=3) == 1


def test_many_are_counted_together_or_not_at_all(counters: Counters, key: int) -> None:
    assert admitted(counters, key, quota(10, cost=4), times=3) == 2
    assert counters.peek(key, [quota(10)], NOW).readings[0].used == 8
    assert admitted(counters, key, burst(10, cost=4), times=3) == 2
    assert counters.peek(key, [burst(10)], NOW).readings[0].used == 8


def test_what_was_used_elsewhere_is_not_counted_twice(counters: Counters, key: int) -> None:
    # three by the gate, which are then booked with five more that came from a file
    assert admitted(counters, key, quota(10), times=3) == 3
    assert admitted(counters, key, quota(10, used_elsewhere=8), times=9) == 2
    # the counter has caught up: it knows all ten
    assert counters.peek(key, [quota(10)], NOW).readings[0].used == 10


def test_a_burst_slides_to_the_microsecond(counters: Counters, key: int) -> None:
    for second in (0, 4):
        assert admitted(counters, key, burst(2), times=1, at=after(second)) == 1
    refused = counters.hit(key, [burst(2)], after(9)).refused
    assert refused is not None
    assert refused.resets_at == after(10)
    just_before = after(10) - timedelta(microseconds=1)
    assert admitted(counters, key, burst(2), times=1, at=just_before) == 0
    assert admitted(counters, key, burst(2), times=2, at=after(10)) == 1
    assert counters.peek(key, [burst(2)], after(14)).readings[0].used == 1


def test_a_request_above_the_whole_limit_waits_for_an_empty_window(
    counters: Counters, key: int
) -> None:
    assert admitted(counters, key, burst(3), times=2) == 2
    refused = counters.hit(key, [burst(3, cost=9)], after(1)).refused
    assert refused is not None
    assert refused.resets_at == after(10)
    assert counters.hit(key, [burst(0)], after(60)).refused is not None


def test_peeking_changes_nothing(counters: Counters, key: int) -> None:
    checks = [quota(5), burst(5)]
    assert admitted(counters, key, *checks, times=1) == 1
    # even a look from a later time, when the burst is over
    assert counters.peek(key, checks, after(100)).readings[1].used == 0
    for _ in range(3):
        assert [reading.used for reading in counters.peek(key, checks, NOW).readings] == [1, 1]


def test_a_denied_request_is_taken_back(counters: Counters, key: int) -> None:
    checks = [quota(5), burst(5)]
    assert admitted(counters, key, *checks, times=2) == 2
    counters.take_back(key, checks, NOW)
    assert [reading.used for reading in counters.peek(key, checks, NOW).readings] == [1, 1]
    for _ in range(3):
        counters.take_back(key, checks, NOW)
    assert [reading.used for reading in counters.peek(key, checks, NOW).readings] == [0, 0]


STEPS = st.lists(
    st.tuples(st.integers(0, 6_000_000), st.integers(1, 3), st.integers(0, 6)), max_size=12
)


@LIGHT
@given(STEPS)
def test_a_moving_window_is_what_the_model_says(
    counters: Counters, key: int, steps: list[tuple[int, int, int]]
) -> None:
    """Each step waits some microseconds, then asks at some cost under some limit."""
    name = f"burst-{next(NUMBERS)}"
    at, moments = NOW, []
    for wait, cost, limit in steps:
        at += timedelta(microseconds=wait)
        check = Check(name, limit, TEN, cost)
        used = used_within(moments, at, TEN)
        verdict = counters.hit(key, [check], at)
        reading = verdict.readings[0]
        if used + cost <= limit:
            assert (verdict.refused, reading.used) == (None, used + cost)
            moments.append((micros_of(at), cost))
        else:
            assert verdict.refused == reading
            assert (reading.used, reading.resets_at) == (used, room_at(moments, at, check))


def test_gates_whose_clocks_differ_share_one_burst(
    counters: Counters, key: int, kind: str, database: str
) -> None:
    """Four minutes fast, four minutes slow: still the same ten seconds, where there is a server."""
    if kind == "database" and database.startswith("sqlite"):
        pytest.skip("one machine has one clock")
    now, skew = clock.now(), timedelta(minutes=4)
    times = [now + skew, now - skew, now, now - skew, now + skew, now]
    assert sum(counters.hit(key, [burst(3)], at).refused is None for at in times) == 3


@pytest.mark.parametrize("minutes", [-4, 0, 4])
def test_when_there_is_room_is_told_by_the_callers_clock(
    counters: Counters, key: int, minutes: int
) -> None:
    at = clock.now() + timedelta(minutes=minutes)
    first = counters.hit(key, [burst(1)], at).readings[0]
    assert first.resets_at == at + TEN
    again = clock.now() + timedelta(minutes=minutes)
    for verdict in (counters.hit(key, [burst(1)], again), counters.peek(key, [burst(1)], again)):
        assert verdict.refused is not None
        assert timedelta(0) < verdict.refused.resets_at - again <= TEN


def test_a_gate_whose_clock_is_behind_still_knows_the_last_hour(
    counters: Counters, key: int
) -> None:
    hour = Period(NOW - timedelta(hours=1), NOW)
    last, new = (
        Check("requests_per_hour", 2, window)
        for window in (hour, Period(NOW, NOW + timedelta(hours=1)))
    )
    assert admitted(counters, key, last, times=2, at=after(-1)) == 2
    assert admitted(counters, key, new, times=1, at=after(1)) == 1
    assert admitted(counters, key, last, times=2, at=after(-1)) == 0


def opened(
    counters: Counters,
    key: int,
    lease: str,
    at: datetime = NOW,
    limit: int | None = 2,
    **more: bool,
) -> Connections:
    return counters.open_connection(key, lease, at, limit=limit, lasts=MINUTE, **more)


def test_connections_are_held_up_to_the_limit(counters: Counters, key: int) -> None:
    assert opened(counters, key, "a") == Connections(True, 1)
    assert opened(counters, key, "b") == Connections(True, 2)
    assert opened(counters, key, "c") == Connections(False, 2)
    assert opened(counters, key, "a") == Connections(True, 2)  # open already: renewed
    counters.close_connection(key, "a")
    counters.close_connection(key, "a")
    assert opened(counters, key, "c") == Connections(True, 2)
    assert opened(counters, key, "d", limit=None) == Connections(True, 3)
    assert opened(counters, key, "e", limit=0, take_over=True) == Connections(False, 3)


def test_a_connection_without_a_heartbeat_is_over(counters: Counters, key: int) -> None:
    opened(counters, key, "quiet")
    opened(counters, key, "beating")
    assert counters.keep_open(key, "beating", after(50), lasts=MINUTE) is Kept.OPEN
    assert counters.open_connections(key, after(59)) == 2
    assert counters.open_connections(key, after(60)) == 1
    assert counters.keep_open(key, "quiet", after(60), lasts=MINUTE) is Kept.OVER
    assert opened(counters, key, "new", after(60)) == Connections(True, 2)
    assert counters.keep_open(key, "never", after(60), lasts=MINUTE) is Kept.OVER


def test_the_oldest_gives_way_to_a_take_over(counters: Counters, key: int) -> None:
    opened(counters, key, "old")
    opened(counters, key, "older-name", after(1))
    assert (
        counters.keep_open(key, "old", after(2), lasts=MINUTE) is Kept.OPEN
    )  # a heartbeat makes none younger
    taken = opened(counters, key, "new", after(3), take_over=True)
    assert taken == Connections(True, 2, "old")
    assert counters.keep_open(key, "old", after(4), lasts=MINUTE) is Kept.TAKEN_OVER
    assert [lease.name for lease in counters.leases(key, after(4))] == ["older-name", "new"]
    # That is remembered as long as a lease lasts, unless it is opened again.
    assert opened(counters, key, "old", after(5), take_over=True).evicted == "older-name"
    assert counters.keep_open(key, "old", after(6), lasts=MINUTE) is Kept.OPEN
    assert counters.keep_open(key, "older-name", after(64), lasts=MINUTE) is Kept.TAKEN_OVER
    assert counters.keep_open(key, "older-name", after(65), lasts=MINUTE) is Kept.OVER


def test_a_key_that_takes_over_without_end_does_not_fill_the_store(
    counters: Counters, key: int
) -> None:
    for number in range(REMEMBERED + 3):
        found = opened(counters, key, f"c-{number}", limit=1, take_over=True)
        assert (found.is_admitted, found.open) == (True, 1)
    beats = [
        counters.keep_open(key, f"c-{number}", NOW, lasts=MINUTE)
        for number in range(REMEMBERED + 3)
    ]
    assert beats == [Kept.TAKEN_OVER] * REMEMBERED + [Kept.OVER] * 2 + [Kept.OPEN]


def test_open_connections_are_told_with_their_times(counters: Counters, key: int) -> None:
    opened(counters, key, "b")
    opened(counters, key, "a", after(1))
    counters.keep_open(key, "b", after(30), lasts=MINUTE)
    assert counters.leases(key, after(31)) == [
        Lease("b", NOW, after(90)),
        Lease("a", after(1), after(61)),
    ]
    assert [lease.name for lease in counters.leases(key, after(61))] == ["b"]


def test_counters_that_do_not_answer_say_so(kind: str, database: str, context: Context) -> None:
    nowhere = {
        "redis": RedisCounters("unix:///nowhere/socket"),
        "database": DatabaseCounters("sqlite:////nowhere/books.db"),
    }[kind]
    with pytest.raises(CountersDown):
        nowhere.hit(1, [quota(1)], NOW)
    with pytest.raises(CountersDown):
        nowhere.open_connections(1, NOW)
