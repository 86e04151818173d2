"""When a notification is tried again, and when a destination is left alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.delivery_schedule import (
    LIFETIME,
    next_attempt,
    open_until,
    rest_after,
    wait_after,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLAIN = [0, 30, 120, 600, 1800, 3600, 7200, 14400, 14400]
"""Seconds; jitter adds less than a fifth."""

IDS = st.text(max_size=40)
COUNTS = st.integers(0, 200)


@given(COUNTS, IDS)
def test_waits_never_get_shorter_and_jitter_adds_less_than_a_fifth(
    failures: int, name: str
) -> None:
    wait = wait_after(failures, name)
    assert wait <= wait_after(failures + 1, name)
    plain = timedelta(seconds=PLAIN[min(failures, 8)])
    assert plain <= wait <= plain * 6 / 5
    assert wait == wait_after(failures, name)


def test_jitter_differs_between_notifications() -> None:
    assert len({wait_after(3, f"ntf_{i}") for i in range(50)}) > 20


@given(IDS)
def test_a_notification_is_tried_about_a_dozen_times_in_its_lifetime(name: str) -> None:
    at, attempts = NOW, 0
    while at < NOW + LIFETIME:
        attempts += 1
        at = next_attempt(attempts, name, at)
    # 3 h 42 min for the first seven, then every 4 h to 4 h 48 min
    assert 11 <= attempts <= 13


@given(COUNTS, IDS, st.one_of(st.none(), st.integers(-10, 10**9)))
def test_what_the_receiver_asks_for_is_honoured_within_a_day(
    failures: int, name: str, retry_after: int | None
) -> None:
    wait = next_attempt(failures, name, NOW, retry_after) - NOW
    asked = timedelta(seconds=min(max(retry_after or 0, 0), 86_400))
    assert wait == max(wait_after(failures, name), asked)


def test_after_five_failures_in_a_row_a_destination_rests_longer_each_time() -> None:
    minutes = [rest_after(failures) for failures in range(11)]
    assert minutes[:5] == [None] * 5
    assert [rest // timedelta(minutes=1) for rest in minutes[5:] if rest] == [5, 10, 20, 40, 60, 60]
    assert rest_after(10**6) == timedelta(hours=1)


def test_a_destination_that_asks_to_be_left_alone_is() -> None:
    assert open_until(1, NOW) is None
    assert open_until(1, NOW, 90) == NOW + timedelta(seconds=90)
    assert open_until(5, NOW, 90) == NOW + timedelta(minutes=5)
