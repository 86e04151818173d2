"""Lines of every kind: what they watch, when they are crossed, when they recover."""

from datetime import UTC, datetime

import pytest

from builders import an_organization, at, give, open_books, use
from calls import ROWS
from creditctl.context import Context
from creditctl.errors import BudgetNotFound, InvalidInput
from creditctl.rules.budgets import Measure, Scope, Span, Threshold, parse_threshold
from creditctl.rules.units import Credits
from creditctl.services.budget_changes import DAILY, MONTHLY, Wanted, clear_budget, set_budget
from creditctl.services.budgets import Budget, BudgetLine, show_budget
from creditctl.services.keys import create_key
from creditctl.services.limits_check import LimitsCheck, check_limits
from creditctl.services.limits_status import show_limit_status

CATALOG_WITH_QUOTA = (
    ROWS
    + """
[plans.metered]
allowance = 1000
[plans.metered.limits]
requests_per_period = 10
"""
)


def credits(text: str) -> Credits:
    return Credits.parse(text)


def watching(measure: Measure, *texts: str) -> Wanted:
    return Wanted(thresholds={(measure, Span.NONE): [parse_threshold(text) for text in texts]})


@pytest.fixture
def noon(context: Context) -> Context:
    noon = at(context, "2026-10-10T12:00:00Z")
    open_books(noon)
    return noon


def only_line(budget: Budget) -> BudgetLine:
    (line,) = budget.lines
    return line


def told(result: LimitsCheck) -> tuple[int, int]:
    return result.crossed, result.recovered


def test_a_monthly_budget_blocks_until_the_month_ends(noon: Context) -> None:
    an_organization(noon, credits="1000")
    set_budget(noon, "acme", Wanted(monthly=credits("100")))
    use(at(noon, "2026-10-02T00:00:00Z"), "acme", 60)
    use(noon, "acme", 41)
    result = check_limits(noon)
    (change,) = result.changes
    assert (change.state, change.usage, change.slipped) == ("blocked", credits("101"), credits("1"))
    assert (change.crossed_after, change.since) == (None, noon.now)
    assert change.until == datetime(2026, 11, 1, tzinfo=UTC)
    budget = show_budget(noon, "acme")
    assert (budget.month, budget.month_left) == (credits("101"), credits("0"))
    assert check_limits(at(noon, "2026-11-01T00:00:00Z")).ok == 1


def test_of_a_percentage_the_line_moves_with_its_budget(noon: Context) -> None:
    an_organization(noon, credits="5000")
    thresholds = {DAILY: [parse_threshold("50%"), parse_threshold("90%")]}
    set_budget(noon, "acme", Wanted(daily=credits("100"), thresholds=thresholds))
    use(noon, "acme", 95)
    assert told(check_limits(noon)) == (2, 0)
    set_budget(noon, "acme", Wanted(daily=credits("150")))
    assert told(check_limits(noon)) == (0, 1), "95 is above 75, and no more above 135"


def test_thresholds_that_are_given_replace_those_before(noon: Context) -> None:
    an_organization(noon, credits="5000")
    kept, gone, new = (parse_threshold(text) for text in ("10", "20", "30"))
    set_budget(noon, "acme", Wanted(thresholds={DAILY: [kept, gone]}))
    use(noon, "acme", 40)
    assert told(check_limits(noon)) == (2, 0)
    budget = set_budget(noon, "acme", Wanted(thresholds={DAILY: [new, kept, new]}))
    assert sorted(line.at for line in budget.lines) == ["10", "30"]
    assert told(check_limits(noon)) == (1, 1), "the kept one is not told again"


def test_a_product_beyond_its_budget_does_not_block_the_others(noon: Context) -> None:
    an_organization(noon, credits="5000")
    set_budget(noon, "acme", Wanted(daily=credits("10"), product="rows"))
    set_budget(noon, "acme", Wanted(daily=credits("10"), product="thirds"))
    use(noon, "acme", 11)
    (change,) = check_limits(noon).changes
    assert (change.state, change.reason) == ("notified", "part_budget")
    crossed = {line.target: line.crossed for line in show_budget(noon, "acme").lines}
    assert crossed == {"product rows": True, "product thirds": False}


def test_a_key_beyond_its_budget_does_not_block_the_others(noon: Context) -> None:
    an_organization(noon, credits="5000")
    for name in ("one", "two"):
        create_key(noon, "acme", name=name)
        set_budget(noon, "acme", Wanted(daily=credits("10"), key=name))
    use(noon, "acme", 11, key="two")
    assert check_limits(noon).notified == 1
    crossed = {line.target: line.crossed for line in show_budget(noon, "acme").lines}
    assert crossed == {"key one": False, "key two": True}


def test_a_low_balance_is_told_each_time_it_becomes_low(noon: Context) -> None:
    an_organization(noon, credits="100")
    set_budget(noon, "acme", watching(Measure.BALANCE, "50", "10%"))
    use(noon, "acme", 50)
    assert told(check_limits(noon)) == (0, 0), "50 are left, and not less"
    use(noon, "acme", 1)
    assert told(check_limits(noon)) == (1, 0)
    give(noon, "acme", "100")
    assert told(check_limits(noon)) == (0, 1)
    later = at(noon, "2026-10-10T13:00:00Z")
    use(later, "acme", 135)
    assert told(check_limits(later)) == (2, 0), "14 are left of the 200 of live grants"


def test_an_allowance_is_told_when_its_share_is_reached(noon: Context) -> None:
    an_organization(noon, plan="starter", credits="1000")
    set_budget(noon, "acme", watching(Measure.ALLOWANCE, "80%", "100%"))
    use(noon, "acme", 79)
    assert told(check_limits(noon)) == (0, 0)
    use(noon, "acme", 1)
    assert told(check_limits(noon)) == (1, 0)
    use(noon, "acme", 50)
    assert told(check_limits(noon)) == (1, 0)
    following = at(noon, "2026-11-10T12:00:00Z")
    assert told(check_limits(following)) == (0, 2), "a new allowance"


