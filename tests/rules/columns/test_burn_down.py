"""Draws made at once are those of the rule that goes event by event (DESIGN 3.3)."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.burn_down import NEVER, Charge, Lot, burn_down
from creditctl.rules.columns.burn_down import (
    NO_END,
    Charges,
    LotColumns,
    simple_draws,
)
from creditctl.rules.columns.event_ids import id_bytes

OWNERS, PRODUCTS = st.integers(1, 3), st.integers(1, 2)
TIMES = st.integers(0, 40)
CHARGES = st.lists(
    st.tuples(OWNERS, TIMES, st.integers(0, 9), PRODUCTS, st.integers(1, 20)),
    min_size=1,
    max_size=25,
).map(lambda rows: sorted(rows, key=lambda row: row[:3]))
LOTS = st.lists(
    st.tuples(
        OWNERS,
        st.integers(0, 60),
        st.sampled_from([0, 0, 10, 30]),
        st.sampled_from([20, 41, 50, NO_END]),
        st.sampled_from([0, 0, 1, 2]),
        st.sampled_from([50, 50, 10]),
        st.booleans(),
    ),
    max_size=8,
)


def lots_of(rows: list[tuple[int, int, int, int, int, int, bool]]) -> LotColumns:
    owner, available, start, end, product, priority, paid = (
        [row[place] for row in rows] for place in range(7)
    )
    lots = LotColumns(
        *(np.array(column, np.int64) for column in (owner, range(1, len(rows) + 1), available)),
        *(np.array(column, np.int64) for column in (start, end, product, priority)),
        np.array(paid, bool),
    )
    return lots.take(lots.in_burn_order())


def told(draws: list[tuple[int, int, int, int, int, int, int]]) -> dict[tuple[int, ...], object]:
    """Draws by (owner, grant, product, day)."""
    return {draw[:4]: draw[4:] for draw in draws}


@given(CHARGES, LOTS)
def test_simple_organizations_are_paid_as_event_by_event(
    rows: list[tuple[int, int, int, int, int]],
    lots: list[tuple[int, int, int, int, int, int, bool]],
) -> None:
    owner, at, low, product, credits = (
        np.array([row[place] for row in rows], np.int64) for place in range(5)
    )
    charges = Charges(
        owner, product, at, np.zeros(len(rows), np.uint64), low.astype(np.uint64), credits
    )
    columns = lots_of(lots)
    draws, left = simple_draws(charges, columns, np.array([], np.int64))
    grants = np.append(columns.grant_id, 0)
    found = told(
        [
            (
                int(draws.organization_id[place]),
                int(grants[draws.lot[place]]),
                int(draws.product_id[place]),
                int(draws.day[place]),
                int(draws.credits_micro[place]),
                int(charges.occurred_at[draws.first[place]]),
                int(charges.occurred_at[draws.last[place]]),
            )
            for place in range(len(draws.lot))
        ]
    )
    expected = {}
    complicated = set(owner[left].tolist())
    by_owner = defaultdict(list)
    for row in rows:
        by_owner[row[0]].append(Charge(row[1], id_bytes(0, row[2]), row[3], row[4]))
    for number, own in by_owner.items():
        if number in complicated:
            continue
        mine = [
            columns.lot(place)
            for place in range(len(columns.grant_id))
            if columns.organization_id[place] == number
        ]
        for draw in burn_down(mine, (), own):
            grant = draw.lot.grant_id if draw.lot else 0
            key = (number, grant, draw.product_id, draw.day)
            assert key not in expected
            expected[key] = (draw.credits_micro, draw.first.occurred_at, draw.last.occurred_at)
    assert found == expected
    assert left.tolist() == [row[0] in complicated for row in rows]


def test_who_is_covered_or_has_nothing_is_simple() -> None:
    two = np.array([1, 2], np.int64)
    ids = np.zeros(2, np.uint64)
    charges = Charges(two, np.ones(2, np.int64), two, ids, ids, np.array([5, 7]))
    draws, left = simple_draws(charges, lots_of([(1, 5, 0, NO_END, 0, 50, False)]), two[:0])
    assert draws.lot.tolist() == [0, -1]
    assert not left.any()


def test_a_lot_is_the_same_in_both_rules() -> None:
    lot = lots_of([(1, 5, 3, NO_END, 2, 50, True)]).lot(0)
    assert lot == Lot(1, 5, 3, NEVER, 2, 50, paid=True)
