"""Which of many events are new is what the sift of one after the other says (DESIGN 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.columns.duplicates import (
    in_key_order,
    judged,
    rejudged,
    repeated,
    shared,
    with_repeats,
)
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.rules.usage_duplicates import Sighting, sift

HOUR = MICROS_PER_HOUR


@dataclass(frozen=True)
class Event:
    """An event as the one-event rule sees it."""

    line: int
    event_id: bytes
    sighting: Sighting


def columns_of(rows: Sequence[tuple[int, int, int, int]]) -> PricedColumns:
    """Rows of (high, low, time, units), one a line."""
    high, low, at, units = (
        np.array([row[place] for row in rows], np.uint64 if place < 2 else np.int64)
        for place in range(4)
    )
    ones = np.ones(len(rows), np.int64)
    return PricedColumns(
        line=np.arange(1, len(rows) + 1),
        high=high,
        low=low,
        occurred_at=at,
        organization_id=ones,
        api_key_id=ones * 0,
        price=ones * 0,
        endpoint_id=ones,
        status=ones * 200,
        units=units,
        credits_micro=ones,
        failed=ones * 0,
        texts=None,
    )


HALVES = st.integers(0, 2) | st.just(2**64 - 1)
ROWS = st.lists(
    st.tuples(HALVES, HALVES, st.integers(0, 5 * HOUR) | st.just(HOUR), st.integers(0, 1)),
    max_size=30,
)


@given(ROWS, st.sampled_from([0, HOUR // 2, HOUR, 3 * HOUR]))
def test_the_verdict_is_that_of_the_sift(
    rows: list[tuple[int, int, int, int]], window: int
) -> None:
    events = in_key_order(columns_of(rows))
    repeats = repeated(events)
    verdict = judged(events, repeats, np.zeros(len(rows), bool), (), window)
    one_by_one = [
        Event(int(events.line[place]), events.event_id(place), *events.sightings([place]))
        for place in np.argsort(events.line).tolist()
    ]
    sifted = sift(one_by_one, {}, window)
    assert sorted(events.line[verdict.new].tolist()) == [event.line for event in sifted.new]
    assert [int(events.line[place]) for place in verdict.conflicts] == [
        event.line for event in sifted.conflicts
    ]
    assert (verdict.duplicates, verdict.reused) == (sifted.duplicates, sifted.reused)


@given(ROWS, ROWS, st.sampled_from([0, HOUR // 2, HOUR, 3 * HOUR]))
def test_a_verdict_is_corrected_where_ids_are_known(
    rows: list[tuple[int, int, int, int]], earlier: list[tuple[int, int, int, int]], window: int
) -> None:
    events, booked = in_key_order(columns_of(rows)), columns_of(earlier)
    repeats, nothing = repeated(events), np.zeros(len(rows), bool)
    everything = np.arange(len(earlier))
    known = list(zip(booked.ids(everything), booked.sightings(everything), strict=True))
    alone = judged(events, repeats, nothing, (), window)
    again, _ = shared(events.high, booked.high)

    found = rejudged(
        alone, events, repeats, with_repeats(events, repeats, again), nothing, iter(known), window
    )
    expected = judged(events, repeats | again, nothing, known, window)
    assert found.new.tolist() == expected.new.tolist()
    assert sorted(found.conflicts) == sorted(expected.conflicts)
    assert (found.duplicates, found.reused) == (expected.duplicates, expected.reused)


@given(ROWS, ROWS)
def test_numbers_of_either_column_that_the_other_has(
    rows: list[tuple[int, int, int, int]], others: list[tuple[int, int, int, int]]
) -> None:
    one, other = columns_of(rows).high, columns_of(others).high
    mine, theirs = shared(one, other)
    assert mine.tolist() == [number in other for number in one]
    assert theirs.tolist() == [number in one for number in other]


@given(ROWS)
def test_events_stand_in_the_order_of_their_key(rows: list[tuple[int, int, int, int]]) -> None:
    events = in_key_order(columns_of(rows))
    keys = [
        (int(events.event_hour[place]), events.event_id(place), int(events.line[place]))
        for place in range(len(rows))
    ]
    assert keys == sorted(keys)


def test_an_id_that_comes_again_after_the_window_is_new_and_counted() -> None:
    events = in_key_order(columns_of([(1, 1, 0, 0), (1, 1, 4 * HOUR, 0)]))
    verdict = judged(events, repeated(events), np.zeros(2, bool), (), HOUR)
    assert (len(verdict.new), verdict.reused, verdict.duplicates) == (2, 1, 0)
