"""Orders, distinct values and sums are what plain Python makes of the same rows."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.columns.grouping import distinct, group_starts, order_by, order_of, summed

INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
SMALL = st.integers(-(2**31), 2**31 - 1) | st.integers(0, 3)


@given(st.lists(INTEGERS))
def test_the_order_is_stable(numbers: list[int]) -> None:
    order = order_of(np.array(numbers, np.int64)).tolist()
    assert order == sorted(range(len(numbers)), key=lambda place: numbers[place])


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_unsigned_halves_of_ids_are_ordered_too(numbers: list[int]) -> None:
    order = order_of(np.array(numbers, np.uint64)).tolist()
    assert order == sorted(range(len(numbers)), key=lambda place: numbers[place])


@given(st.lists(st.tuples(INTEGERS, SMALL, st.booleans())))
def test_rows_are_ordered_by_their_columns(rows: list[tuple[int, int, bool]]) -> None:
    columns = (
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], bool),
    )
    assert order_by(columns).tolist() == sorted(range(len(rows)), key=rows.__getitem__)


@given(st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 5)))
def test_distinct_values_are_found_and_numbered(numbers: list[int]) -> None:
    values, places, codes = distinct(np.array(numbers, np.int64))
    assert values.tolist() == sorted(set(numbers))
    assert [numbers[place] for place in places.tolist()] == values.tolist()
    assert [values[code] for code in codes.tolist()] == numbers


@given(st.lists(st.tuples(SMALL, SMALL, st.integers(0, 10**15))))
def test_sums_lose_nothing(rows: list[tuple[int, int, int]]) -> None:
    counted: Counter[tuple[int, int]] = Counter()
    for one, other, value in rows:
        counted[one, other] += value
    keys = {name: np.array([row[i] for row in rows], np.int64) for i, name in enumerate("ab")}
    found = summed(keys, {"sum": np.array([row[2] for row in rows], np.int64)})
    pairs = zip(found["a"].tolist(), found["b"].tolist(), strict=True)
    assert dict(zip(pairs, found["sum"].tolist(), strict=True)) == {
        key: counted[key] for key in sorted(counted) or counted
    }
    assert list(zip(found["a"].tolist(), found["b"].tolist(), strict=True)) == sorted(
        {row[:2] for row in rows}
    )


def test_a_group_starts_where_neighbours_differ() -> None:
    assert group_starts(np.array([1, 1, 2, 1])).tolist() == [0, 2, 3]
    assert group_starts(np.array([], np.int64)).tolist() == []
