"""Upgrades at once and prorated, downgrades and ends with the period."""

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, SubscriptionNotFound
from creditctl.rules.periods import parse_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import list_grants
from creditctl.services.invoices import show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.money_verbs import Rails
from creditctl.services.subscription_cards import list_subscriptions, show_subscription
from creditctl.services.subscription_changes import (
    CancelRequest,
    ChangeRequest,
    ResumeRequest,
    cancel_subscription,
    change_subscription,
    resume_subscription,
)
from creditctl.services.subscriptions import SubscriptionOutcome, create_subscription
from plans import CATALOG as PLANS

CATALOG = (
    PLANS
    + """
[plans.huge]
fee = "200.00"
allowance = 2000

[plans.flat]
fee = "20.00"
allowance = 100
unlimited = true
"""
)


def credits(text: str) -> Credits:
    return Credits.parse(text)


@pytest.fixture
def acme(context: Context) -> Context:
    """acme is on plan small from 1 September, a month of 30 days."""
    september = at(context, "2026-09-01T00:00:00Z")
    open_books(september, CATALOG)
    an_organization(september)
    create_subscription(september, "acme", "small")
    return september


def change(
    context: Context, plan: str, when: str | None = None, rails: Rails | None = None
) -> SubscriptionOutcome:
    request = ChangeRequest(organization="acme", plan=plan, reason="test", at=when)
    return change_subscription(context, request, rails or Rails())


def cancel(context: Context, when: str = "period-end") -> SubscriptionOutcome:
    request = CancelRequest(organization="acme", reason="test", at=when)
    return cancel_subscription(context, request)


def resume(context: Context) -> SubscriptionOutcome:
    return resume_subscription(context, ResumeRequest(organization="acme", reason="test"))


def test_an_upgrade_grants_and_bills_the_difference_for_the_whole_days_left(acme: Context) -> None:
    use(at(acme, "2026-09-05T00:00:00Z"), "acme", 120)
    done = change(at(acme, "2026-09-20T06:00:00Z"), "big")
    # 10 days and 18 hours are left: 10 whole days of 30; (900 - 300) and (90 - 30) x 10/30
    assert (done.action, done.granted, str(done.fee)) == ("changed", credits("200"), "20.00")
    assert done.available_after == credits("380")  # 300 - 120 + 200
    ends = {grant.expires_at for grant in list_grants(at(acme, "2026-09-21T00:00:00Z"), "acme")}
    assert ends == {at(acme, "2026-10-01T00:00:00Z").now}
    check_limits(at(acme, "2026-10-02T00:00:00Z"))
    october = show_subscription(at(acme, "2026-10-02T00:00:00Z"), "acme")
    assert (october.plan, october.allowance_left) == ("big", credits("900"))


def test_the_share_is_rounded_down_to_a_micro_credit(acme: Context) -> None:
    # 7 whole days of 30: 600 x 7/30 = 140; with 11 days 220: an uneven one needs another plan
    done = change(at(acme, "2026-09-23T00:00:00Z"), "big")
    assert done.granted == credits("160")  # 8 days
    assert str(done.fee) == "16.00"


def test_a_change_in_the_second_of_the_start_loses_no_day(acme: Context) -> None:
    done = change(acme, "big")
    assert (done.granted, str(done.fee)) == (credits("600"), "60.00")


def test_the_invoice_has_the_fee_and_the_change(acme: Context) -> None:
    change(at(acme, "2026-09-20T06:00:00Z"), "big")
    generate_invoices(at(acme, "2026-10-05T00:00:00Z"), parse_month("2026-09"))
    invoice = show_invoice(acme, "acme", parse_month("2026-09"))
    assert [(line.description, str(line.amount)) for line in invoice.lines] == [
        ("Small, 2026-09-01 until 2026-10-01", "30.00"),
        ("Change to Big, 2026-09-20 until 2026-10-01", "20.00"),
        ("Big, 2026-10-01 until 2026-11-01", "90.00"),
    ]


def test_a_downgrade_waits_for_the_periods_end(acme: Context) -> None:
    change(at(acme, "2026-09-01T01:00:00Z"), "big")
    done = change(at(acme, "2026-09-10T00:00:00Z"), "small")
    assert (done.action, done.granted) == ("scheduled", NO_CREDITS)
    assert done.effective_at == at(acme, "2026-10-01T00:00:00Z").now
    card = show_subscription(at(acme, "2026-09-11T00:00:00Z"), "acme")
    assert (card.plan, card.next_plan) == ("big", "small")
    check_limits(at(acme, "2026-10-01T00:00:00Z"))
    assert show_subscription(at(acme, "2026-10-01T00:00:00Z"), "acme").allowance == credits("300")


