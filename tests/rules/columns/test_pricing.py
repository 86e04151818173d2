"""The price of many requests is the price of each, for every rule (DESIGN 3.2)."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.columns.pricing import PriceRules
from creditctl.rules.pricing import PriceRule, VolumeStep, billed_units, price_of

AMOUNTS = st.integers(0, 10**9) | st.integers(0, 10**15)
STEPS = st.lists(
    st.builds(VolumeStep, st.integers(1, 10**6), AMOUNTS), max_size=3, unique_by=lambda s: s.above
).map(lambda steps: tuple(sorted(steps, key=lambda step: step.above)))
RULES = st.builds(
    PriceRule,
    base_micro=AMOUNTS,
    unit_micro=AMOUNTS,
    per_units=st.integers(1, 10_000),
    unit=st.sampled_from([None, "rows"]),
    rounding=st.sampled_from(["up", "exact"]),
    included_units=st.integers(0, 1000),
    minimum_micro=AMOUNTS,
    maximum_micro=st.none() | AMOUNTS,
    volume_steps=STEPS,
)
UNITS = st.integers(0, 1000) | st.integers(0, 2**53 - 1)


@given(st.data(), st.lists(RULES, min_size=1, max_size=4))
def test_every_request_costs_what_the_rule_says(
    data: st.DataObject, rules: list[PriceRule]
) -> None:
    events = data.draw(
        st.lists(st.tuples(st.integers(0, len(rules) - 1), UNITS, UNITS), max_size=20)
    )
    which, units, volume = (
        np.array([event[place] for event in events], np.int64) for place in range(3)
    )
    columns = PriceRules(rules)
    assert columns.billed_units(which, units).tolist() == [
        billed_units(rules[rule], count) for rule, count, _ in events
    ]
    assert columns.costs(which, units).tolist() == [
        price_of(rules[rule], count) for rule, count, _ in events
    ]
    assert columns.costs(which, units, volume).tolist() == [
        price_of(rules[rule], count, before) for rule, count, before in events
    ]


def test_sums_beyond_64_bits_are_exact() -> None:
    rule = PriceRule(unit="rows", unit_micro=10**15, per_units=1)
    units = np.array([2**53 - 1, 1], np.int64)
    assert PriceRules([rule]).costs(np.zeros(2, np.int64), units).tolist() == [
        price_of(rule, 2**53 - 1),
        10**15,
    ]
