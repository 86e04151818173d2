"""`limits check`: who is blocked, when it ends, and that it is quiet when nothing changed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import OrganizationNotFound
from creditctl.rules.budgets import parse_threshold
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.budget_changes import DAILY, Wanted, clear_budget, set_budget
from creditctl.services.budgets import show_budget
from creditctl.services.limits_check import LimitsCheck, check_limits
from creditctl.services.limits_status import LimitStatus, list_limit_status, show_limit_status
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.limit_marks import mark_everybody

MIDNIGHT = datetime(2026, 10, 11, tzinfo=UTC)


@pytest.fixture
def noon(context: Context) -> Context:
    noon = at(context, "2026-10-10T12:00:00Z")
    open_books(noon)
    return noon


def with_budget(context: Context, daily: str, notify_at: str | None = None) -> None:
    thresholds = {DAILY: [parse_threshold(notify_at)]} if notify_at else None
    set_budget(context, "acme", Wanted(daily=Credits.parse(daily), thresholds=thresholds))


def status_of(context: Context, slug: str = "acme") -> LimitStatus:
    (status,) = [one for one in list_limit_status(context) if one.organization == slug]
    return status


def states(result: LimitsCheck) -> list[tuple[str, str, str | None]]:
    return [(change.previous, change.state, change.reason) for change in result.changes]


def history(context: Context) -> int:
    with reading(context.database) as unit:
        return int(unit.fetch_value("SELECT COUNT(*) FROM enforcement_change"))


def test_nobody_to_check_is_fine(noon: Context) -> None:
    result = check_limits(noon)
    assert (result.checked, result.changed, result.has_news) == (0, 0, False)


def test_an_exceeded_daily_budget_blocks_until_the_utc_day_ends(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 101)
    result = check_limits(noon)
    assert states(result) == [("ok", "blocked", "budget")]
    assert result.newly_blocked == 1
    assert status_of(noon) == LimitStatus(
        organization="acme",
        state="blocked",
        reason="budget",
        usage=Credits.parse("101"),
        limit=Credits.parse("100"),
        since=noon.now,
        until=MIDNIGHT,
        held=NO_CREDITS,
    )
    assert show_budget(noon, "acme").state == "blocked"


def test_a_reached_budget_does_not_block(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 100)
    assert check_limits(noon).ok == 1


def test_the_same_state_is_told_and_written_once(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 101)
    check_limits(noon)
    later = at(noon, "2026-10-10T12:01:00Z")
    use(later, "acme", 50)
    result = check_limits(later)
    assert (result.blocked, result.changed, result.newly_blocked) == (1, 0, 0)
    assert history(noon) == 1
    assert status_of(later).since == noon.now


def test_a_budget_block_ends_at_midnight_even_before_the_next_check(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 101)
    check_limits(noon)
    midnight = replace(noon, now=MIDNIGHT)
    assert (status_of(midnight).state, status_of(midnight).since) == ("ok", MIDNIGHT)
    assert states(check_limits(midnight)) == [("blocked", "ok", None)]
    assert status_of(midnight).state == "ok"


def test_a_new_day_that_exceeds_the_budget_again_is_a_new_block(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 101)
    check_limits(noon)
    tomorrow = at(noon, "2026-10-11T12:00:00Z")
    use(tomorrow, "acme", 200)
    result = check_limits(tomorrow)
    assert result.newly_blocked == 1
    assert result.changes[0].since == tomorrow.now


def test_a_raised_or_cleared_budget_unblocks_at_once_and_a_lower_one_waits(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 101)
    check_limits(noon)
    with_budget(noon, "200")
    assert (status_of(noon).state, check_limits(noon).changed) == ("ok", 0)
    with_budget(noon, "50")
    assert states(check_limits(noon)) == [("ok", "blocked", "budget")]
    clear_budget(noon, "acme")
    assert (status_of(noon).state, check_limits(noon).changed) == ("ok", 0)


def test_a_budget_raised_too_little_keeps_since_and_tells_the_new_limit(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 301)
    check_limits(noon)
    later = at(noon, "2026-10-10T13:00:00Z")
    with_budget(later, "300")
    result = check_limits(later)
    assert (result.changed, result.newly_blocked) == (1, 0)
    assert (status_of(later).limit, status_of(later).since) == (Credits.parse("300"), noon.now)


def test_a_threshold_notifies_before_the_budget_blocks(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100", "80%")
    use(noon, "acme", 81)
    assert states(check_limits(noon)) == [("ok", "notified", "threshold")]
    use(noon, "acme", 20)
    assert states(check_limits(noon)) == [("notified", "blocked", "budget")]


def test_a_budget_beyond_the_allowance_lets_the_allowance_be_used_up(noon: Context) -> None:
    an_organization(noon, plan="starter", credits="1000")
    with_budget(noon, "20")
    use(noon, "acme", 120)
    assert check_limits(noon).blocked == 0
    use(noon, "acme", 1)
    assert states(check_limits(noon)) == [("ok", "blocked", "budget")]


def test_prepaid_only_an_organization_that_never_had_credits_is_blocked(noon: Context) -> None:
    an_organization(noon)
    assert states(check_limits(noon)) == [("ok", "blocked", "credits_exhausted")]
    assert status_of(noon).until is None
    give(noon, "acme", "1")
    assert states(check_limits(noon)) == [("blocked", "ok", None)]


def test_open_overage_blocks_until_a_paid_grant_repays_it(noon: Context) -> None:
    an_organization(noon, credits="100")
    use(noon, "acme", 130)
    assert states(check_limits(noon)) == [("ok", "blocked", "overage")]
    assert status_of(noon).usage == Credits.parse("30")
    give(noon, "acme", "500")
    assert check_limits(noon).blocked == 1, "a gift does not repay"
    give(noon, "acme", "29", source="purchase")
    assert check_limits(noon).changed == 0
    give(noon, "acme", "2", source="purchase")
    assert states(check_limits(noon)) == [("blocked", "ok", None)]


def test_postpaid_usage_runs_on_until_the_plans_limit_is_used_up(noon: Context) -> None:
    # 50,000 allowance + 10,000 postpaid; 59,999 leaves one credit, 60,000 none.
    an_organization(noon, plan="pro")
    use(noon, "acme", 59_999)
    assert check_limits(noon).ok == 1
    use(noon, "acme", 1)
    assert states(check_limits(noon)) == [("ok", "blocked", "credits_exhausted")]
    use(noon, "acme", 1)
    assert states(check_limits(noon)) == [("blocked", "blocked", "overage")]


def test_an_unlimited_plan_is_only_stopped_by_its_budget(noon: Context) -> None:
    an_organization(noon, plan="enterprise")
    use(noon, "acme", 5_000)
    assert check_limits(noon).ok == 1
    with_budget(noon, "4000")
    assert states(check_limits(noon)) == [("ok", "blocked", "budget")]


def test_missed_periods_get_their_allowances_once(noon: Context) -> None:
    # 10 Oct, 10 Nov and 10 Dec have begun by 20 Dec; the first was granted at the start.
    an_organization(noon, plan="starter")
    december = at(noon, "2026-12-20T00:00:00Z")
    first, second = check_limits(december), check_limits(december)
    assert (first.allowances_granted, second.allowances_granted) == (2, 0)
    # October's and November's unused allowance have expired, both past the grace of 72 hours.
    assert (first.expiries_booked, second.expiries_booked) == (2, 0)
    assert (first.ok, second.has_news) == (1, False)


@pytest.mark.parametrize("word", ["suspended", "closed"])
def test_a_suspended_or_closed_organization_is_blocked(noon: Context, word: str) -> None:
    an_organization(noon, credits="100")
    with unit_of_work(noon.database) as unit:
        unit.run("UPDATE organization SET status = :word", word=word)
        mark_everybody(unit)
    assert states(check_limits(noon)) == [("ok", "blocked", word)]


def test_status_shows_the_blocked_first_and_the_unchecked_as_ok(noon: Context) -> None:
    an_organization(noon, "alpha", credits="100")
    an_organization(noon, "beta")
    assert [status.state for status in list_limit_status(noon)] == ["ok", "ok"]
    check_limits(noon)
    assert [status.organization for status in list_limit_status(noon)] == ["beta", "alpha"]


def test_the_status_of_an_unknown_organization_is_refused(noon: Context) -> None:
    with pytest.raises(OrganizationNotFound):
        show_limit_status(noon, "nobody")


@pytest.mark.broken_books
def test_it_needs_no_events_only_rollups(noon: Context) -> None:
    an_organization(noon, credits="1000")
    with_budget(noon, "100")
    use(noon, "acme", 101)
    with unit_of_work(noon.database) as unit:
        unit.run("DROP TABLE usage_event")
    assert check_limits(noon).blocked == 1
