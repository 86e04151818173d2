"""The state of an organization: which reason wins, when it ends, and what is news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from creditctl.rules.enforcement import Counted, Decision, Reason, Standing, State, decide
from creditctl.rules.units import NO_CREDITS, Credits

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)
FINE = Standing(status="active", available=Credits(1), open_overage=NO_CREDITS)
EXCEEDED = Counted(usage=Credits(101), limit=Credits(100))
REACHED = Counted(usage=Credits(100), limit=Credits(100))


def test_an_organization_with_a_single_micro_credit_may_call() -> None:
    assert decide(FINE, NOON) == Decision()


def test_an_exceeded_budget_blocks_until_the_utc_day_ends() -> None:
    assert decide(replace(FINE, budget=EXCEEDED), NOON) == Decision(
        State.BLOCKED, Reason.BUDGET, Credits(101), Credits(100), MIDNIGHT
    )


def test_a_budget_that_is_just_reached_does_not_block() -> None:
    assert decide(replace(FINE, budget=REACHED), NOON).state is State.OK


def test_the_first_instant_of_a_day_blocks_until_the_next_midnight() -> None:
    decision = decide(replace(FINE, budget=EXCEEDED), MIDNIGHT)
    assert decision.until == MIDNIGHT + timedelta(days=1)


def test_an_exceeded_threshold_only_notifies() -> None:
    decision = decide(replace(FINE, threshold=EXCEEDED, budget=REACHED), NOON)
    assert (decision.state, decision.reason) == (State.NOTIFIED, Reason.THRESHOLD)


def test_the_budget_speaks_before_the_threshold() -> None:
    assert decide(replace(FINE, threshold=EXCEEDED, budget=EXCEEDED), NOON).reason is Reason.BUDGET


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (replace(FINE, status="closed"), Reason.CLOSED),
        (replace(FINE, status="suspended", open_overage=Credits(5)), Reason.SUSPENDED),
        (replace(FINE, open_overage=Credits(5), available=NO_CREDITS), Reason.OVERAGE),
        (replace(FINE, open_overage=Credits(5), unlimited=True), Reason.OVERAGE),
        (replace(FINE, available=NO_CREDITS), Reason.CREDITS_EXHAUSTED),
        (replace(FINE, available=NO_CREDITS, budget=EXCEEDED), Reason.CREDITS_EXHAUSTED),
    ],
)
def test_of_several_reasons_the_one_without_an_end_is_told(
    standing: Standing, reason: Reason
) -> None:
    decision = decide(standing, NOON)
    assert (decision.state, decision.reason, decision.until) == (State.BLOCKED, reason, None)


@pytest.mark.parametrize("cover", [{"unlimited": True}, {"postpaid_left": Credits(1)}])
def test_an_unlimited_plan_or_postpaid_headroom_stands_in_for_credits(
    cover: dict[str, object],
) -> None:
    assert decide(replace(FINE, available=NO_CREDITS, **cover), NOON).state is State.OK  # type: ignore[arg-type]


def test_a_block_is_over_at_its_until_and_not_before() -> None:
    block = decide(replace(FINE, budget=EXCEEDED), NOON)
    assert block.at(MIDNIGHT - timedelta(microseconds=1)) == block
    assert block.at(MIDNIGHT) == Decision()


def test_more_usage_in_the_same_state_is_no_news() -> None:
    before = decide(replace(FINE, budget=EXCEEDED), NOON)
    after = decide(replace(FINE, budget=Counted(Credits(999), Credits(100))), NOON)
    assert not after.differs_from(before)


def test_another_limit_or_another_day_is_news() -> None:
    before = decide(replace(FINE, budget=EXCEEDED), NOON)
    raised = decide(replace(FINE, budget=Counted(Credits(999), Credits(200))), NOON)
    tomorrow = decide(replace(FINE, budget=EXCEEDED), MIDNIGHT)
    assert raised.differs_from(before)
    assert raised.continues(before)
    assert tomorrow.differs_from(before)
    assert not tomorrow.continues(before)
