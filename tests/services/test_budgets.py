"""Budgets: set, changed, shown with the day's count, cleared."""

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import BudgetNotFound, InvalidInput, OrganizationNotFound
from creditctl.rules.budgets import Scope, parse_threshold
from creditctl.rules.units import Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.budget_changes import DAILY, Wanted, clear_budget, set_budget
from creditctl.services.budgets import Budget, list_budgets, show_budget


def credits(text: str) -> Credits:
    return Credits.parse(text)


@pytest.fixture
def noon(context: Context) -> Context:
    noon = at(context, "2026-10-10T12:00:00Z")
    open_books(noon)
    return noon


def set_daily(
    context: Context, daily: str, *, notify_at: str | None = None, scope: Scope | None = None
) -> Budget:
    thresholds = {DAILY: [parse_threshold(notify_at)]} if notify_at else None
    wanted = Wanted(daily=credits(daily), thresholds=thresholds, scope=scope)
    return set_budget(context, "acme", wanted)


def test_a_budget_counts_today_and_yesterday_by_utc_day(noon: Context) -> None:
    an_organization(noon, credits="1000")
    use(at(noon, "2026-10-09T23:59:59Z"), "acme", 30)
    use(at(noon, "2026-10-10T00:00:00Z"), "acme", 40)
    budget = set_daily(noon, "100")
    assert (budget.yesterday, budget.today, budget.left) == (
        credits("30"),
        credits("40"),
        credits("60"),
    )


def test_left_is_never_below_nothing(noon: Context) -> None:
    an_organization(noon, credits="1000")
    use(noon, "acme", 101)
    assert set_daily(noon, "100").left == credits("0")


def test_a_percentage_is_stored_in_credits(noon: Context) -> None:
    an_organization(noon)
    budget = set_daily(noon, "1000", notify_at="80%")
    assert budget.notify_at == credits("800")


def test_what_is_not_given_stays_as_it_is(noon: Context) -> None:
    an_organization(noon)
    set_daily(noon, "1000", notify_at="800")
    raised = set_daily(noon, "2000")
    assert (raised.daily, raised.notify_at) == (credits("2000"), credits("800"))


def test_a_threshold_needs_no_budget(noon: Context) -> None:
    an_organization(noon)
    budget = set_budget(noon, "acme", Wanted(thresholds={DAILY: [parse_threshold("800")]}))
    assert (budget.daily, budget.left, budget.notify_at) == (None, None, credits("800"))


def test_a_budget_lowered_below_its_threshold_is_refused(noon: Context) -> None:
    an_organization(noon)
    set_daily(noon, "1000", notify_at="800")
    with pytest.raises(InvalidInput, match="above the budget"):
        set_daily(noon, "500")
    assert show_budget(noon, "acme").daily == credits("1000")


def test_setting_nothing_is_refused(noon: Context) -> None:
    an_organization(noon)
    with pytest.raises(InvalidInput, match="no limit to set"):
        set_budget(noon, "acme", Wanted(scope=Scope.ALL))


def test_with_an_allowance_only_what_goes_beyond_it_counts(noon: Context) -> None:
    # 100 of the 130 credits are the allowance's; 30 are bought ones.
    an_organization(noon, plan="starter", credits="1000")
    use(noon, "acme", 130)
    budget = set_daily(noon, "500")
    assert (budget.scope, budget.today) == ("beyond_allowance", credits("30"))


def test_the_scope_can_be_all_with_an_allowance_too(noon: Context) -> None:
    an_organization(noon, plan="starter", credits="1000")
    use(noon, "acme", 130)
    assert set_daily(noon, "500", scope=Scope.ALL).today == credits("130")


def test_overage_counts_beyond_the_allowance(noon: Context) -> None:
    an_organization(noon, plan="starter")
    use(noon, "acme", 130)
    assert set_daily(noon, "500").today == credits("30")


def test_without_a_subscription_all_credits_count(noon: Context) -> None:
    an_organization(noon, credits="1000")
    assert set_daily(noon, "500").scope == "all"


def test_an_unlimited_plan_counts_rated_credits_though_nothing_is_debited(noon: Context) -> None:
    an_organization(noon, plan="enterprise")
    use(noon, "acme", 700)
    budget = set_daily(noon, "500")
    assert (budget.scope, budget.today) == ("all", credits("700"))


def test_an_unlimited_plan_has_no_beyond(noon: Context) -> None:
    an_organization(noon, plan="enterprise")
    with pytest.raises(InvalidInput, match="no allowance"):
        set_daily(noon, "500", scope=Scope.BEYOND_ALLOWANCE)


def test_budgets_are_listed_by_slug(noon: Context) -> None:
    for slug in ("zeta", "alpha", "none"):
        an_organization(noon, slug)
    set_budget(noon, "zeta", Wanted(daily=credits("1")))
    set_budget(noon, "alpha", Wanted(thresholds={DAILY: [parse_threshold("2")]}))
    assert [budget.organization for budget in list_budgets(noon)] == ["alpha", "zeta"]


def test_a_cleared_budget_is_gone_and_was_told(noon: Context) -> None:
    an_organization(noon)
    set_daily(noon, "500")
    assert clear_budget(noon, "acme").daily == credits("500")
    with pytest.raises(BudgetNotFound):
        show_budget(noon, "acme")
    with pytest.raises(BudgetNotFound):
        clear_budget(noon, "acme")


def test_budgets_of_unknown_organizations_are_refused(noon: Context) -> None:
    with pytest.raises(OrganizationNotFound):
        set_daily(noon, "500")


def test_every_change_is_in_the_audit_log_with_before_and_after(noon: Context) -> None:
    an_organization(noon)
    set_daily(noon, "500")
    set_daily(noon, "600")
    clear_budget(noon, "acme")
    entries = list_audit_entries(noon, organization="acme", action=None, limit=3)
    facts = [
        (entry.action, *(list((side or {}).values()) for side in (entry.before, entry.after)))
        for entry in entries
    ]
    at_500, at_600 = (f"hard usage day {limit}, all, all" for limit in (500, 600))
    assert facts == [
        ("budget.cleared", [at_600], []),
        ("budget.set", [at_500], [at_600]),
        ("budget.set", [], [at_500]),
    ]
