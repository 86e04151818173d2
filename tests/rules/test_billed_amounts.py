"""What is left of an invoice's lines without tax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.billed_amounts import net_parts, net_until


@pytest.mark.parametrize(
    ("net", "fees", "others", "parts"),
    [
        (103, [100], [3], [100, 3]),  # prices without tax
        (84, [100], [], [84]),  # 1.00 with 19 % in it
        (84, [], [100], [84]),
        (87, [100], [3], [84, 3]),  # 84.47 and 2.53
        (85, [50, 50], [1], [42, 42, 1]),  # 42.08, 84.16 together, and what is left
        (81, [33, 33], [30], [28, 28, 25]),  # 27.84 and 55.69 together
        (5, [], [0, 0], [5, 0]),
        (0, [], [], []),
    ],
)
def test_the_net_is_shared_by_what_lines_come_to(
    net: int, fees: list[int], others: list[int], parts: list[int]
) -> None:
    assert net_parts(net, fees, others) == parts


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(-5, 10**6)),
    st.lists(st.integers(-5, 10**6), min_size=1),
)
def test_parts_sum_to_the_net(net: int, fees: list[int], others: list[int]) -> None:
    assert sum(net_parts(net, fees, others)) == net


@given(st.data(), st.lists(st.integers(1, 10**6), min_size=1))
def test_fees_alone_sum_to_the_net_in_any_order(data: st.DataObject, fees: list[int]) -> None:
    """Each is less than a unit away from its share of it."""
    net = data.draw(st.integers(0, sum(fees)))
    parts = net_parts(net, fees, [])
    assert sum(parts) == net == sum(net_parts(net, fees[::-1], []))
    assert net_until(net, sum(fees), sum(fees)) == net
    assert all(
        abs(part * sum(fees) - fee * net) < sum(fees) for fee, part in zip(fees, parts, strict=True)
    )
