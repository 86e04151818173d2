"""A check looks at what changed, and finds all that a look at everybody would find."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.rules.budgets import Measure, Scope, Span, Threshold, parse_threshold
from creditctl.rules.units import Credits
from creditctl.services.budget_changes import DAILY, Wanted, set_budget
from creditctl.services.call_prices import current_prices
from creditctl.services.group_commit import GroupCommit
from creditctl.services.hold_answers import HoldRequest
from creditctl.services.hold_capture import Capture
from creditctl.services.hold_steps import Authorization
from creditctl.services.limits_check import check_limits
from creditctl.services.limits_status import list_limit_status
from creditctl.services.price_book import these_prices
from creditctl.services.standings import assess
from creditctl.services.step_groups import PlainSteps
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.limit_marks import EVERYBODY, is_anybody_marked


@pytest.fixture
def noon(context: Context) -> Context:
    noon = at(context, "2026-10-10T12:00:00Z")
    open_books(noon)
    return noon


def test_only_what_changed_is_looked_at(noon: Context) -> None:
    for slug in ("alpha", "beta", "gamma"):
        an_organization(noon, slug, credits="100")
    assert check_limits(noon).checked == 3
    assert check_limits(noon).checked == 0
    use(noon, "beta", 1)
    assert check_limits(noon).checked == 1
    assert check_limits(noon, everybody=True).checked == 3


def test_the_states_of_all_are_told_whoever_was_looked_at(noon: Context) -> None:
    an_organization(noon, "alpha", credits="100")
    an_organization(noon, "beta")
    check_limits(noon)
    again = check_limits(noon)
    assert (again.checked, again.ok, again.blocked) == (0, 1, 1)


def test_who_only_holds_credits_has_nothing_new_to_be_looked_at(noon: Context) -> None:
    an_organization(noon, credits="100")
    check_limits(noon)
    calls = GroupCommit(noon.database, PlainSteps())
    prices = current_prices(noon)
    request = HoldRequest(
        request_id="r-1", method="GET", path="/rows", organization="acme", units=5
    )
    (hold,) = calls.run_all([Authorization(noon, request, prices)])
    assert hold.answer().state == "open"
    assert check_limits(noon).checked == 0
    assert not check_limits(noon, everybody=True).has_news
    (ended,) = calls.run_all([Capture(noon, "r-1", these_prices(prices), 200, 5)])
    assert ended.answer().state == "captured"
    assert check_limits(noon).checked == 1


def test_time_alone_brings_an_organization_back(noon: Context) -> None:
    an_organization(noon)
    give(noon, "acme", "10", expires_at=noon.now + timedelta(hours=3))
    assert check_limits(noon).ok == 1
    assert check_limits(at(noon, "2026-10-10T14:59:00Z")).checked == 0
    (change,) = check_limits(at(noon, "2026-10-10T15:00:00Z")).changes
    assert (change.state, change.reason) == ("blocked", "credits_exhausted")


def test_after_an_outage_no_alert_is_lost_or_doubled(noon: Context) -> None:
    an_organization(noon, credits="1000")
    thresholds = {DAILY: [parse_threshold("50")]}
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100"), thresholds=thresholds))
    check_limits(noon)
    use(noon, "acme", 120)
    # For three hours nobody checked.
    late = at(noon, "2026-10-10T15:00:00Z")
    first, second = check_limits(late), check_limits(at(noon, "2026-10-10T15:01:00Z"))
    assert (first.crossed, first.newly_blocked, first.previous_at) == (2, 1, noon.now)
    assert (second.crossed, second.newly_blocked, second.has_news) == (0, 0, False)


def test_an_outage_over_midnight_loses_no_alert_and_doubles_none(noon: Context) -> None:
    an_organization(noon, credits="1000")
    thresholds = {DAILY: [parse_threshold("50")]}
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100"), thresholds=thresholds))
    check_limits(noon)
    use(at(noon, "2026-10-10T22:00:00Z"), "acme", 120)
    # Nobody checked until the day after the next one, which was quiet.
    late = at(noon, "2026-10-12T00:05:00Z")
    first, second = check_limits(late), check_limits(at(noon, "2026-10-12T00:06:00Z"))
    assert (first.crossed, first.recovered, first.newly_blocked) == (2, 2, 0)
    assert (second.crossed, second.recovered, second.has_news) == (0, 0, False)
    assert not check_limits(late, everybody=True).has_news


def test_a_line_that_was_drawn_later_was_not_there_to_be_crossed(noon: Context) -> None:
    an_organization(noon, credits="1000")
    check_limits(noon)
    use(noon, "acme", 120)
    tomorrow = at(noon, "2026-10-11T09:00:00Z")
    set_budget(tomorrow, "acme", Wanted(daily=Credits.parse("100")))
    assert check_limits(tomorrow).crossed == 0


def test_a_missed_month_counts_what_the_plan_of_that_month_let_count(noon: Context) -> None:
    # 100 credits of October are the plan's allowance, and only 30 go beyond it.
    an_organization(noon, plan="starter", credits="1000")
    set_budget(noon, "acme", Wanted(monthly=Credits.parse("29"), scope=Scope.BEYOND_ALLOWANCE))
    check_limits(noon)
    use(at(noon, "2026-10-20T00:00:00Z"), "acme", 130)
    november = check_limits(at(noon, "2026-11-02T00:00:00Z"))
    assert (november.crossed, november.recovered) == (1, 1)


def test_a_change_during_the_check_is_looked_at_by_the_next_one(
    noon: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_organization(noon, credits="100")
    from creditctl.services import limits_work

    real = limits_work.assess

    def changed_meanwhile(unit: UnitOfWork, now: datetime, **how: datetime | None) -> object:
        found = real(unit, now, **how)  # type: ignore[arg-type]
        monkeypatch.undo()
        use(noon, "acme", 101)
        return found

    # A reader of SQLite does not keep a writer out, and neither does one of PostgreSQL.
    monkeypatch.setattr(limits_work, "assess", changed_meanwhile)
    assert check_limits(noon).newly_blocked == 0
    assert check_limits(noon).newly_blocked == 1


def test_a_check_that_was_cut_off_is_made_up_for(
    noon: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("alpha", "beta"):
        an_organization(noon, slug)
    from creditctl.services import limits_work

    real, seen = limits_work.check_organization, []

    def dies_at_the_second(unit: object, context: Context, organization_id: int) -> object:
        seen.append(organization_id)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(unit, context, organization_id)  # type: ignore[arg-type]

    monkeypatch.setattr(limits_work, "check_organization", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        check_limits(noon)
    monkeypatch.undo()
    again = check_limits(noon)
    assert (again.changed, again.blocked) == (1, 2)


NAMES = {"alpha": None, "beta": "starter"}
ORGANIZATIONS = st.sampled_from(sorted(NAMES))


class Company(RuleBasedStateMachine):
    """People, cron and time do what they do; now and then somebody looks at everybody."""

    clock: ClassVar[list[Context]] = []
    """Every example goes on where the last one ended."""

    numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.slugs: dict[str, str] = {}
        for name, plan in NAMES.items():
            slug = self.slugs[name] = f"{name}-{next(self.numbers)}"
            an_organization(self.now, slug, credits="100", plan=plan)

    @property
    def now(self) -> Context:
        return self.clock[-1]

    def later(self, minutes: int) -> None:
        now = self.now.now + timedelta(minutes=minutes)
        self.clock.append(replace(self.now, now=now))

    @rule(slug=ORGANIZATIONS, rows=st.integers(1, 60))
    def used(self, slug: str, rows: int) -> None:
        use(self.now, self.slugs[slug], rows)

    @rule(slug=ORGANIZATIONS, amount=st.integers(1, 50), hours=st.integers(0, 40))
    def granted(self, slug: str, amount: int, hours: int) -> None:
        expires_at = self.now.now + timedelta(hours=hours) if hours else None
        source = "goodwill" if hours else "purchase"
        give(self.now, self.slugs[slug], str(amount), source=source, expires_at=expires_at)

    @rule(slug=ORGANIZATIONS, daily=st.integers(20, 200), percent=st.integers(1, 100))
    def budgeted(self, slug: str, daily: int, percent: int) -> None:
        thresholds = {
            DAILY: [Threshold(percent=Decimal(percent))],
            (Measure.BALANCE, Span.NONE): [Threshold(amount=Credits.parse("15"))],
        }
        wanted = Wanted(daily=Credits.parse(str(daily)), thresholds=thresholds)
        set_budget(self.now, self.slugs[slug], wanted)

    @rule(minutes=st.sampled_from([1, 60, 700, 1440, 5000]))
    def passed(self, minutes: int) -> None:
        self.later(minutes)

    @rule()
    def checked(self) -> None:
        check_limits(self.now)
        with reading(self.now.database) as unit:
            found = assess(unit, self.now.now, EVERYBODY)
            assert not is_anybody_marked(unit)
        decided = {
            status.organization: (status.state, status.reason, status.limit)
            for status in list_limit_status(self.now)
        }
        assert decided == {
            one.organization: (
                one.decision.state.value,
                one.decision.reason.value or None,
                one.decision.limit,
            )
            for one in found
        }

    @invariant()
    def a_second_look_finds_nothing_new(self) -> None:
        self.number += 1
        if self.number % 5 == 0:
            check_limits(self.now)
            assert not check_limits(self.now, everybody=True).has_news


def test_what_changed_is_all_that_changes_states(noon: Context) -> None:
    examples = settings(
        max_examples=10,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    Company.clock[:] = [noon]
    run_state_machine_as_test(Company, settings=examples)  # type: ignore[no-untyped-call]
