from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.errors import InvalidInput
from creditctl.rules.instants import (
    day_number,
    day_of,
    instant_of,
    instant_text,
    micros_of,
    parse_day,
    parse_instant,
    start_of_day,
)

INSTANTS = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "same_instant"),
    [
        ("2026-10-31T23:59:00Z", "2026-10-31T23:59:00Z"),
        ("2026-11-01T01:29:00+01:30", "2026-10-31T23:59:00Z"),
        ("2026-10-31T19:59:00.25-04:00", "2026-10-31T23:59:00.250000Z"),
        ("2026-10-31", "2026-10-31T00:00:00Z"),
    ],
)
def test_any_offset_is_turned_into_utc_and_a_bare_date_is_its_midnight(
    text: str, same_instant: str
) -> None:
    assert instant_text(parse_instant(text)) == same_instant


def test_a_time_without_an_offset_is_refused_with_advice() -> None:
    with pytest.raises(InvalidInput, match="has no time zone") as refused:
        parse_instant("2026-10-31T23:59:00")
    assert refused.value.advice == "write it like 2026-10-31T23:59:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-02-29",
        "2026-10-31T24:01:00Z",
        "31.10.2026",
        "1793491140",
        "\u0662\u0660\u0662\u0666-10-31",
        "2026-10-31T23:59:60Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_not_an_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a time"):
        parse_instant(text)


def test_what_is_not_a_day_is_refused() -> None:
    assert parse_day("2026-10-31") == date(2026, 10, 31)
    with pytest.raises(InvalidInput, match="is not a day"):
        parse_day("2026-02-30")


@given(INSTANTS)
def test_an_instant_survives_text_and_microseconds(at: datetime) -> None:
    assert parse_instant(instant_text(at)) == at
    assert instant_of(micros_of(at)) == at


@given(INSTANTS, INSTANTS)
def test_microseconds_are_in_the_order_of_the_instants(a: datetime, b: datetime) -> None:
    assert (a < b) == (micros_of(a) < micros_of(b))


@given(st.dates())
def test_a_day_survives_its_number(day: date) -> None:
    assert day_of(day_number(day)) == day


def test_the_epoch_is_zero_and_the_day_before_it_minus_one() -> None:
    assert micros_of(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert day_number(date(1969, 12, 31)) == -1
    assert micros_of(datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)) == -1


def test_a_day_starts_at_its_utc_midnight() -> None:
    assert start_of_day(parse_instant("2026-11-01T00:30:00+01:00")) == parse_instant("2026-10-31")
