"""Windows of a key: which there are, what they hold, when they have room."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.instants import micros_of
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.rate_limits import (
    Channel,
    Check,
    Reading,
    checks_for,
    room_at,
    used_before,
    used_within,
    verdict_of,
)

NOW = datetime(2026, 11, 17, 12, 34, 56, tzinfo=UTC)
MONTH = calendar_month(NOW)
TEN = timedelta(seconds=10)
ALL = {"requests_per_period": 500, "requests_per_hour": 50, "burst_per_10_seconds": 5}


def test_a_request_is_counted_in_the_longest_window_first() -> None:
    quota, hour, burst = checks_for(Channel.REST, ALL, MONTH, NOW, imported=7)
    assert (quota.name, quota.limit, quota.window) == ("requests_per_period", 500, MONTH)
    assert quota.used_elsewhere == 7
    assert hour.window == Period(
        datetime(2026, 11, 17, 12, tzinfo=UTC), datetime(2026, 11, 17, 13, tzinfo=UTC)
    )
    assert (burst.window, burst.limit) == (TEN, 5)
    assert [check.seconds for check in (quota, hour, burst)] == [30 * 86_400, 3600, 10]


def test_a_plan_without_limits_still_counts_the_period() -> None:
    (quota,) = checks_for(Channel.REST, {}, MONTH, NOW)
    assert (quota.name, quota.limit) == ("requests_per_period", None)


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (Channel.STREAM, "streamed_messages_per_period"),
        (Channel.WEBHOOK, "webhook_deliveries_per_period"),
    ],
)
def test_other_channels_have_a_quota_of_their_own(channel: Channel, name: str) -> None:
    (check,) = checks_for(channel, ALL | {name: 9}, MONTH, NOW, cost=4, imported=7)
    assert check == Check(name, 9, MONTH, 4)


def test_connections_and_webhooks_are_held_and_not_counted() -> None:
    for channel in (Channel.WEBSOCKET, Channel.WEBHOOK_SETUP):
        assert checks_for(channel, ALL, MONTH, NOW) == ()


@pytest.mark.parametrize(
    ("counted", "imported", "holds"), [(0, 0, 0), (5, 3, 5), (3, 5, 5), (4, 4, 4)]
)
def test_the_larger_of_counter_and_usage_holds(counted: int, imported: int, holds: int) -> None:
    assert used_before(Check("quota", 9, MONTH, 1, imported), counted) == holds


def reading(limit: int | None, used: int, cost: int = 1) -> Reading:
    return Reading(Check("any", limit, MONTH, cost), used, MONTH.ends_at)


def test_a_verdict_counts_in_all_windows_or_in_none() -> None:
    both = verdict_of([reading(5, 4), reading(None, 90)])
    assert both.refused is None
    assert [(found.used, found.remaining) for found in both.readings] == [(5, 0), (91, None)]
    first, second = reading(5, 4), reading(3, 3)
    refused = verdict_of([first, second, reading(0, 0)])
    assert refused.readings[:2] == (first, second)
    assert refused.refused == second


def test_a_limit_that_sank_below_what_was_used_leaves_nothing() -> None:
    assert reading(3, 7).remaining == 0


def test_what_was_used_exactly_a_window_ago_is_over() -> None:
    start = micros_of(NOW)
    moments = [(start, 2), (start + 1, 3)]
    assert used_within(moments, NOW, TEN) == 5
    assert used_within(moments, NOW + TEN, TEN) == 3
    assert used_within(moments, NOW + TEN + timedelta(microseconds=1), TEN) == 0


MOMENTS = st.lists(
    st.tuples(st.integers(0, 9_999_999), st.integers(1, 4)), max_size=8, unique_by=lambda m: m[0]
).map(sorted)


@given(MOMENTS, st.integers(0, 12), st.integers(1, 4))
def test_there_is_room_when_told_and_not_a_microsecond_before(
    seconds: list[tuple[int, int]], limit: int, cost: int
) -> None:
    at = NOW + TEN - timedelta(microseconds=1)
    moments = [(micros_of(NOW) + wait, used) for wait, used in seconds]
    check = Check("burst", limit, TEN, cost)
    free = room_at(moments, at, check)
    assert free >= at
    if cost > limit:
        assert used_within(moments, free, TEN) == 0  # it never fits: told is the empty window
        return
    assert used_within(moments, free, TEN) + cost <= limit
    if free > at:
        before = free - timedelta(microseconds=1)
        assert used_within(moments, before, TEN) + cost > limit
