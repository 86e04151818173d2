import itertools
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.errors import InvalidInput
from creditctl.rules.periods import (
    Period,
    anchored_periods,
    calendar_month,
    month_text,
    months_after,
    parse_month,
)

ANCHORS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def monthly(_: datetime) -> str:
    return "month"


def anchored_period(anchor: datetime, index: int, interval: str) -> Period:
    far = anchor + timedelta(days=370 * (index + 1))
    return next(itertools.islice(anchored_periods(anchor, lambda _: interval, far), index, None))


def test_a_month_is_half_open() -> None:
    october = parse_month("2026-10")
    assert october == Period(at("2026-10-01"), at("2026-11-01"))
    assert at("2026-10-01") in october
    assert at("2026-10-31T23:59:59.999999") in october
    assert at("2026-11-01") not in october
    assert month_text(october) == "2026-10"


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "2026-1",
        "26-10",
        "2026/10",
        "2026-10-01",
        "0000-10",
        "\u0662\u0660\u0662\u0666-\u0661\u0660",
        "",
    ],
)
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a month"):
        parse_month(text)


def test_the_month_of_an_instant_is_the_utc_one() -> None:
    assert calendar_month(at("2026-12-31T23:59:59")) == parse_month("2026-12")


def test_the_31st_becomes_the_last_day_of_short_months_without_drifting() -> None:
    starts = [anchored_period(at("2026-01-31"), i, "month").starts_at for i in range(6)]
    assert starts == [
        at(day)
        for day in (
            "2026-01-31",
            "2026-02-28",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2026-06-30",
        )
    ]


def test_the_29th_meets_february_in_leap_years_only() -> None:
    assert months_after(at("2024-01-29"), 1) == at("2024-02-29")
    assert months_after(at("2025-01-29"), 1) == at("2025-02-28")


def test_a_year_that_starts_on_a_leap_day_ends_on_28_february_and_comes_back() -> None:
    anchor = at("2024-02-29")
    assert anchored_period(anchor, 0, "year") == Period(anchor, at("2025-02-28"))
    assert anchored_period(anchor, 4, "year").starts_at == at("2028-02-29")


def test_periods_until_an_instant_include_the_one_that_starts_at_it() -> None:
    anchor = at("2026-10-15T12:00:00")
    until = at("2026-11-15T12:00:00")
    assert len(list(anchored_periods(anchor, monthly, until))) == 2
    assert len(list(anchored_periods(anchor, monthly, until - timedelta(microseconds=1)))) == 1
    assert list(anchored_periods(anchor, monthly, anchor - timedelta(microseconds=1))) == []


def test_a_period_beyond_the_calendar_is_refused() -> None:
    anchor = at("9999-12-15")
    with pytest.raises(InvalidInput, match="too far in the future"):
        list(anchored_periods(anchor, monthly, anchor))
    with pytest.raises(InvalidInput, match="too far in the future"):
        parse_month("9999-12")


@given(ANCHORS, st.sampled_from(["month", "year"]))
@settings(max_examples=60, deadline=None)
def test_periods_tile_without_gap_or_overlap_on_the_anchor_day(
    anchor: datetime, interval: str
) -> None:
    periods = list(anchored_periods(anchor, lambda _: interval, anchor + timedelta(days=1500)))
    assert periods[0].starts_at == anchor
    for period, following in itertools.pairwise(periods):
        assert period.ends_at == following.starts_at
        assert period.starts_at < period.ends_at
    for period in periods:
        start = period.starts_at
        assert start.day == min(anchor.day, monthrange(start.year, start.month)[1])
        assert start.timetz() == anchor.timetz()


def by_the_calendar(anchor: datetime, months: int) -> datetime:
    """The anchor and so many months, by whole numbers alone."""
    years, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(
        year=years, month=month + 1, day=min(anchor.day, monthrange(years, month + 1)[1])
    )


def in_turns(starts_at: datetime) -> str:
    return "year" if starts_at.month % 3 == 0 else "month"


@pytest.mark.parametrize(
    ("interval_at", "days"),
    [(monthly, 124), (lambda _: "year", 1100), (in_turns, 500)],
    ids=["monthly", "annual", "with changes of interval"],
)
@pytest.mark.parametrize(
    ("since", "anchors"),
    # 131 years hold 47,847 days, 32 of them in leap years; 2096 is one and 2100 is none.
    [(2095, 2191), pytest.param(1970, 47_847, marks=pytest.mark.slow)],
    ids=["six years", "from 1970"],
)
def test_every_day_to_2100_is_an_anchor_without_gap_or_overlap(
    interval_at: Callable[[datetime], str], days: int, since: int, anchors: int
) -> None:
    for number in range(anchors):
        anchor = datetime(since, 1, 1, 23, 59, tzinfo=UTC) + timedelta(days=number)
        months, boundary = 0, anchor
        for period in anchored_periods(anchor, interval_at, anchor + timedelta(days=days)):
            assert period.starts_at == boundary
            months += 12 if interval_at(boundary) == "year" else 1
            boundary = by_the_calendar(anchor, months)
            assert period.ends_at == boundary
        assert boundary > anchor + timedelta(days=days)
    assert f"{anchor:%Y-%m-%d}" == "2100-12-31"


@pytest.mark.parametrize("day", range(1, 32))
def test_every_anchor_day_tiles_four_years_of_months(day: int) -> None:
    anchor = at(f"2023-12-{day:02d}")
    periods = [anchored_period(anchor, i, "month") for i in range(48)]
    assert [p.ends_at for p in periods[:-1]] == [p.starts_at for p in periods[1:]]
    # Four years hold 1,461 days, wherever they begin; the 31st of December is clamped nowhere.
    assert periods[-1].ends_at - anchor == timedelta(days=1461)
