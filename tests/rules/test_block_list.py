"""Blocks: statuses, ends, and which of several a key is told."""

from datetime import UTC, datetime

import pytest

from creditctl.rules.block_list import BlockScope, block_of, blocks_by_place
from creditctl.rules.enforcement import Reason

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
MONTH_END = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.CREDITS_EXHAUSTED, 402),
        (Reason.OVERAGE, 402),
        (Reason.SUSPENDED, 403),
        (Reason.CLOSED, 403),
        (Reason.BUDGET, 429),
    ],
)
def test_each_reason_that_blocks_has_a_status(reason: Reason, status: int) -> None:
    assert block_of("acme", reason, None, []).status == status


def test_an_end_within_a_second_is_rounded_up() -> None:
    ends = [MIDNIGHT, MIDNIGHT.replace(microsecond=1), None]
    epochs = [block_of("acme", Reason.BUDGET, end, []).until_epoch for end in ends]
    assert epochs == [1793577600, 1793577601, None]


def test_a_key_is_told_the_block_that_lasts_longest() -> None:
    blocks = [
        block_of("acme", Reason.BUDGET, MIDNIGHT, ["b", "a"]),
        block_of("acme", Reason.BUDGET, MONTH_END, ["a"], scope=BlockScope.KEY),
        block_of("acme", Reason.BUDGET, MIDNIGHT, ["a"], scope=BlockScope.KEY),
        block_of("acme", Reason.SUSPENDED, None, ["c"]),
        block_of("acme", Reason.BUDGET, MONTH_END, ["c"], scope=BlockScope.KEY),
        block_of("acme", Reason.BUDGET, MIDNIGHT, ["a"], scope=BlockScope.PRODUCT, product="rows"),
    ]
    found = blocks_by_place(blocks)
    assert [(place, block.until) for place, block in found.items()] == [
        ("a", MONTH_END),
        ("a/rows", MIDNIGHT),
        ("b", MIDNIGHT),
        ("c", None),
    ]
