"""The state of an organization: which reason wins, when it ends, and what is news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from creditctl.rules.budgets import Kind, Line, Measure, Reading, Scope, Span, Threshold
from creditctl.rules.enforcement import Decision, Reason, Standing, State, decide
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits

MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)
FINE = Standing(status="active", available=Credits(1), open_overage=NO_CREDITS)
DAY = Period(datetime(2026, 10, 31, tzinfo=UTC), MIDNIGHT)
MONTH = Period(datetime(2026, 10, 1, tzinfo=UTC), MIDNIGHT + timedelta(days=1))


def budget(usage: int, limit: int = 100, window: Period = DAY, **line: object) -> Reading:
    drawn = Line("b", 1, Kind.HARD, Measure.USAGE, Span.DAY, Scope.ALL, Threshold())
    return Reading(replace(drawn, **line), Credits(usage), Credits(limit), window)  # type: ignore[arg-type]


def threshold(usage: int, limit: int = 100) -> Reading:
    return budget(usage, limit, id="t", kind=Kind.NOTIFY)


def standing(*readings: Reading, **more: object) -> Standing:
    return replace(FINE, readings=readings, **more)  # type: ignore[arg-type]


EXCEEDED, REACHED = budget(101), budget(100)


def test_an_organization_with_a_single_micro_credit_may_call() -> None:
    assert decide(FINE) == Decision()


def test_an_exceeded_budget_blocks_until_the_utc_day_ends() -> None:
    assert decide(standing(EXCEEDED)) == Decision(
        State.BLOCKED, Reason.BUDGET, Credits(101), Credits(100), MIDNIGHT
    )


def test_a_budget_that_is_just_reached_does_not_block() -> None:
    assert decide(standing(REACHED)).state is State.OK


def test_of_two_budgets_the_one_that_lasts_longest_is_told() -> None:
    decision = decide(standing(EXCEEDED, budget(501, 500, MONTH, id="m", span=Span.MONTH)))
    assert (decision.limit, decision.until) == (Credits(500), MONTH.ends_at)


@pytest.mark.parametrize("part", [{"product_id": 7}, {"api_key_id": 7}])
def test_a_budget_of_a_part_does_not_block_the_whole(part: dict[str, object]) -> None:
    decision = decide(standing(budget(101, **part)))  # type: ignore[arg-type]
    assert (decision.state, decision.reason) == (State.NOTIFIED, Reason.PART_BUDGET)
    assert decision.until == MIDNIGHT


def test_of_thresholds_that_end_together_the_highest_is_told() -> None:
    assert decide(standing(threshold(99, 80), threshold(99, 90))).limit == Credits(90)


def test_an_exceeded_threshold_only_notifies() -> None:
    decision = decide(standing(threshold(101), REACHED))
    assert (decision.state, decision.reason) == (State.NOTIFIED, Reason.THRESHOLD)


def test_the_budget_speaks_before_the_threshold() -> None:
    assert decide(standing(threshold(101), EXCEEDED)).reason is Reason.BUDGET


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (replace(FINE, status="closed"), Reason.CLOSED),
        (replace(FINE, status="suspended", open_overage=Credits(5)), Reason.SUSPENDED),
        (replace(FINE, open_overage=Credits(5), available=NO_CREDITS), Reason.OVERAGE),
        (replace(FINE, open_overage=Credits(5), unlimited=True), Reason.OVERAGE),
        (replace(FINE, available=NO_CREDITS), Reason.CREDITS_EXHAUSTED),
        (standing(EXCEEDED, available=NO_CREDITS), Reason.CREDITS_EXHAUSTED),
    ],
)
def test_of_several_reasons_the_one_without_an_end_is_told(found: Standing, reason: Reason) -> None:
    decision = decide(found)
    assert (decision.state, decision.reason, decision.until) == (State.BLOCKED, reason, None)


@pytest.mark.parametrize("cover", [{"unlimited": True}, {"postpaid_left": Credits(1)}])
def test_an_unlimited_plan_or_postpaid_headroom_stands_in_for_credits(
    cover: dict[str, object],
) -> None:
    assert decide(replace(FINE, available=NO_CREDITS, **cover)).state is State.OK  # type: ignore[arg-type]


def test_a_block_is_over_at_its_until_and_not_before() -> None:
    block = decide(standing(EXCEEDED))
    assert block.at(MIDNIGHT - timedelta(microseconds=1)) == block
    assert block.at(MIDNIGHT) == Decision()


def test_more_usage_in_the_same_state_is_no_news() -> None:
    before = decide(standing(EXCEEDED))
    after = decide(standing(budget(999)))
    assert not after.differs_from(before)


def test_another_limit_or_another_day_is_news() -> None:
    before = decide(standing(EXCEEDED))
    raised = decide(standing(budget(999, 200)))
    tomorrow = decide(standing(budget(101, window=Period(MIDNIGHT, MIDNIGHT + timedelta(days=1)))))
    assert raised.differs_from(before)
    assert raised.continues(before)
    assert tomorrow.differs_from(before)
    assert not tomorrow.continues(before)
