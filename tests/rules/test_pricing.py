"""What a request costs: cases by hand, and laws against an oracle in fractions."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.pricing import PriceRule, VolumeStep, billed_units, is_billed, price_of

ONE = 1_000_000


@pytest.mark.parametrize(
    ("rule", "units", "micro"),
    [
        (PriceRule(tier="pro", base_micro=5 * ONE), 0, 5 * ONE),
        (PriceRule(tier="free"), 999, 0),
        # by data: whole blocks of 100
        (PriceRule(unit_micro=ONE, per_units=100), 0, 0),
        (PriceRule(unit_micro=ONE, per_units=100), 1, ONE),
        (PriceRule(unit_micro=ONE, per_units=100), 100, ONE),
        (PriceRule(unit_micro=ONE, per_units=100), 101, 2 * ONE),
        # 50 included
        (PriceRule(unit_micro=ONE, per_units=100, included_units=50), 50, 0),
        (PriceRule(unit_micro=ONE, per_units=100, included_units=50), 151, 2 * ONE),
        # pro rata: 125 / 100
        (PriceRule(unit_micro=ONE, per_units=100, rounding="exact"), 125, 1_250_000),
        # a third of a credit, half-up to the micro-credit
        (PriceRule(unit_micro=ONE, per_units=3, rounding="exact"), 1, 333_333),
        (PriceRule(unit_micro=ONE, per_units=3, rounding="exact"), 2, 666_667),
        # both parts, raised to a minimum, cut to a maximum
        (PriceRule(base_micro=2 * ONE, unit_micro=ONE, per_units=10), 25, 5 * ONE),
        (PriceRule(unit_micro=ONE, per_units=10, minimum_micro=3 * ONE), 5, 3 * ONE),
        (PriceRule(unit_micro=ONE, per_units=10, maximum_micro=4 * ONE), 500, 4 * ONE),
    ],
)
def test_a_request_costs_what_its_rule_says(rule: PriceRule, units: int, micro: int) -> None:
    assert price_of(rule, units) == micro


@pytest.mark.parametrize(
    ("listed", "status", "billed"),
    [
        (("2xx",), 200, True),
        (("2xx",), 206, True),
        (("2xx",), 304, False),
        (("2xx",), 429, False),
        (("200",), 200, True),
        (("200",), 201, False),
        (("200", "4xx"), 404, True),
        ((), 200, False),
    ],
)
def test_only_the_listed_statuses_are_billed(listed, status: int, billed: bool) -> None:
    assert is_billed(listed, status) is billed


AMOUNTS = st.integers(0, 50 * ONE)
RULES = st.builds(
    PriceRule,
    base_micro=AMOUNTS,
    unit_micro=AMOUNTS,
    per_units=st.integers(1, 1000),
    rounding=st.sampled_from(["up", "exact"]),
    included_units=st.integers(0, 500),
    minimum_micro=AMOUNTS,
)
UNITS = st.integers(0, 10**6)


@given(RULES, UNITS)
def test_the_price_equals_the_arithmetic_in_fractions(rule: PriceRule, units: int) -> None:
    counted = max(units - rule.included_units, 0)
    blocks = Fraction(counted, rule.per_units)
    if rule.rounding == "up":
        data = -(-blocks.numerator // blocks.denominator) * rule.unit_micro
    else:
        exact = blocks * rule.unit_micro
        quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
        data = int(quotient.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert price_of(rule, units) == max(rule.base_micro + data, rule.minimum_micro)


@given(RULES, UNITS, AMOUNTS)
def test_a_price_stays_between_minimum_and_maximum(
    rule: PriceRule, units: int, headroom: int
) -> None:
    maximum = rule.minimum_micro + headroom
    capped = price_of(replace(rule, maximum_micro=maximum), units)
    assert 0 <= rule.minimum_micro <= capped <= maximum
    assert capped == min(price_of(rule, units), maximum)


@given(RULES, UNITS, st.integers(0, 1000))
def test_more_data_never_costs_less(rule: PriceRule, units: int, more: int) -> None:
    assert price_of(rule, units + more) >= price_of(rule, units) >= rule.minimum_micro


STEPS = (VolumeStep(100, 500_000), VolumeStep(200, 250_000))
BLOCKS = PriceRule(unit_micro=ONE, per_units=10, unit="rows", volume_steps=STEPS)
REQUESTS = PriceRule(base_micro=ONE, volume_steps=STEPS)
EXACT = PriceRule(unit_micro=1, per_units=3, unit="rows", rounding="exact", volume_steps=STEPS)


@pytest.mark.parametrize(
    ("rule", "units", "volume", "cost"),
    [
        (BLOCKS, 1000, 0, 100 * ONE),  # 100 blocks, all at the first price
        (BLOCKS, 1001, 0, 100 * ONE + 500_000),  # the 101st block is the first cheaper one
        (BLOCKS, 30, 99, ONE + 2 * 500_000),  # block 100 at 1, blocks 101 and 102 at 0.5
        (BLOCKS, 1020, 99, ONE + 100 * 500_000 + 250_000),  # across both steps
        (REQUESTS, 0, 99, ONE),  # request 100 of the day
        (REQUESTS, 0, 100, 500_000),
        (REQUESTS, 9, 200, 250_000),  # units do not matter where requests are billed
    ],
)
def test_a_price_graduated_by_volume_is_marginal(
    rule: PriceRule, units: int, volume: int, cost: int
) -> None:
    assert price_of(rule, units, volume) == cost


@given(
    st.sampled_from([BLOCKS, REQUESTS, EXACT, replace(BLOCKS, base_micro=7, included_units=3)]),
    st.lists(st.integers(0, 900), max_size=8),
    st.randoms(),
)
def test_a_days_requests_cost_the_same_together_in_any_order(rule, requests, chance) -> None:
    totals = set()
    for _ in range(3):
        chance.shuffle(requests)
        volume = total = 0
        for units in requests:
            total += price_of(rule, units, volume)
            volume += billed_units(rule, units)
        totals.add(total)
    assert len(totals) == 1
