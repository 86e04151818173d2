from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.errors import InvalidInput
from creditctl.rules.units import (
    LIMIT_MICRO,
    NO_CREDITS,
    Credits,
    Money,
    credits_for,
    parse_decimal,
    rounded_half_up,
    split_exactly,
    value_of,
)

MICROS = st.integers(-LIMIT_MICRO + 1, LIMIT_MICRO - 1)
PRICES = st.decimals("0.000000000001", "100", places=12)


@pytest.mark.parametrize(
    ("text", "micro"),
    [
        ("284.5", 284_500_000),
        ("0.000001", 1),
        ("-1", -1_000_000),
        ("+3.", 3_000_000),
        (".5", 500_000),
        ("007", 7_000_000),
        ("1.0000000000", 1_000_000),
    ],
)
def test_plain_decimals_are_read_exactly(text: str, micro: int) -> None:
    assert Credits.parse(text) == Credits(micro)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1e400",
        "1E5",
        "NaN",
        "Infinity",
        "-inf",
        "1,000",
        "1_000",
        "١٢٣",
        "0x10",
        "1.2.3",
        "--1",
        "1 000",
        "½",
        "1\n",
        ".",
        "+",
        "$5",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a decimal number"):
        Credits.parse(text)


@pytest.mark.parametrize(
    "text", ["0.0000001", "1.000000000000000000000000000000000000000001", "9" * 18 + ".1234567"]
)
def test_digits_that_would_be_lost_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="more than 6 decimal places"):
        Credits.parse(text)


@pytest.mark.parametrize("text", ["4611686018427.387904", "9" * 5000, "-99999999999999"])
def test_amounts_that_would_not_fit_the_column_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="too large"):
        Credits.parse(text)


def test_the_largest_amount_is_one_micro_credit_below_the_limit() -> None:
    assert Credits.parse("4611686018427.387903").micro == 2**62 - 1


@given(MICROS)
def test_credits_read_back_what_they_write_without_an_exponent(micro: int) -> None:
    text = str(Credits(micro))
    assert "e" not in text.lower()
    assert Credits.parse(text) == Credits(micro)


@given(MICROS, MICROS)
def test_credits_add_and_subtract_like_integers(a: int, b: int) -> None:
    assert (Credits(a) + Credits(b)).micro == a + b
    assert (Credits(a) - Credits(b)).micro == a - b
    assert -Credits(a) == Credits(-a)
    assert bool(Credits(a)) == (a != 0)


@pytest.mark.parametrize("wrong", [1.0, True, "1", Decimal(1), None])
def test_neither_credits_nor_money_take_anything_but_an_integer(wrong: object) -> None:
    with pytest.raises(TypeError):
        Credits(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(wrong, "USD")  # type: ignore[arg-type]


def test_credits_do_not_add_up_with_floats() -> None:
    with pytest.raises((TypeError, AttributeError)):
        Credits(1) + 0.5  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "currency", "minor", "shown"),
    [
        ("25", "USD", 2_500, "25.00"),
        ("25.5", "EUR", 2_550, "25.50"),
        ("1200", "JPY", 1_200, "1200"),
        ("1.234", "KWD", 1_234, "1.234"),
        ("-0.05", "USD", -5, "-0.05"),
    ],
)
def test_money_has_the_decimal_places_of_its_currency(
    text: str, currency: str, minor: int, shown: str
) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)
    assert str(Money(minor, currency)) == shown


def test_money_with_digits_beyond_its_minor_unit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="more than 0 decimal places"):
        Money.parse("1.5", "JPY")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not an ISO 4217 currency"):
        Money.parse("1", "XYZ")


def test_money_of_two_currencies_cannot_be_added() -> None:
    with pytest.raises(TypeError, match="USD and EUR"):
        Money(1, "USD") + Money(1, "EUR")


@pytest.mark.parametrize(
    ("number", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("0.4999999999999999999999999999999", 0)],
)
def test_halves_are_rounded_away_from_zero(number: str, rounded: int) -> None:
    assert rounded_half_up(Decimal(number)) == rounded


def test_a_value_is_rounded_once_and_half_up() -> None:
    # 284.5 x 0.01 = 2.845 dollars
    assert value_of(Credits.parse("284.5"), Decimal("0.01"), "USD") == Money(285, "USD")
    # 6,000 x 0.0012 = 7.20 dollars
    assert value_of(Credits.parse("6000"), Decimal("0.0012"), "USD") == Money(720, "USD")
    # 3 x 0.5 = 1.5 yen
    assert value_of(Credits.parse("3"), Decimal("0.5"), "JPY") == Money(2, "JPY")


@given(MICROS, PRICES)
def test_a_value_is_exact_to_half_a_minor_unit_however_large(micro: int, price: Decimal) -> None:
    exact = Fraction(micro, 1_000_000) * Fraction(price) * 100
    assert abs(value_of(Credits(micro), price, "USD").minor - exact) <= Fraction(1, 2)


def test_money_buys_credits_rounded_down() -> None:
    assert credits_for(Money(2_500, "USD"), Decimal("0.01")) == Credits.parse("2500")
    # 1 / 0.03 = 33.3333333…
    assert credits_for(Money(100, "USD"), Decimal("0.03")) == Credits.parse("33.333333")
    assert credits_for(Money(0, "USD"), Decimal("0.01")) == NO_CREDITS


@given(st.integers(0, 10**9), PRICES)
def test_bought_credits_are_never_worth_more_than_was_paid(minor: int, price: Decimal) -> None:
    bought = Fraction(credits_for(Money(minor, "USD"), price).micro, 1_000_000)
    paid = Fraction(minor, 100)
    assert bought * Fraction(price) <= paid < (bought + Fraction(1, 1_000_000)) * Fraction(price)


@pytest.mark.parametrize("price", ["0", "-0.01"])
def test_credits_without_a_price_cannot_be_bought(price: str) -> None:
    with pytest.raises(InvalidInput, match="above zero"):
        credits_for(Money(100, "USD"), Decimal(price))


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_a_split_sums_to_the_whole_and_is_fair_to_one_unit(total: int, weights: list[int]) -> None:
    parts = split_exactly(total, weights)
    assert sum(parts) == total
    if any(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_the_largest_remainder_gets_the_odd_unit_and_the_first_on_a_tie() -> None:
    assert split_exactly(100, [1, 1, 1]) == [34, 33, 33]
    assert split_exactly(10, [1, 2, 4]) == [1, 3, 6]  # 1.43, 2.86, 5.71: two remainders win
    assert split_exactly(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split_exactly(5, [0, 0]) == [5, 0]
    assert split_exactly(5, []) == []


def test_a_plain_decimal_keeps_every_digit() -> None:
    assert parse_decimal("0.0012", "price") == Decimal("0.0012")
