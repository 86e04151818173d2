"""When credits are bought back, how many, and how long a decline is waited for."""

from datetime import UTC, datetime, timedelta

import pytest

from creditctl.errors import InvalidInput
from creditctl.rules.recharges import (
    back_off,
    credits_needed,
    has_expired,
    next_attempt,
    parse_wait,
)
from creditctl.rules.units import Credits

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spendable", "needed"),
    [("100", "0"), ("99.999999", "900.000001"), ("0", "1000"), ("-300", "1300"), ("1000", "0")],
)
def test_below_the_threshold_exactly_what_is_missing_to_the_target(
    spendable: str, needed: str
) -> None:
    found = credits_needed(Credits.parse(spendable), Credits.parse("100"), Credits.parse("1000"))
    assert str(found) == needed


def test_each_decline_is_waited_for_longer_and_the_third_ends_it() -> None:
    assert [back_off(declines) for declines in (1, 2, 3, 4)] == [HOUR, 6 * HOUR, None, None]


@pytest.mark.parametrize(
    ("last_at", "retry_at", "expected"),
    [
        (None, None, None),
        (NOON, None, NOON + HOUR),
        (NOON, NOON + 2 * HOUR, NOON + 2 * HOUR),
        (NOON, NOON, NOON + HOUR),
        (None, NOON, NOON),
    ],
)
def test_the_next_attempt_waits_for_cool_down_and_back_off(
    last_at: datetime | None, retry_at: datetime | None, expected: datetime | None
) -> None:
    assert next_attempt(last_at, HOUR, retry_at) == expected


@pytest.mark.parametrize(
    ("expires", "at", "expected"),
    [
        (None, datetime(2099, 1, 1, tzinfo=UTC), False),
        ("2026-12", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        ("2026-12", datetime(2027, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_card_can_be_charged_until_its_month_ends(
    expires: str | None, at: datetime, expected: bool
) -> None:
    assert has_expired(expires, at) is expected


def test_waits_are_read_in_minutes_hours_and_days() -> None:
    assert [parse_wait(text) for text in ("90m", "1h", "2d", "0h")] == [
        timedelta(minutes=90),
        HOUR,
        timedelta(days=2),
        timedelta(0),
    ]
    for text in ("1", "h", "-1h", "1.5h", "1w", "367d", "٣h"):
        with pytest.raises(InvalidInput):
            parse_wait(text)
