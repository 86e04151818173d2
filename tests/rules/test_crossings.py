"""Crossings: told once per line, place and window; over when they recover."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.budgets import Kind, Line, Measure, Reading, Scope, Span, Threshold
from creditctl.rules.crossings import Crossing, CrossingChanges, crossing_changes
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def changes_of(readings: list[Reading], known: Iterable[Crossing]) -> CrossingChanges:
    return crossing_changes(readings, known, MONDAY + timedelta(hours=7))


def day(number: int = 0) -> Period:
    starts_at = MONDAY + timedelta(days=number)
    return Period(starts_at, starts_at + timedelta(days=1))


def reading(usage: int, *, revision: int = 1, window: Period | None = None) -> Reading:
    line = Line("l", revision, Kind.NOTIFY, Measure.USAGE, Span.DAY, Scope.ALL, Threshold())
    return Reading(line, Credits(usage), Credits(100), window)


def crossing(*, revision: int = 1, window: Period | None = None, is_open: bool = True) -> Crossing:
    starts_at = window.starts_at if window else MONDAY
    return Crossing(1, "l", revision, starts_at, window.ends_at if window else None, is_open)


def test_what_is_crossed_for_the_first_time_is_told() -> None:
    changes = changes_of([reading(101, window=day())], [])
    assert [one.usage for one in changes.crossed] == [Credits(101)]


def test_what_is_open_is_not_told_again() -> None:
    assert not changes_of([reading(500, window=day())], [crossing(window=day())])


def test_what_falls_below_its_line_recovers() -> None:
    changes = changes_of([reading(100, window=day())], [crossing(window=day())])
    assert (len(changes.recovered), changes.crossed) == (1, ())


def test_what_is_crossed_again_in_the_same_window_is_open_and_not_told() -> None:
    changes = changes_of([reading(101, window=day())], [crossing(window=day(), is_open=False)])
    assert (len(changes.reopened), changes.crossed, changes.recovered) == (1, (), ())


def test_another_day_is_another_crossing_and_the_end_of_the_first() -> None:
    changes = changes_of([reading(101, window=day(1))], [crossing(window=day())])
    assert (len(changes.crossed), len(changes.recovered)) == (1, 1)


def test_a_line_that_moved_is_armed_anew() -> None:
    changes = changes_of([reading(101, revision=2, window=day())], [crossing(window=day())])
    assert (len(changes.crossed), len(changes.recovered)) == (1, 1)


def test_without_a_window_two_looks_at_one_instant_are_one() -> None:
    changes = crossing_changes([reading(101)], [crossing(is_open=False)], MONDAY)
    assert (changes.crossed, len(changes.reopened)) == ((), 1)


def test_a_line_that_was_removed_recovers() -> None:
    assert len(changes_of([], [crossing(window=day())]).recovered) == 1


def test_without_a_window_each_time_is_a_crossing() -> None:
    assert not changes_of([reading(101)], [crossing()])
    again = changes_of([reading(101)], [crossing(is_open=False)])
    assert (len(again.crossed), again.reopened) == (1, ())


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 3), st.integers(0, 3)), max_size=30))
def test_nobody_is_told_twice_about_a_line_a_place_and_a_day(
    steps: list[tuple[int, int, int]],
) -> None:
    """Whatever usage, revision and day do between checks."""
    known: dict[int, Crossing] = {}
    told: list[tuple[int, datetime]] = []
    for usage, revision, number in steps:
        now = reading(usage, revision=revision, window=day(number))
        changes = changes_of([now], known.values())
        for one in (*changes.recovered, *changes.reopened):
            known[one.id] = Crossing(
                one.id,
                one.line,
                one.revision,
                one.window_starts_at,
                one.window_ends_at,
                one in changes.reopened,
            )
        for new in changes.crossed:
            told.append((revision, day(number).starts_at))
            number_of_it = len(known) + 1
            known[number_of_it] = Crossing(
                number_of_it,
                new.line.id,
                revision,
                day(number).starts_at,
                day(number).ends_at,
                True,
            )
        assert [one for one in known.values() if one.is_open] == [
            one
            for one in known.values()
            if now.is_crossed
            and (one.revision, one.window_starts_at) == (revision, day(number).starts_at)
        ]
    assert len(told) == len(set(told))


def test_what_was_crossed_in_a_window_nobody_saw_the_end_of_is_told_once() -> None:
    yesterday = reading(101, window=day())
    first = crossing_changes([reading(0, window=day(1))], [], MONDAY, [yesterday])
    assert (first.missed, first.crossed, bool(first)) == ((yesterday,), (), True)
    seen = crossing(window=day(), is_open=False)
    assert not crossing_changes([reading(0, window=day(1))], [seen], MONDAY, [yesterday])


def test_what_was_within_its_line_when_the_window_ended_was_not_missed() -> None:
    assert not crossing_changes([], [], MONDAY, [reading(100, window=day())])


def test_windows_that_ended_are_those_since_a_time() -> None:
    noon = MONDAY + timedelta(hours=12)
    assert Span.DAY.ended(noon, noon + timedelta(hours=11)) == []
    assert Span.DAY.ended(noon, day(2).ends_at) == [day(), day(1), day(2)]
    assert Span.DAY.ended(day(1).starts_at, day(1).ends_at) == [day(1)]
    assert [one.starts_at.month for one in Span.MONTH.ended(noon, noon + timedelta(days=70))] == [
        11,
        12,
    ]
    assert Span.NONE.ended(noon, noon + timedelta(days=9)) == []
    assert Span.DAY.ended(noon, MONDAY) == []
