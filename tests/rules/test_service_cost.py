"""Costs of service are exact, and add up however they are grouped."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.service_cost import ServiceCost, cost_text, costs_in_minor, margin_percent


def test_a_request_and_its_units_cost_exactly() -> None:
    """3 x $0.0004 + 70 x $0.000001 = $0.00127."""
    cost = ServiceCost(request_micro=400, unit_micro=1)
    assert cost.of(3, 70) == 1270
    assert cost_text(1270) == "0.00127"


def test_lines_are_rounded_together() -> None:
    """Three times $0.004 is $0.012, which is one cent; the first of equals has it."""
    assert costs_in_minor([4000, 4000, 4000], "USD") == [1, 0, 0]
    assert costs_in_minor([4000, 1_500_000], "JPY") == [0, 2]
    assert costs_in_minor([4000, 1_500_000], "KWD") == [4, 1500]
    assert costs_in_minor([], "USD") == []


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=6), st.data())
def test_groups_add_up_to_one_total(costs: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(costs)))
    grouped = [sum(costs[:place]), sum(costs[place:])]
    total = sum(costs_in_minor(costs, "USD"))
    assert total == sum(costs_in_minor(grouped, "USD"))
    assert abs(total * 10_000 - sum(costs)) <= 5_000
    assert all(
        abs(part * 10_000 - cost) < 10_000
        for part, cost in zip(costs_in_minor(costs, "USD"), costs, strict=True)
    )


@pytest.mark.parametrize(
    ("margin", "revenue", "percent"),
    [(26, 40, "65.0"), (-5, 30, "-16.7"), (1, 8, "12.5"), (1, 16, "6.3"), (0, 5, "0.0")],
)
def test_percent_is_of_revenue(margin: int, revenue: int, percent: str) -> None:
    assert margin_percent(margin, revenue) == Decimal(percent)


@pytest.mark.parametrize("revenue", [0, -3])
def test_there_is_no_percent_of_nothing(revenue: int) -> None:
    assert margin_percent(-10, revenue) is None