def test_a_downgrade_cannot_be_forced_and_an_upgrade_may_wait(acme: Context) -> None:
    done = change(acme, "big", "period-end")
    assert (done.action, str(done.fee)) == ("scheduled", "90.00")
    change(at(acme, "2026-09-02T00:00:00Z"), "big", "now")
    with pytest.raises(Conflict, match="a downgrade takes effect at the period's end"):
        change(at(acme, "2026-09-03T00:00:00Z"), "small", "now")
    with pytest.raises(InvalidInput, match="neither now nor period-end"):
        change(acme, "big", "tomorrow")


def test_the_present_plan_withdraws_what_was_scheduled(acme: Context) -> None:
    change(acme, "big", "period-end")
    assert change(acme, "small").action == "withdrawn"
    assert show_subscription(acme, "acme").next_plan is None
    with pytest.raises(Conflict, match="is on plan small already"):
        change(acme, "small")


def test_from_month_to_year_a_plan_changes_at_the_periods_end(acme: Context) -> None:
    with pytest.raises(Conflict, match="from a month to a year"):
        change(acme, "annual", "now")
    change(acme, "annual")
    for month in ("2026-11-15", "2027-10-15"):
        check_limits(at(acme, f"{month}T00:00:00Z"))
    allowances = [
        (f"{grant.effective_at:%Y-%m-%d}", str(grant.amount))
        for grant in list_grants(at(acme, "2027-10-15T00:00:00Z"), "acme", everything=True)
        if grant.source == "subscription"
    ]
    assert sorted(allowances) == [
        ("2026-09-01", "300"),
        ("2026-10-01", "4000"),
        ("2027-10-01", "4000"),
    ]


def test_two_upgrades_in_one_period_owe_one_difference_each(acme: Context) -> None:
    change(at(acme, "2026-09-11T00:00:00Z"), "big")  # 20 of 30 days: 400 credits, 40.00
    done = change(at(acme, "2026-09-21T00:00:00Z"), "endless")  # 10 of 30 days of 410.00
    assert (done.granted, str(done.fee)) == (NO_CREDITS, "136.67")
    assert read_balance(at(acme, "2026-09-21T00:00:00Z"), "acme").available == credits("700")


def test_under_an_unlimited_plan_nothing_is_drawn_from_then_on(acme: Context) -> None:
    change(at(acme, "2026-09-11T00:00:00Z"), "endless")
    use(at(acme, "2026-09-10T00:00:00Z"), "acme", 100)
    use(at(acme, "2026-09-12T00:00:00Z"), "acme", 5000)
    assert read_balance(at(acme, "2026-09-13T00:00:00Z"), "acme").available == credits("200")


def test_one_postpaid_limit_holds_for_the_whole_period(acme: Context) -> None:
    change(at(acme, "2026-09-11T00:00:00Z"), "big")
    use(at(acme, "2026-09-05T00:00:00Z"), "acme", 310)  # 10 beyond the allowance, no limit yet
    use(at(acme, "2026-09-12T00:00:00Z"), "acme", 470)  # 400 granted, 50 postpaid, 20 open
    balance = read_balance(at(acme, "2026-09-13T00:00:00Z"), "acme")
    assert (balance.postpaid_overage, balance.open_overage) == (credits("50"), credits("30"))


def test_a_dry_run_shows_the_change_and_makes_none(acme: Context) -> None:
    told = change(at(acme, "2026-09-20T00:00:00Z"), "big", rails=Rails(dry_run=True))
    assert (told.dry_run, told.granted) == (True, credits("220"))
    assert show_subscription(acme, "acme").plan == "small"


def test_a_cancelled_subscription_runs_to_the_periods_end(acme: Context) -> None:
    give(acme, "acme", "70", source="purchase")
    done = cancel(at(acme, "2026-09-10T00:00:00Z"))
    assert (done.action, done.status) == ("cancelled", "cancelled")
    assert read_balance(at(acme, "2026-09-30T00:00:00Z"), "acme").available == credits("370")
    for day in ("2026-10-01", "2026-10-05", "2026-11-05"):
        check_limits(at(acme, f"{day}T00:00:00Z"))
    # the allowance expired, what was bought stays
    assert read_balance(at(acme, "2026-11-05T00:00:00Z"), "acme").available == credits("70")
    (row,) = list_subscriptions(at(acme, "2026-10-01T00:00:00Z"))
    assert row.status == "ended"
    with pytest.raises(SubscriptionNotFound):
        show_subscription(at(acme, "2026-10-01T00:00:00Z"), "acme")
    run = generate_invoices(at(acme, "2026-11-05T00:00:00Z"), parse_month("2026-09"))
    assert str(run.total) == "30.00"  # no fee in advance for October