def test_a_quota_counts_the_requests_of_the_key_nearest_to_it(context: Context) -> None:
    noon = at(context, "2026-10-10T12:00:00Z")
    open_books(noon, CATALOG_WITH_QUOTA)
    an_organization(noon, plan="metered")
    for name in ("one", "two"):
        create_key(noon, "acme", name=name)
    set_budget(noon, "acme", watching(Measure.QUOTA, "30%"))
    for _ in range(2):
        use(noon, "acme", 1, key="one")
    use(noon, "acme", 1, key="two")
    assert told(check_limits(noon)) == (0, 0)
    use(noon, "acme", 1, key="one")
    assert told(check_limits(noon)) == (1, 0)
    line = only_line(show_budget(noon, "acme"))
    assert (line.unit, line.usage, line.limit) == ("requests", credits("3"), credits("3"))


def test_days_left_follow_the_rate_of_the_last_days(noon: Context) -> None:
    an_organization(at(noon, "2026-10-01T00:00:00Z"), credits="1000")
    set_budget(noon, "acme", watching(Measure.DAYS_LEFT, "5"))
    for number in range(3, 10):
        use(at(noon, f"2026-10-{number:02}T10:00:00Z"), "acme", 100)
    # 700 are used, 300 are left: the tenth, the eleventh and the twelfth are covered.
    assert told(check_limits(noon)) == (1, 0)
    assert only_line(show_budget(noon, "acme")).usage == credits("3")
    give(noon, "acme", "1000")
    assert told(check_limits(noon)) == (0, 1)


def test_credits_that_will_expire_are_told_once_in_time(noon: Context) -> None:
    an_organization(noon, credits="100")
    give(noon, "acme", "10", expires_at=datetime(2026, 10, 20, tzinfo=UTC))
    set_budget(noon, "acme", watching(Measure.EXPIRING, "7"))
    assert told(check_limits(noon)) == (0, 0)
    thirteenth = at(noon, "2026-10-13T00:00:00Z")
    assert told(check_limits(thirteenth)) == (1, 0)
    assert told(check_limits(at(noon, "2026-10-14T00:00:00Z"))) == (0, 0)
    use(at(noon, "2026-10-15T00:00:00Z"), "acme", 10)
    assert told(check_limits(at(noon, "2026-10-15T00:00:00Z"))) == (0, 1), "all were used"


def test_the_card_tells_lines_history_and_crossings(noon: Context) -> None:
    an_organization(noon, credits="1000")
    set_budget(noon, "acme", Wanted(daily=credits("10")))
    use(noon, "acme", 11)
    check_limits(noon)
    later = at(noon, "2026-10-10T12:05:00Z")
    set_budget(later, "acme", Wanted(daily=credits("20")))
    card = show_limit_status(later, "acme")
    assert [past.state for past in card.history] == ["ok", "blocked"]
    assert (card.daily, card.today, card.left) == (credits("20"), credits("11"), credits("9"))
    assert (card.day_bar, card.day_hours) == ("███████████", "            █")
    (crossing,) = card.crossings
    assert (crossing.crossed_at, crossing.recovered_at) == (noon.now, later.now)


def test_the_day_is_drawn_by_hours_with_where_it_leads(noon: Context) -> None:
    an_organization(noon, credits="1000")
    set_budget(noon, "acme", Wanted(daily=credits("100")))
    use(at(noon, "2026-10-10T03:00:00Z"), "acme", 10)
    use(at(noon, "2026-10-10T11:59:59Z"), "acme", 20)
    budget = show_budget(noon, "acme")
    assert [hour for hour, used in enumerate(budget.hours) if used] == [3, 11]
    assert (budget.forecast, len(budget.hours)) == (credits("60"), 13)
    assert (budget.day_bar, budget.day_hours) == ("██████", "   ▅       █ ")


def test_one_line_is_cleared_by_its_number(noon: Context) -> None:
    an_organization(noon, credits="1000")
    set_budget(noon, "acme", Wanted(daily=credits("10"), monthly=credits("100")))
    clear_budget(noon, "acme", line="2")
    assert [line.at for line in show_budget(noon, "acme").lines] == ["10"]
    with pytest.raises(BudgetNotFound, match="no such budget"):
        clear_budget(noon, "acme", line="2")


def test_lines_of_one_product_are_cleared_alone(noon: Context) -> None:
    an_organization(noon, credits="1000")
    set_budget(noon, "acme", Wanted(daily=credits("10")))
    set_budget(noon, "acme", Wanted(daily=credits("5"), product="rows"))
    clear_budget(noon, "acme", product="rows")
    assert [line.target for line in show_budget(noon, "acme").lines] == ["all"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(daily=Credits(1), product="rows", key="one"), "of a product or of a key"),
        (Wanted(daily=Credits(1), key="one", scope=Scope.BEYOND_ALLOWANCE), "not known"),
        (
            Wanted(
                product="rows", thresholds={(Measure.BALANCE, Span.NONE): [Threshold(Credits(1))]}
            ),
            "not a part's",
        ),
        (Wanted(thresholds={MONTHLY: [parse_threshold("50%")]}), "needs a budget"),
    ],
)
def test_lines_that_make_no_sense_are_refused(noon: Context, wanted: Wanted, message: str) -> None:
    an_organization(noon)
    create_key(noon, "acme", name="one")
    with pytest.raises(InvalidInput, match=message):
        set_budget(noon, "acme", wanted)
