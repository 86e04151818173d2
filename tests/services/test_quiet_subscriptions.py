"""Calls ask what is due; of a subscription that says nothing is, nothing is."""

import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from builders import CATALOG, an_organization, at, open_books
from calls import call, charge, rows_of
from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.rules.instants import micros_of
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.limits_check import check_limits
from creditctl.services.period_checks import misplaced_allowances
from creditctl.services.spending import period_at
from creditctl.services.subscription_changes import (
    CancelRequest,
    ChangeRequest,
    ResumeRequest,
    cancel_subscription,
    change_subscription,
    resume_subscription,
)
from creditctl.services.subscriptions import create_subscription
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.due_work import pays_beyond_grants
from creditctl.store.queries.grants import owners_with_something_due, something_is_due
from creditctl.store.queries.orgs import find_organization, lock_organizations

START = datetime(2026, 9, 1, tzinfo=UTC)
PLANS = ("starter", "pro", "enterprise", "trial")
TRIAL = """
[plans.trial]
fee = "5.00"
allowance = 30
trial = { credits = 10, days = 3 }
"""
_numbers = itertools.count(1)


def is_due(unit: UnitOfWork, context: Context, slug: str) -> bool:
    owner = find_organization(unit, slug).id
    return something_is_due(unit, owner, context.now, context.settings.usage_grace)


def may_pay_beyond(unit: UnitOfWork, slug: str, time: datetime) -> bool:
    owner = find_organization(unit, slug).id
    sql = f"SELECT 1 WHERE {pays_beyond_grants(':owner', ':time')}"
    return unit.fetch_value(sql, owner=owner, time=time) is not None


