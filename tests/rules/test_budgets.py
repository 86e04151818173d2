"""Budgets: thresholds in credits or percent, and which credits count."""

from datetime import UTC, datetime

import pytest

from creditctl.errors import InvalidInput
from creditctl.rules.budgets import (
    Kind,
    Line,
    Measure,
    Reading,
    Scope,
    Span,
    Threshold,
    counted_credits,
    default_scope,
    parse_percent,
    parse_threshold,
    require_threshold_within,
)
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits


def credits(text: str) -> Credits:
    return Credits.parse(text)


def test_a_threshold_in_credits_needs_no_budget() -> None:
    assert parse_threshold("800").credits_of(None) == credits("800")


def test_a_percentage_is_taken_of_the_daily_budget() -> None:
    assert parse_threshold("80%").credits_of(credits("1000")) == credits("800")


def test_a_percentage_is_rounded_half_up_to_a_micro_credit() -> None:
    # 50% of 0.000003 credits is 1.5 micro-credits.
    assert parse_threshold("50%").credits_of(Credits(3)) == Credits(2)


def test_a_percentage_may_have_a_fraction_and_a_space() -> None:
    assert parse_threshold("12.5 %").credits_of(credits("1000")) == credits("125")


def test_a_percentage_of_no_budget_is_refused() -> None:
    assert parse_threshold("80%").credits_of(None) is None
    with pytest.raises(InvalidInput, match="needs a budget"):
        require_threshold_within(parse_threshold("80%"), None)


@pytest.mark.parametrize("text", ["0%", "101%", "-5%", "-1", "%", "eighty", "1e3", "80%%", ""])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_threshold(text)


def test_an_allowance_makes_beyond_it_the_default_scope() -> None:
    assert default_scope(credits("50000"), unlimited=False) is Scope.BEYOND_ALLOWANCE
    assert default_scope(NO_CREDITS, unlimited=False) is Scope.ALL
    assert default_scope(credits("50000"), unlimited=True) is Scope.ALL


@pytest.mark.parametrize(
    ("scope", "unlimited", "counted"),
    [
        (Scope.ALL, False, "100"),
        (Scope.BEYOND_ALLOWANCE, False, "30"),
        (Scope.BEYOND_ALLOWANCE, True, "100"),
    ],
)
def test_a_scope_counts_rated_credits_or_those_no_allowance_paid(
    scope: Scope, unlimited: bool, counted: str
) -> None:
    assert counted_credits(
        scope, rated=credits("100"), beyond_allowance=credits("30"), unlimited=unlimited
    ) == credits(counted)


def test_a_threshold_may_equal_the_budget_but_not_exceed_it() -> None:
    require_threshold_within(parse_threshold("10"), credits("10"))
    require_threshold_within(parse_threshold("10"), None)
    with pytest.raises(InvalidInput, match="above the budget"):
        require_threshold_within(parse_threshold("10.000001"), credits("10"))


@pytest.mark.parametrize("text", ["80", "0%", "100.1%", "0.00001%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_percent(text)


@pytest.mark.parametrize(
    ("measure", "usage", "crossed"),
    [
        (Measure.USAGE, 100, False),
        (Measure.USAGE, 101, True),
        (Measure.ALLOWANCE, 99, False),
        (Measure.ALLOWANCE, 100, True),
        (Measure.QUOTA, 100, True),
        (Measure.BALANCE, 100, False),
        (Measure.BALANCE, 99, True),
        (Measure.DAYS_LEFT, 100, False),
        (Measure.DAYS_LEFT, 99, True),
        (Measure.EXPIRING, 101, False),
        (Measure.EXPIRING, 100, True),
    ],
)
def test_each_measure_is_crossed_from_its_own_side(
    measure: Measure, usage: int, *, crossed: bool
) -> None:
    line = Line("l", 1, Kind.NOTIFY, measure, Span.NONE, Scope.ALL, Threshold(Credits(100)))
    assert Reading(line, Credits(usage), Credits(100)).is_crossed is crossed


def test_windows_are_the_utc_day_and_the_calendar_month() -> None:
    at = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    day, month = Span.DAY.window(at), Span.MONTH.window(at)
    assert day == Period(datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert month == Period(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert Span.NONE.window(at) is None
