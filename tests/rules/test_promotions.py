"""Who gets a promotion, when, and how much it is worth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.catalog import PromotionSpec
from creditctl.rules.promotions import (
    Claimant,
    PromotionStatus,
    Refusal,
    code_key,
    gift_of,
    refusal_of,
    status_at,
)
from creditctl.rules.units import MICRO, Credits, Money

MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
SPRING = PromotionSpec(
    name="spring",
    title="Spring",
    amount=Credits.parse("100"),
    money=None,
    trigger="code",
    code="SPRING",
    starts=MAY,
    ends=JUNE,
    requires=("not_duplicate", "payment_method"),
    countries=("DE", "AT"),
    plans=("pro",),
)
ACME = Claimant(
    had_before=False, is_duplicate=False, has_payment_method=True, country="DE", plan="pro"
)


def test_who_fulfils_everything_gets_it_from_its_first_instant_until_its_end() -> None:
    assert refusal_of(SPRING, ACME, MAY) is None
    assert refusal_of(SPRING, ACME, JUNE - INSTANT) is None
    assert refusal_of(SPRING, ACME, MAY - INSTANT) is Refusal.NOT_BEGUN
    assert refusal_of(SPRING, ACME, JUNE) is Refusal.OVER


@pytest.mark.parametrize(
    ("claimant", "refusal"),
    [
        (replace(ACME, had_before=True), Refusal.HAD_BEFORE),
        (replace(ACME, country="FR"), Refusal.COUNTRY),
        (replace(ACME, country=None), Refusal.COUNTRY),
        (replace(ACME, plan="starter"), Refusal.PLAN),
        (replace(ACME, plan=None), Refusal.PLAN),
        (replace(ACME, is_duplicate=True), Refusal.DUPLICATE),
        (replace(ACME, has_payment_method=False), Refusal.NO_PAYMENT_METHOD),
    ],
)
def test_one_thing_that_is_missing_refuses_it(claimant: Claimant, refusal: Refusal) -> None:
    assert refusal_of(SPRING, claimant, MAY) is refusal


def test_what_is_not_required_does_not_count() -> None:
    open_to_all = replace(SPRING, requires=(), countries=(), plans=())
    nobody = Claimant(had_before=False, is_duplicate=True, has_payment_method=False)
    assert refusal_of(open_to_all, nobody, MAY) is None
    assert refusal_of(replace(SPRING, starts=None, ends=None), ACME, MAY - INSTANT) is None


def test_an_override_is_about_duplicates_and_nothing_else() -> None:
    assert refusal_of(SPRING, replace(ACME, is_duplicate=True), MAY, overridden=True) is None
    for claimant in (
        replace(ACME, had_before=True),
        replace(ACME, country="FR"),
        replace(ACME, plan=None),
        replace(ACME, has_payment_method=False),
    ):
        assert refusal_of(SPRING, claimant, MAY, overridden=True) is not None
    assert refusal_of(SPRING, ACME, JUNE, overridden=True) is Refusal.OVER


def test_where_a_promotion_stands() -> None:
    assert status_at(SPRING, MAY - INSTANT, has_room=True) is PromotionStatus.PLANNED
    assert status_at(SPRING, MAY, has_room=True) is PromotionStatus.OPEN
    assert status_at(SPRING, MAY, has_room=False) is PromotionStatus.USED_UP
    assert status_at(SPRING, JUNE, has_room=False) is PromotionStatus.OVER


def test_codes_are_compared_as_people_write_them() -> None:
    assert code_key(" Spring-26 ") == code_key("SPRING-26")


def test_dollars_become_credits_at_the_list_price_in_force() -> None:
    dollars = replace(SPRING, amount=Credits.parse("25000"), money=Money(2500, "USD"))
    # 25.00 / 0.003 = 8333.333333...
    assert gift_of(dollars, Decimal("0.003"), "USD") == Credits.parse("8333.333333")
    assert gift_of(dollars, Decimal("0.003"), "EUR") == Credits.parse("25000")
    assert gift_of(SPRING, Decimal("0.003"), "USD") == Credits.parse("100")


@given(
    minor=st.integers(min_value=1, max_value=10**12),
    price=st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(10**6), places=6),
)
def test_money_becomes_the_most_credits_that_are_not_worth_more(minor: int, price: Decimal) -> None:
    gift = gift_of(replace(SPRING, money=Money(minor, "USD")), price, "USD")
    worth, micro = Fraction(minor, 100), Fraction(price) / MICRO
    assert gift.micro * micro <= worth < (gift.micro + 1) * micro