class Subscribed(RuleBasedStateMachine):
    """One organization whose subscription changes in every way."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.base, self.now = context, START
        self.slug = f"quiet-{next(_numbers)}"
        an_organization(self.context, self.slug, credits="10")

    @property
    def context(self) -> Context:
        return replace(self.base, now=self.now)

    @rule(plan=st.sampled_from(PLANS), ahead=st.integers(0, 5), trial=st.booleans())
    def subscribe(self, plan: str, ahead: int, *, trial: bool) -> None:
        begins = self.now + timedelta(days=ahead)
        with suppress(CreditctlError):
            create_subscription(self.context, self.slug, plan, starts_at=begins, trial=trial)

    @rule(plan=st.sampled_from(PLANS), when=st.sampled_from([None, "now", "period-end"]))
    def change(self, plan: str, when: str | None) -> None:
        with suppress(CreditctlError):
            change_subscription(
                self.context,
                ChangeRequest(organization=self.slug, plan=plan, reason="test", at=when),
            )

    @rule(when=st.sampled_from(["now", "period-end"]))
    def cancel(self, when: str) -> None:
        with suppress(CreditctlError):
            cancel_subscription(
                self.context, CancelRequest(organization=self.slug, reason="test", at=when)
            )

    @rule()
    def resume(self) -> None:
        with suppress(CreditctlError):
            resume_subscription(self.context, ResumeRequest(organization=self.slug, reason="test"))

    @rule(hours=st.sampled_from([1, 24, 24 * 6, 24 * 31]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def look_back(self) -> None:
        """Commands may act as if it were earlier."""
        self.now = max(self.now - timedelta(hours=30), START)

    @rule()
    def serve(self) -> None:
        with suppress(CreditctlError):
            call(self.context, f"call-{next(_numbers)}", 1, organization=self.slug)

    @rule()
    def book(self) -> None:
        with unit_of_work(self.base.database) as unit:
            owner = find_organization(unit, self.slug).id
            lock_organizations(unit, [owner])
            book_what_is_due(unit, self.context, owner)

    @rule()
    def check(self) -> None:
        check_limits(self.context)

    def teardown(self) -> None:
        with reading(self.base.database) as unit:
            assert misplaced_allowances(unit) == []

    @invariant()
    def nothing_is_due_where_it_says_so(self) -> None:
        with rehearsal(self.base.database) as unit:
            owner = find_organization(unit, self.slug).id
            if is_due(unit, self.context, self.slug):
                return
            before = unit.fetch_rows("SELECT id, status FROM subscription ORDER BY id")
            assert grant_due_allowances(unit, self.context, owner) == 0
            assert unit.fetch_rows("SELECT id, status FROM subscription ORDER BY id") == before

    @invariant()
    def only_grants_pay_where_it_says_so(self) -> None:
        with reading(self.base.database) as unit:
            owner = find_organization(unit, self.slug).id
            for hours in (-40 * 24, -24, -1, 0, 1, 24, 40 * 24):
                time = self.now + timedelta(hours=hours)
                if may_pay_beyond(unit, self.slug, time):
                    continue
                period = period_at(unit, owner, time)
                assert period is None or not period.plan.unlimited
                assert period is None or not period.postpaid_limit


@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.slow)])
def test_what_is_said_to_be_quiet_is(context: Context, examples: int) -> None:
    open_books(at(context, "2026-01-01T00:00:00Z"), CATALOG + TRIAL)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Subscribed(context),
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-01-01T00:00:00Z"))
    an_organization(at(context, "2026-10-05T00:00:00Z"), "acme", plan="starter")
    return at(context, "2026-10-11T12:00:00Z")


def test_it_is_quiet_until_the_period_ends_and_after_its_call_again(books: Context) -> None:
    def due_at(text: str) -> bool:
        with reading(books.database) as unit:
            return is_due(unit, at(books, text), "acme")

    def asked_by_an_import(text: str) -> bool:
        now = at(books, text).now
        with reading(books.database) as unit:
            owner = find_organization(unit, "acme").id
            return owner in owners_with_something_due(unit, now, now - books.settings.usage_grace)

    assert not due_at("2026-11-04T23:59:59Z")
    assert not asked_by_an_import("2026-11-04T23:59:59Z")
    assert due_at("2026-11-05T00:00:00Z")
    assert asked_by_an_import("2026-11-05T00:00:00Z")
    charge(at(books, "2026-11-05T00:00:00Z"), "first", 1)
    assert not due_at("2026-11-05T00:00:00Z")
    # What ended with the period is booked once its grace is over.
    assert due_at("2026-11-08T00:00:00Z")


def test_a_new_catalog_is_looked_at_once(books: Context) -> None:
    open_books(
        books,
        CATALOG.replace('list_price = "0.01"', 'list_price = "0.02"').replace(
            "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"
        ),
    )
    with reading(books.database) as unit:
        assert is_due(unit, books, "acme")
    charge(books, "first", 1)
    with reading(books.database) as unit:
        assert not is_due(unit, books, "acme")


def test_a_change_that_is_to_come_ends_the_quiet(books: Context) -> None:
    at_the_end = ChangeRequest(
        organization="acme", plan="enterprise", reason="test", at="period-end"
    )
    change_subscription(books, at_the_end)
    charge(books, "first", 1)
    ends = rows_of(books, "SELECT ends_at FROM quiet_subscription")
    assert ends == [(micros_of(at(books, "2026-11-05T00:00:00Z").now),)]
    with reading(books.database) as unit:
        assert not is_due(unit, books, "acme")
        assert not may_pay_beyond(unit, "acme", books.now)


def test_an_unlimited_plan_pays_beyond_grants_and_nothing_is_due(books: Context) -> None:
    an_organization(books, "large", plan="enterprise")
    with reading(books.database) as unit:
        assert not is_due(unit, books, "large")
        assert may_pay_beyond(unit, "large", books.now)


def test_a_check_of_limits_grants_whatever_the_row_says(books: Context) -> None:
    check_limits(books)
    with unit_of_work(books.database) as unit:
        assert unit.run("UPDATE quiet_subscription SET ends_at = ends_at * 2") == 1
    november = at(books, "2026-11-05T00:00:00Z")
    with reading(books.database) as unit:
        assert not is_due(unit, november, "acme")
    check_limits(november)
    allowances = "SELECT COUNT(*) FROM credit_grant WHERE source = 'subscription'"
    assert [int(str(count)) for (count,) in rows_of(books, allowances)] == [2]