def test_one_that_is_cancelled_can_be_resumed_until_it_ends(acme: Context) -> None:
    cancel(acme)
    with pytest.raises(Conflict, match="ends on 2026-10-01 already"):
        cancel(acme)
    with pytest.raises(Conflict, match="ends on 2026-10-01"):
        change(acme, "big", "period-end")
    assert resume(at(acme, "2026-09-30T23:59:59Z")).status == "active"
    with pytest.raises(Conflict, match="was not cancelled"):
        resume(acme)
    cancel(acme)
    with pytest.raises(SubscriptionNotFound):
        resume(at(acme, "2026-10-01T00:00:00Z"))


def test_one_that_ends_now_takes_its_allowance_with_it(acme: Context) -> None:
    use(at(acme, "2026-09-05T00:00:00Z"), "acme", 120)
    done = cancel(at(acme, "2026-09-10T00:00:00Z"), "now")
    assert (done.action, done.status, done.available_after) == ("ended", "ended", NO_CREDITS)
    # usage from before still draws the allowance, later usage does not
    use(at(acme, "2026-09-09T00:00:00Z"), "acme", 30)
    use(at(acme, "2026-09-11T00:00:00Z"), "acme", 7)
    balance = read_balance(at(acme, "2026-09-12T00:00:00Z"), "acme")
    assert (balance.available, balance.open_overage) == (NO_CREDITS, credits("7"))
    (grant,) = list_grants(acme, "acme", everything=True)
    assert (grant.expired, grant.amount) == (credits("150"), credits("300"))


def test_another_subscription_may_follow_one_that_ended(acme: Context) -> None:
    cancel(at(acme, "2026-09-10T00:00:00Z"), "now")
    with pytest.raises(Conflict, match="had a subscription until 2026-09-10"):
        create_subscription(at(acme, "2026-09-10T00:00:00Z"), "acme", "big", starts_at=acme.now)
    done = create_subscription(at(acme, "2026-09-11T00:00:00Z"), "acme", "big")
    assert done.granted == credits("900")


def test_it_ends_in_the_second_it_began(acme: Context) -> None:
    cancel(acme, "now")
    assert read_balance(at(acme, "2026-09-01T00:00:01Z"), "acme").available == NO_CREDITS


def test_two_changes_in_the_same_instant_are_both_granted_and_billed(acme: Context) -> None:
    change(acme, "big")
    done = change(acme, "huge")
    # 300 + (900 - 300) + (2000 - 900), and 30 + 60 + 110 for a whole month
    assert (done.granted, str(done.fee)) == (credits("1100"), "110.00")
    assert read_balance(at(acme, "2026-09-02T00:00:00Z"), "acme").available == credits("2000")
    generate_invoices(at(acme, "2026-10-01T00:00:00Z"), parse_month("2026-09"))
    invoice = show_invoice(acme, "acme", parse_month("2026-09"))
    assert [str(line.amount) for line in invoice.lines] == ["30.00", "60.00", "110.00", "200.00"]


def test_a_change_and_an_end_in_the_same_instant_leave_no_allowance(acme: Context) -> None:
    assert change(acme, "big").available_after == credits("900")
    done = cancel(acme, "now")
    assert (done.status, done.available_after) == ("ended", NO_CREDITS)
    assert read_balance(at(acme, "2026-09-01T00:00:01Z"), "acme").available == NO_CREDITS
    assert list_subscriptions(at(acme, "2026-09-02T00:00:00Z"))[0].plan == "big"


