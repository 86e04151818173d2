"""Lines of order forms: prices, instalments, expiries, and what stays when a form ends."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.instants import instant_text
from creditctl.rules.order_forms import (
    MONTHS_EVERY,
    SPLITS,
    LineProblem,
    LineTerms,
    Offer,
    Part,
    PricedLine,
    Schedule,
)
from creditctl.rules.order_pricing import delivered_values, discounted, priced_line, staying
from creditctl.rules.units import NO_CREDITS, Credits, Money, rounded_half_up

OFFER = Offer("USD", Decimal("0.01"), ("rows", "thirds"))
START = date(2026, 11, 30)


def line(credits: str = "1000", **terms: Any) -> LineTerms:
    given_price = terms.keys() & {"unit_price", "discount"}
    price: Mapping[str, Any] = {} if given_price else {"unit_price": Decimal("0.008")}
    return LineTerms(credits=Credits.parse(credits), **{"starts_on": START, **price, **terms})


def priced(credits: str = "1000", *, currency: str = "USD", **terms: Any) -> PricedLine:
    return priced_line(line(credits, **terms), currency, OFFER)


def shown(found: PricedLine) -> list[tuple[str, str, str]]:
    return [
        (instant_text(part.due_at)[:10], str(part.credits), str(part.amount))
        for part in found.instalments
    ]


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def test_a_line_without_instalments_is_delivered_and_billed_at_its_start() -> None:
    found = priced(discount=Decimal(20))
    assert (found.list_price, found.unit_price) == (Decimal("0.01"), Decimal("0.008"))
    assert found.price == usd("8.00")
    assert shown(found) == [("2026-11-30", "1000", "8.00")]
    assert found.instalments[0].expires_at is None


def test_a_discount_is_off_the_list_price_in_the_currency_of_the_order_form() -> None:
    offer = Offer("USD", Decimal("0.01"), ("rows",), {"JPY": Decimal(2)})
    found = priced_line(line(discount=Decimal(25)), "JPY", offer)
    assert (found.list_price, found.unit_price) == (Decimal(2), Decimal("1.5"))
    assert found.price == Money.parse("1500", "JPY")


@pytest.mark.parametrize(
    ("planned", "values"),
    [
        # Money follows the credits, but for rounding: what is billed.
        ([(334, 28), (333, 28), (333, 27)], [28, 28, 27]),
        ([(1000, 83)], [83]),
        # All is delivered, or billed, at the start.
        ([(1000, 28), (0, 28), (0, 27)], [83, 0, 0]),
        ([(334, 83), (333, 0), (333, 0)], [28, 28, 27]),
    ],
)
def test_what_credits_of_instalments_cost_sums_to_the_price(
    planned: list[tuple[int, int]], values: list[int]
) -> None:
    assert delivered_values(planned) == values


@pytest.mark.parametrize(
    ("list_price", "percent", "price"),
    [
        ("0.01", "0", "0.01"),
        ("0.0012", "12.5", "0.00105"),
        ("100", "50", "50"),
        ("0.00000001", "99.999", "0.0000000000001"),
    ],
)
def test_a_discount_is_exact(list_price: str, percent: str, price: str) -> None:
    assert discounted(Decimal(list_price), Decimal(percent)) == Decimal(price)


def test_a_schedule_splits_credits_and_money_to_the_last_unit() -> None:
    found = priced("1000", schedule=Schedule(times=3), unit_price=Decimal("0.01"))
    # 31 days of start month never drift: 30 Nov, 30 Dec, 30 Jan; 10.00 / 3 = 3.34 + 3.33 + 3.33
    assert shown(found) == [
        ("2026-11-30", "333.333334", "3.34"),
        ("2026-12-30", "333.333333", "3.33"),
        ("2027-01-30", "333.333333", "3.33"),
    ]


def test_a_short_month_takes_its_last_day_and_the_next_one_the_day_of_the_start() -> None:
    found = priced(starts_on=date(2027, 1, 31), schedule=Schedule(times=3))
    assert [day for day, _, _ in shown(found)] == ["2027-01-31", "2027-02-28", "2027-03-31"]


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ("credits", [("2026-11-30", "500", "8.00"), ("2027-02-28", "500", "0.00")]),
        ("money", [("2026-11-30", "1000", "4.00"), ("2027-02-28", "0", "4.00")]),
    ],
)
def test_one_of_credits_and_money_may_come_at_the_start(
    splits: str, expected: list[tuple[str, str, str]]
) -> None:
    found = priced(schedule=Schedule(times=2, every="quarter", splits=splits))
    assert shown(found) == expected


def test_instalments_may_be_written_out_in_any_order() -> None:
    first, later = date(2026, 12, 1), date(2027, 6, 1)
    found = priced(
        parts=(
            Part(on=later, credits=Credits.parse("250"), amount=usd("3.00")),
            Part(on=first, credits=Credits.parse("750"), amount=usd("5.00")),
        )
    )
    assert shown(found) == [("2026-12-01", "750", "5.00"), ("2027-06-01", "250", "3.00")]


def test_written_out_credits_are_billed_by_their_share() -> None:
    parts = tuple(
        Part(on=date(2026, 12, day), credits=Credits.parse(amount))
        for day, amount in ((1, "600"), (2, "400"))
    )
    assert shown(priced(parts=parts)) == [
        ("2026-12-01", "600", "4.80"),
        ("2026-12-02", "400", "3.20"),
    ]


def test_written_out_payments_leave_all_credits_for_the_start() -> None:
    parts = (Part(on=date(2026, 10, 1), amount=usd("2.00")), Part(on=START, amount=usd("6.00")))
    assert shown(priced(parts=parts)) == [
        ("2026-10-01", "0", "2.00"),
        ("2026-11-30", "1000", "6.00"),
    ]


@pytest.mark.parametrize(
    ("terms", "expiries"),
    [
        ({}, [None, None]),
        ({"expires_on": date(2027, 11, 30)}, ["2027-11-30", "2027-11-30"]),
        ({"expires_after_days": 90}, ["2027-02-28", "2027-03-30"]),
        ({"expires_after_months": 3}, ["2027-02-28", "2027-03-30"]),
    ],
)
def test_credits_expire_on_a_day_or_some_time_after_they_are_delivered(
    terms: dict[str, Any], expiries: list[str | None]
) -> None:
    found = priced(schedule=Schedule(times=2), **terms)
    ends = [part.expires_at and instant_text(part.expires_at)[:10] for part in found.instalments]
    assert ends == expiries


def test_a_payment_alone_does_not_expire() -> None:
    found = priced(schedule=Schedule(times=2, splits="money"), expires_on=date(2026, 12, 1))
    assert [part.expires_at is None for part in found.instalments] == [False, True]


@pytest.mark.parametrize(
    ("terms", "field", "words"),
    [
        ({"credits": "0"}, "credits", "above zero"),
        ({"unit_price": None}, "unit_price", "is missing"),
        ({"unit_price": Decimal(1), "discount": Decimal(1)}, "unit_price", "cannot both"),
        ({"unit_price": Decimal(0)}, "unit_price", "above zero"),
        ({"discount": Decimal(100)}, "discount", "below 100"),
        ({"discount": Decimal(-1)}, "discount", "at least 0"),
        ({"discount": Decimal(5), "currency": "EUR"}, "discount", "needs a list price in EUR"),
        ({"credits": "3000000000000", "unit_price": Decimal(9**9)}, "credits", "cost more than"),
        ({"product": "gold"}, "product", "there are rows, thirds"),
        ({"starts_on": date(1969, 12, 31)}, "start", "between 1970 and 2200"),
        ({"expires_on": START}, "expires", "is not after 2026-11-30"),
        ({"expires_on": date(2300, 1, 1)}, "expires", "between 1970 and 2200"),
        ({"expires_on": date(2027, 1, 1), "expires_after_days": 1}, "expires", "said twice"),
        ({"expires_after_days": 0}, "expires_after_days", "at least 1"),
        ({"expires_after_months": 1201}, "expires_after_months", "at most 1200"),
        ({"schedule": Schedule(times=0)}, "schedule", "at most 120 times, not 0"),
        ({"schedule": Schedule(times=2, every="week")}, "schedule", "knows month, quarter, year"),
        ({"schedule": Schedule(times=2, splits="all")}, "schedule", "knows both, credits, money"),
        ({"credits": "0.000001", "schedule": Schedule(times=2)}, "instalments", "nothing is"),
        ({"schedule": Schedule(times=2), "parts": (Part(on=START),)}, "schedule", "cannot both"),
        ({"parts": (Part(on=START), Part(on=START))}, "instalments", "name a day twice"),
        ({"parts": (Part(on=date(1960, 1, 1)),)}, "instalments", "between 1970"),
        ({"parts": (Part(on=START, amount=usd("-1")),)}, "instalments", "below zero"),
        ({"parts": (Part(on=START, credits=Credits(1)),)}, "instalments", "deliver 0.000001"),
        (
            {"parts": (Part(on=date(2026, 11, 29), credits=Credits.parse("1000")),)},
            "instalments",
            "before the start",
        ),
        ({"parts": (Part(on=START, amount=usd("7.99")),)}, "instalments", "bill 7.99, the line"),
        ({"parts": (Part(on=date(2027, 1, 1)),)}, "instalments", "billed on 2027-01-01"),
    ],
)
def test_a_line_that_cannot_be_names_its_field(
    terms: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(LineProblem) as refused:
        priced(**terms)
    assert refused.value.field == field
    assert words in refused.value.words


def test_a_product_needs_a_catalog() -> None:
    with pytest.raises(LineProblem, match="no catalog"):
        priced_line(line(product="rows"), "USD", None)


AMOUNTS = st.integers(1, 10**15).map(Credits)
PRICES = st.decimals("0.000001", "1000", places=6)
SCHEDULES = st.builds(
    Schedule,
    times=st.integers(1, 24),
    every=st.sampled_from(sorted(MONTHS_EVERY)),
    splits=st.sampled_from(SPLITS),
)


@given(AMOUNTS, PRICES, SCHEDULES, st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_instalments_sum_exactly_to_the_lines_credits_and_price(
    credits: Credits, price: Decimal, schedule: Schedule, starts_on: date
) -> None:
    terms = LineTerms(credits=credits, unit_price=price, schedule=schedule, starts_on=starts_on)
    try:
        found = priced_line(terms, "USD", None)
    except LineProblem:
        assert credits.micro < schedule.times or not price * credits.micro // 10**6
        return
    assert sum((part.credits for part in found.instalments), NO_CREDITS) == credits
    assert sum(part.amount.minor for part in found.instalments) == found.price.minor
    # the price is the exact product, rounded once
    exact = Fraction(price) * credits.micro / 10**6 * 100
    assert abs(found.price.minor - exact) <= Fraction(1, 2)
    assert found.price.minor == rounded_half_up(Decimal(price) * credits.micro / 10**4)
    days = [part.due_at for part in found.instalments]
    assert days == sorted(set(days))
    assert days[0].date() == starts_on


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=12), st.dates(START, date(2030, 1, 1)))
def test_written_out_instalments_sum_exactly_too(amounts: list[int], first: date) -> None:
    parts = tuple(
        Part(on=first.replace(year=first.year + number), credits=Credits(micro))
        for number, micro in enumerate(amounts)
        if (first.month, first.day) != (2, 29)
    )
    total = sum(part.credits.micro for part in parts if part.credits) or 5
    found = priced_line(line(str(Credits(total)), parts=parts), "USD", None)
    assert sum(part.credits.micro for part in found.instalments) == total
    assert sum(part.amount.minor for part in found.instalments) == found.price.minor


@pytest.mark.parametrize(
    ("booked", "planned", "stay"),
    [
        ([], [(5, 5), (5, 5)], []),
        ([(500, 4)], [(500, 4)], []),
        ([(1000, 3)], [(0, 3), (0, 2)], [0, 1]),  # delivered: the rest is still owed
        ([(400, 8)], [(300, 0), (300, 0)], [0, 1]),  # paid: the rest is still delivered
        ([(334, 3)], [(333, 3), (333, 2)], []),  # 334 of 1000 at 8 is 2.672, billed 3
        ([(500, 2)], [(500, 6)], None),
        ([(250, 6)], [(750, 2)], None),
        ([(0, 2)], [(1000, 6)], None),
        ([(500, 8)], [(500, 0)], [0]),
        ([(0, 8)], [(1000, 0)], [0]),
    ],
)
def test_what_was_billed_is_delivered_and_what_was_delivered_is_billed(
    booked: list[tuple[int, int]], planned: list[tuple[int, int]], stay: list[int] | None
) -> None:
    found = staying(8, 1000, booked, planned)
    assert found == (None if stay is None else frozenset(stay))


@given(AMOUNTS, PRICES, st.integers(2, 24), st.data())
def test_equal_instalments_are_even_whenever_the_form_ends(
    credits: Credits, price: Decimal, times: int, data: st.DataObject
) -> None:
    terms = LineTerms(
        credits=credits, unit_price=price, starts_on=START, schedule=Schedule(times=times)
    )
    try:
        found = priced_line(terms, "USD", None)
    except LineProblem:
        return
    parts = [(part.credits.micro, part.amount.minor) for part in found.instalments]
    ended = data.draw(st.integers(0, times - 1))
    assert staying(found.price.minor, credits.micro, parts[:ended], parts[ended:]) == frozenset()
