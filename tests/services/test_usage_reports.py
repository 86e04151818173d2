"""Reports say what the events add up to, whatever they are grouped by."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, open_books
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.charts import bar, merged, sparkline
from creditctl.rules.periods import Period
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_reports import GROUPED_BY, report_usage

START = datetime(2026, 10, 5, tzinfo=UTC)
HOURS = 60
_numbers = iter(range(10**9))


@pytest.fixture
def books(context: Context) -> Context:
    open_books(context)
    for slug in ("acme", "beta"):
        an_organization(context, slug)
    return context


def imported(context: Context, tmp_path: Path, events: list[tuple[str, int, str, str]]) -> None:
    """Events of (organization, minute since START, path, status)."""
    path = tmp_path / f"{next(_numbers)}.csv"
    times = [(START + timedelta(minutes=minute)).isoformat() for _, minute, _, _ in events]
    lines = [
        f"{next(_numbers)},{at},{slug},GET {url},{code},1"
        for at, (slug, _, url, code) in zip(times, events, strict=True)
    ]
    path.write_text("\n".join(["id,time,org,endpoint,status,units", *lines, ""]))
    summary = import_usage(context, [path])
    assert summary.rejected == 0


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["acme", "beta"]),
        st.integers(0, HOURS * 60 - 1),
        st.sampled_from(["/rows", "/third"]),
        st.sampled_from(["200", "404", "500"]),
    ),
    min_size=1,
    max_size=15,
)


@given(EVENTS, st.integers(0, HOURS - 1), st.integers(1, HOURS), st.sampled_from([None, "acme"]))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_groups_add_up_to_the_events_of_their_hours(
    books: Context,
    tmp_path: Path,
    events: list[tuple[str, int, str, str]],
    first: int,
    length: int,
    organization: str | None,
) -> None:
    before = {by: counted(books, by, first, length, organization) for by in GROUPED_BY}
    imported(books, tmp_path, events)
    inside = [
        event
        for event in events
        if first <= event[1] // 60 < first + length and organization in (None, event[0])
    ]
    for by, previous in before.items():
        now = counted(books, by, first, length, organization)
        if now is not None and previous is not None:
            assert sum((now - previous).values()) == len(inside), by


def counted(
    context: Context, by: str, first: int, length: int, organization: str | None
) -> Counter[str] | None:
    """Requests by group; None where only whole days can be told."""
    starts_at = START + timedelta(hours=first)
    period = Period(starts_at, starts_at + timedelta(hours=length))
    try:
        report = report_usage(context, period, grouped_by=by, organization=organization)
    except InvalidInput:
        assert by in ("status", "tier")
        assert first % 24 or (first + length) % 24
        return None
    assert report.requests == sum(group.requests for group in report.groups)
    return Counter({group.group: group.requests for group in report.groups})


def test_a_trend_has_the_credits_of_each_day_and_each_hour(books: Context, tmp_path: Path) -> None:
    imported(
        books,
        tmp_path,
        [("acme", minute, "/rows", "200") for minute in (0, 61, 24 * 60)],
    )
    days = report_usage(books, Period(START, START + timedelta(days=3)), grouped_by="endpoint")
    (group,) = (one for one in days.groups if one.credits)
    assert [str(credits) for credits in group.trend] == ["2", "1", "0"]
    assert group.sparkline == "█▅ "
    assert group.bar == "█" * 6
    hours = report_usage(
        books, Period(START, START + timedelta(days=1)), grouped_by="endpoint", organization="acme"
    )
    (group,) = (one for one in hours.groups if one.credits)
    assert [str(credits) for credits in group.trend[:3]] == ["1", "1", "0"]
    assert len(group.trend) == 24


def test_days_without_usage_are_shown_up_to_now(books: Context) -> None:
    period = Period(NOW - timedelta(days=3), NOW + timedelta(days=3))
    report = report_usage(books, period, grouped_by="day")
    assert [group.group for group in report.groups] == [
        "2026-10-29",
        "2026-10-30",
        "2026-10-31",
        "2026-11-01",
    ]


def test_hours_of_more_than_a_month_are_refused(books: Context) -> None:
    period = Period(NOW - timedelta(days=32), NOW)
    with pytest.raises(InvalidInput, match="more than 31 days"):
        report_usage(books, period, grouped_by="hour")


@pytest.mark.parametrize(
    ("part", "whole", "picture"),
    [(0, 5, ""), (5, 5, "█" * 10), (1, 1000, "▏"), (1, 2, "█" * 5), (9, 16, "█████▋"), (1, 0, "")],
)
def test_a_bar_is_exact_to_an_eighth(part: int, whole: int, picture: str) -> None:
    assert bar(part, whole) == picture


def test_neighbours_are_summed_until_they_fit() -> None:
    assert merged([1, 2, 3, 4, 5], 2) == [6, 9]
    assert merged([1, 2], 16) == [1, 2]
    assert merged([], 16) == []


def test_a_sparkline_has_a_gap_where_nothing_was() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▂▅█"
    assert sparkline([0, 0]) == sparkline([]) == ""