def test_one_that_has_not_begun_begins_with_the_plan_it_was_changed_to(context: Context) -> None:
    september = at(context, "2026-09-01T00:00:00Z")
    open_books(september, CATALOG)
    an_organization(september)
    create_subscription(september, "acme", "big", starts_at=at(context, "2026-09-16").now)
    done = change(september, "small")
    assert (done.action, str(done.fee), done.granted) == ("scheduled", "30.00", NO_CREDITS)
    assert done.effective_at == at(context, "2026-09-16").now
    assert change(september, "annual").effective_at == at(context, "2026-09-16").now
    change(september, "small")
    card = show_subscription(september, "acme")
    assert (card.plan, card.next_plan, card.allowance_left) == ("small", None, NO_CREDITS)
    assert list_subscriptions(september)[0].plan == "small"
    assert list_grants(september, "acme", everything=True) == []
    october = at(context, "2026-10-01T00:00:00Z")
    check_limits(october)
    (grant,) = list_grants(october, "acme", everything=True)
    assert (grant.amount, grant.effective_at) == (credits("300"), at(context, "2026-09-16").now)
    generate_invoices(october, parse_month("2026-09"))
    invoice = show_invoice(october, "acme", parse_month("2026-09"))
    assert [line.description for line in invoice.lines] == ["Small, 2026-09-16 until 2026-10-16"]


def test_one_that_ends_before_it_began_costs_and_gives_nothing(context: Context) -> None:
    september = at(context, "2026-09-01T00:00:00Z")
    open_books(september, CATALOG)
    an_organization(september)
    create_subscription(september, "acme", "big", starts_at=at(context, "2026-09-16").now)
    done = cancel(september, "now")
    assert (done.status, done.available_after) == ("ended", NO_CREDITS)
    october = at(context, "2026-10-01T00:00:00Z")
    check_limits(october)
    assert list_grants(october, "acme", everything=True) == []
    assert generate_invoices(october, parse_month("2026-09")).invoices == ()
    assert create_subscription(october, "acme", "small").granted == credits("300")


def test_from_unlimited_to_a_dearer_plan_the_whole_allowance_is_prorated(context: Context) -> None:
    september = at(context, "2026-09-01T00:00:00Z")
    open_books(september, CATALOG)
    an_organization(september)
    create_subscription(september, "acme", "flat")
    # flat names an allowance of 100 and grants none of it: 2000 x 10/30, and (200 - 20) x 10/30
    done = change(at(september, "2026-09-21T00:00:00Z"), "huge")
    assert (str(done.granted), str(done.fee)) == ("666.666666", "60.00")


def test_a_change_of_plan_marks_the_drafts_whose_fees_it_alters(acme: Context) -> None:
    october = at(acme, "2026-10-01T00:00:00Z")
    generate_invoices(october, parse_month("2026-09"))
    cancel(at(acme, "2026-09-30T23:00:00Z"))
    assert show_invoice(october, "acme", parse_month("2026-09")).stale
    generate_invoices(october, parse_month("2026-09"))
    draft = show_invoice(october, "acme", parse_month("2026-09"))
    assert (draft.stale, str(draft.total)) == (False, "30.00")


def test_an_invoice_shows_what_an_unlimited_plan_covered_from_the_middle_of_a_period(
    acme: Context,
) -> None:
    change(at(acme, "2026-09-11T00:00:00Z"), "endless")
    use(at(acme, "2026-09-10T00:00:00Z"), "acme", 100)
    use(at(acme, "2026-09-12T00:00:00Z"), "acme", 5000)
    generate_invoices(at(acme, "2026-10-01T00:00:00Z"), parse_month("2026-09"))
    invoice = show_invoice(acme, "acme", parse_month("2026-09"))
    # (500 - 30) x 20/30 = 313.33; 5,100 x 0.01
    assert [(line.description, str(line.amount)) for line in invoice.lines] == [
        ("Small, 2026-09-01 until 2026-10-01", "30.00"),
        ("Change to Endless, 2026-09-11 until 2026-10-01", "313.33"),
        ("Endless, 2026-10-01 until 2026-11-01", "500.00"),
        ("rows", "51.00"),
        ("Credits applied: subscription", "-1.00"),
        ("Covered by unlimited plan", "-50.00"),
    ]


def test_a_clock_that_went_back_takes_no_period_away_that_has_begun(acme: Context) -> None:
    """Its allowance was granted: without the change there would be no period of it."""
    october = at(acme, "2026-10-01T00:00:00Z")
    check_limits(october)
    change(october, "big")
    back = at(acme, "2026-09-29T18:00:00Z")
    for step in (lambda: change(back, "huge"), lambda: cancel(back), lambda: cancel(back, "now")):
        with pytest.raises(Conflict, match="from 2026-10-01 00:00 has begun, and the clock says"):
            step()
    assert run_checks(october) == []
