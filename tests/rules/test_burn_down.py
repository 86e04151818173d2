"""Who pays what: the order of burn-down, by cases and against an event-by-event oracle."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.rules.burn_down import (
    MICROS_PER_DAY,
    NEVER,
    Charge,
    Interval,
    Lot,
    burn_down,
    burn_order,
)

STOCK, SEC = 1, 2


def charge(at: int, credits_micro: int, product: int = STOCK, number: int = 0) -> Charge:
    return Charge(at, bytes([number]), product, credits_micro)


def paid(lots, charges, unlimited=()):
    """What each payer gave, by grant id; None is postpaid headroom, 'overage' is nobody."""
    sums: dict[object, int] = {}
    for draw in burn_down(lots, unlimited, charges):
        payer = "overage" if draw.lot is None else draw.lot.grant_id
        sums[payer] = sums.get(payer, 0) + draw.credits_micro
    return sums


BOTH = (Lot(1, 10, 0), Lot(2, 10, 0))


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ({"priority": 49}, "a lower priority goes before everything"),
        ({"expires_at": 99}, "the earlier expiry goes first, never is last"),
        ({"product_id": STOCK}, "a restricted grant goes before a flexible one"),
        ({"effective_at": -5}, "the earlier effective one goes first"),
    ],
)
def test_the_first_difference_in_the_order_decides(first, why) -> None:
    one, two = (replace(lot) for lot in BOTH)
    for name, value in first.items():
        setattr(two, name, value)
    assert paid([one, two], [charge(1, 10)]) == {2: 10}, why


def test_gifts_are_drawn_before_what_was_paid_for_and_ids_break_ties() -> None:
    gift, bought = Lot(2, 10, 0), Lot(1, 10, 0, paid=True)
    assert paid([bought, gift], [charge(1, 10)]) == {2: 10}
    assert paid([Lot(2, 10, 0), Lot(1, 10, 0)], [charge(1, 10)]) == {1: 10}


def test_a_grant_pays_from_its_first_instant_until_before_its_last() -> None:
    charges = [charge(9, 1, number=1), charge(10, 1), charge(19, 1), charge(20, 1, number=2)]
    assert paid([Lot(1, 100, 10, 20)], charges) == {1: 2, "overage": 2}


def test_a_restricted_grant_pays_no_other_product() -> None:
    lots = [Lot(1, 100, 0, product_id=STOCK)]
    assert paid(lots, [charge(1, 7, SEC), charge(2, 5, STOCK)]) == {1: 5, "overage": 7}


def test_one_event_may_be_paid_by_two_grants_and_the_rest_is_overage() -> None:
    lots = [Lot(1, 4, 0), Lot(2, 5, 0)]
    assert paid(lots, [charge(1, 12)]) == {1: 4, 2: 5, "overage": 3}


def test_postpaid_headroom_comes_after_every_grant_and_only_in_its_period() -> None:
    lots = [Lot(None, 10, 0, 100), Lot(1, 5, 0, priority=100)]
    charges = [charge(1, 8), charge(99, 8), charge(100, 8)]
    assert paid(lots, charges) == {1: 5, None: 10, "overage": 9}


def test_nobody_pays_inside_an_unlimited_interval() -> None:
    charges = [charge(9, 1), charge(10, 1), charge(19, 1), charge(20, 1)]
    assert paid([Lot(1, 100, 0)], charges, [Interval(10, 20)]) == {1: 2}


def test_events_of_a_product_and_day_are_one_draw_with_its_lineage() -> None:
    day = MICROS_PER_DAY
    charges = [charge(1, 2), charge(2, 3), charge(3, 4, SEC), charge(4, 5), charge(day, 6)]
    draws = burn_down([Lot(1, 100, 0)], [], charges)
    told = [(draw.credits_micro, draw.product_id, draw.day, draw.first[0]) for draw in draws]
    assert told == [(10, STOCK, 0, 1), (4, SEC, 0, 3), (6, STOCK, 1, day)]
    assert draws[0].last == charges[3]


MOMENTS = st.integers(0, 40)
LOTS = st.lists(
    st.builds(
        lambda available, start, length, product, priority, paid: Lot(
            None,
            available,
            start,
            NEVER if length is None else start + length,
            product,
            priority,
            paid,
        ),
        st.integers(0, 30),
        MOMENTS,
        st.none() | st.integers(1, 20),
        st.sampled_from([None, STOCK, SEC]),
        st.sampled_from([10, 50]),
        st.booleans(),
    ),
    max_size=6,
)
CHARGES = st.lists(
    st.builds(
        charge, MOMENTS, st.integers(1, 12), st.sampled_from([STOCK, SEC]), st.integers(0, 9)
    ),
    max_size=25,
)


def numbered(lots: list[Lot]) -> list[Lot]:
    return [replace(lot, grant_id=number) for number, lot in enumerate(lots, start=1)]


def one_by_one(lots: list[Lot], charges: list[Charge]) -> dict[object, int]:
    """The oracle: each event looks for its payers anew."""
    sums: dict[object, int] = {}
    for at, _, product, cost in charges:
        due = cost
        for lot in sorted(lots, key=burn_order):
            if lot.pays(product, at) and due and lot.available:
                taken = min(due, lot.available)
                lot.available -= taken
                due -= taken
                sums[lot.grant_id] = sums.get(lot.grant_id, 0) + taken
        if due:
            sums["overage"] = sums.get("overage", 0) + due
    return sums


@settings(max_examples=400, deadline=None)
@given(LOTS, CHARGES)
def test_it_equals_paying_event_by_event(lots, charges) -> None:
    ordered = sorted(charges)
    expected = one_by_one(numbered(lots), ordered)
    assert paid(numbered(lots), ordered) == expected


@settings(max_examples=400, deadline=None)
@given(LOTS, CHARGES, st.integers(0, 25))
def test_nothing_is_lost_and_two_chunks_in_time_order_equal_one(lots, charges, cut) -> None:
    ordered = sorted(charges)
    whole, parts = numbered(lots), numbered(lots)
    sums = paid(whole, ordered)
    assert sum(sums.values()) == sum(each.credits_micro for each in ordered)
    assert all(lot.available >= 0 for lot in whole)
    first, second = paid(parts, ordered[:cut]), paid(parts, ordered[cut:])
    assert {key: first.get(key, 0) + second.get(key, 0) for key in {*first, *second}} == sums
