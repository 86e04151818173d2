"""Burn-down in words: each rule that can decide is named, and only that one."""

import pytest

from creditctl.rules.burn_down import NEVER, Lot, burn_order
from creditctl.rules.burn_reasons import why_before, why_ineligible
from creditctl.rules.instants import MICROS_PER_HOUR

DAY = 24 * MICROS_PER_HOUR
PLAIN = {"grant_id": 1, "available": 5, "effective_at": 10 * DAY}


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({}, {"grant_id": None}, "credits come before a postpaid limit"),
        ({"priority": 1}, {"priority": 50, "expires_at": 1}, "its priority number is lower"),
        ({"expires_at": 11 * DAY}, {"expires_at": NEVER, "product_id": 1}, "it expires first"),
        ({"product_id": 7, "paid": True}, {}, "it is for this product alone"),
        ({}, {"paid": True, "effective_at": 0}, "it cost nothing"),
        ({"effective_at": 9 * DAY, "grant_id": 2}, {}, "it is usable for longer"),
        ({}, {"grant_id": 2}, "it was granted first"),
    ],
)
def test_the_first_rule_that_differs_is_the_reason(first: dict, second: dict, words: str) -> None:
    mine, other = Lot(**PLAIN | first), Lot(**PLAIN | second)
    assert burn_order(mine) < burn_order(other)
    assert why_before(mine, other) == words


def test_a_grant_that_may_not_pay_says_why() -> None:
    lot = Lot(1, 5, 10 * DAY, expires_at=20 * DAY, product_id=7)
    assert why_ineligible(lot, 7, 10 * DAY) is None
    assert why_ineligible(lot, 8, 10 * DAY) == "it is for another product"
    assert why_ineligible(lot, 7, 10 * DAY - 1) == "it began on 1970-01-11 00:00"
    assert why_ineligible(lot, 7, 20 * DAY) == "it ended on 1970-01-21 00:00"
