"""What lots of paid credits and fees have earned: hand arithmetic, and laws for any history."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.errors import InvalidInput
from creditctl.rules.deferred_revenue import Gone, LotValue, share, split_used, value_of_lot
from creditctl.rules.fee_revenue import FeeSpan, earned_until
from creditctl.rules.posting import posting_day

SHARES = [
    # price, part, whole, share
    (1000, 1, 3, 333),  # 333.33
    (1000, 2, 3, 667),  # 666.67
    (1000, 3, 3, 1000),
    (1, 1, 2, 1),  # half a cent is rounded up
    (1, 1, 3, 0),
    (5, 0, 7, 0),
    (0, 4, 7, 0),
    (250, 1, 100, 3),  # 2.5 cents
]


@pytest.mark.parametrize(("price", "part", "whole", "expected"), SHARES)
def test_a_share_is_rounded_half_up(price: int, part: int, whole: int, expected: int) -> None:
    assert share(price, part, whole) == expected


@pytest.mark.parametrize(("price", "part", "whole"), [(1, 1, 0), (1, -1, 2), (-1, 1, 2)])
def test_what_is_no_share_is_refused(price: int, part: int, whole: int) -> None:
    with pytest.raises(InvalidInput):
        share(price, part, whole)


def test_a_lot_of_ten_dollars_for_three_credits_by_hand() -> None:
    """$10.00 for 3 credits: one used, one expired, one reversed: 3.33 + 3.34 + 3.33."""
    steps = [Gone(), Gone(1), Gone(1, 1), Gone(1, 1, 1)]
    assert [value_of_lot(1000, 3, gone) for gone in steps] == [
        LotValue(0, 0, 0, 1000),
        LotValue(333, 0, 0, 667),
        LotValue(333, 334, 0, 333),
        LotValue(333, 334, 333, 0),
    ]


def test_usage_that_arrives_after_the_expiry_moves_breakage_to_burn_down() -> None:
    before, after = value_of_lot(1000, 3, Gone(1, 2)), value_of_lot(1000, 3, Gone(2, 1))
    assert (before.used, before.expired, before.unused) == (333, 667, 0)
    assert (after.used, after.expired, after.unused) == (667, 333, 0)


LOTS = st.tuples(
    st.integers(0, 10**9), st.lists(st.tuples(*[st.integers(0, 10**12)] * 3), max_size=9)
)


@given(lot=LOTS, rest=st.integers(1, 10**12))
def test_over_its_life_a_lot_earns_its_price_to_the_minor_unit(
    lot: tuple[int, list[tuple[int, int, int]]], rest: int
) -> None:
    """Whatever the portions: differences of cumulative values add up, and the rest is owed."""
    price, portions = lot
    steps = [Gone()]
    for portion in portions:
        steps.append(steps[-1] + Gone(*portion))
    amount = steps[-1].total + rest
    steps.append(steps[-1] + Gone(used=rest))
    values = [value_of_lot(price, amount, gone) for gone in steps]
    for value in values:
        assert value.used + value.expired + value.reversed + value.unused == price
        assert min(value.used, value.expired, value.reversed, value.unused) >= 0
    assert values[-1].unused == 0
    earned = sum(new.used - old.used for old, new in pairwise(values))
    assert earned == values[-1].used


@given(
    price=st.integers(0, 10**9),
    used=st.dictionaries(st.integers(1, 9), st.integers(0, 10**12), max_size=5),
    rest=st.integers(1, 10**12),
)
def test_products_share_exactly_what_a_lot_earned(
    price: int, used: dict[int, int], rest: int
) -> None:
    amount = sum(used.values()) + rest
    earned = split_used(price, amount, used.items())
    whole = value_of_lot(price, amount, Gone(used=sum(used.values())))
    assert (sum(earned.values()), earned.keys()) == (whole.used, used.keys())


def test_a_fee_is_earned_by_the_day() -> None:
    """$49.00 from 20 October to 20 November, 31 days: 12 of them in October are 18.97."""
    span = FeeSpan(4900, date(2026, 10, 20), date(2026, 11, 20))
    days = [date(2026, 10, 20), date(2026, 11, 1), date(2026, 11, 20), date(2027, 1, 1)]
    assert [earned_until(span, day) for day in days] == [0, 1897, 4900, 4900]


def test_a_subscription_that_ends_on_its_first_day_earns_its_fee_on_it() -> None:
    day = date(2026, 10, 20)
    span = FeeSpan(4900, day, day)
    assert [earned_until(span, day), earned_until(span, day + timedelta(1))] == [0, 4900]


@pytest.mark.parametrize(
    ("event_day", "first_open_day", "expected"),
    [(100, None, 100), (100, 90, 100), (100, 100, 100), (99, 100, 100), (1, 100, 100)],
)
def test_what_happened_in_a_closed_month_is_posted_on_the_first_open_day(
    event_day: int, first_open_day: int | None, expected: int
) -> None:
    assert posting_day(event_day, first_open_day) == expected
