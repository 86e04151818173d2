"""A forecast is the burn-down rule with tomorrow's usage."""

from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.burn_down import MICROS_PER_DAY, Lot
from creditctl.rules.usage_forecast import HORIZON_DAYS, day_of_exhaustion

TODAY = 20_000


def lot(number: int, credits: int, *, until: int | None = None, product: int | None = None) -> Lot:
    found = Lot(number, credits, 0, product_id=product)
    if until is not None:
        found.expires_at = until * MICROS_PER_DAY
    return found


def test_credits_last_as_many_days_as_they_pay() -> None:
    assert day_of_exhaustion([lot(1, 70)], {1: 10}, TODAY) == TODAY + 7
    assert day_of_exhaustion([lot(1, 69)], {1: 10}, TODAY) == TODAY + 6
    assert day_of_exhaustion([], {1: 10}, TODAY) == TODAY


def test_what_expires_pays_no_longer() -> None:
    lots = [lot(1, 100, until=TODAY + 2), lot(2, 10)]
    assert day_of_exhaustion(lots, {1: 10}, TODAY) == TODAY + 3
    assert day_of_exhaustion(lots, {1: 10}, TODAY, expiries=False) == TODAY + 11
    assert lots[0].available == 100


def test_a_restricted_grant_pays_for_its_product_alone() -> None:
    assert (
        day_of_exhaustion([lot(1, 100, product=1), lot(2, 15)], {1: 10, 2: 5}, TODAY) == TODAY + 3
    )


def test_nothing_used_never_ends() -> None:
    assert day_of_exhaustion([lot(1, 1)], {}, TODAY) is None
    assert day_of_exhaustion([lot(1, 10**15)], {1: 1}, TODAY) is None


@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_one_grant_and_one_rate_are_a_division(credits: int, rate: int) -> None:
    days = credits // rate
    expected = TODAY + days if days < HORIZON_DAYS else None
    assert day_of_exhaustion([lot(1, credits)], {1: rate}, TODAY) == expected
