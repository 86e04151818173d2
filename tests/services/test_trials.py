"""A first subscription begins with its plan's trial: free, with credits of its own."""

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import parse_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants
from creditctl.services.invoices import show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.limits_status import list_limit_status
from creditctl.services.subscription_cards import list_subscriptions, show_subscription
from creditctl.services.subscription_changes import (
    CancelRequest,
    ChangeRequest,
    cancel_subscription,
    change_subscription,
)
from creditctl.services.subscriptions import create_subscription
from plans import CATALOG


@pytest.fixture
def acme(context: Context) -> Context:
    start = at(context, "2026-09-01T10:00:00Z")
    open_books(start, CATALOG)
    an_organization(start)
    return start


def test_a_trial_gives_its_credits_and_owes_nothing(acme: Context) -> None:
    done = create_subscription(acme, "acme", "try")
    assert (done.status, str(done.fee), done.granted) == ("trial", "0.00", Credits.parse("20"))
    assert done.trial_ends_at == at(acme, "2026-09-15T10:00:00Z").now
    use(at(acme, "2026-09-10T00:00:00Z"), "acme", 25)
    balance = read_balance(at(acme, "2026-09-11T00:00:00Z"), "acme")
    assert balance.open_overage == Credits.parse("5")


def test_nothing_is_owed_for_a_trial_whatever_the_plan_allows_later(acme: Context) -> None:
    create_subscription(acme, "acme", "lasting")
    in_trial, paid = (at(acme, f"2026-09-{day}T00:00:00Z") for day in (10, 20))
    assert show_subscription(in_trial, "acme").postpaid_limit == NO_CREDITS
    use(in_trial, "acme", 25)
    # 20 credits of the trial; the 5 beyond them are no debt of a plan that is not paid for yet
    balance = read_balance(in_trial, "acme")
    assert (balance.open_overage, balance.postpaid_overage) == (Credits.parse("5"), NO_CREDITS)
    check_limits(in_trial)
    (status,) = list_limit_status(in_trial)
    assert status.state == "blocked"
    assert show_subscription(paid, "acme").postpaid_limit == Credits.parse("50")
    use(paid, "acme", 310)
    assert read_balance(paid, "acme").postpaid_overage == Credits.parse("10")


def test_its_credits_end_with_it_and_are_not_carried_over(acme: Context) -> None:
    create_subscription(acme, "acme", "lasting")
    use(at(acme, "2026-09-10T00:00:00Z"), "acme", 5)
    (grant,) = list_grants(acme, "acme")
    assert (grant.source, grant.expires_at) == ("trial", at(acme, "2026-09-15T10:00:00Z").now)
    later = at(acme, "2026-09-20T00:00:00Z")
    check_limits(later)
    told = {row.source: row for row in list_grants(later, "acme", everything=True)}
    assert (told["trial"].remaining, told["trial"].expired) == (NO_CREDITS, Credits.parse("15"))
    assert told["subscription"].remaining == Credits.parse("300")


def test_the_list_tells_until_when_it_lasts(acme: Context) -> None:
    create_subscription(acme, "acme", "lasting")
    (row,) = list_subscriptions(acme)
    assert (row.status, row.trial_ends_at) == ("trial", at(acme, "2026-09-15T10:00:00Z").now)


def test_the_paid_periods_are_anchored_on_its_end(acme: Context) -> None:
    create_subscription(acme, "acme", "try")
    check_limits(at(acme, "2026-09-15T10:00:00Z"))
    card = show_subscription(at(acme, "2026-09-15T10:00:00Z"), "acme")
    assert (card.status, card.allowance_left) == ("active", Credits.parse("300"))
    assert card.period_starts_at == at(acme, "2026-09-15T10:00:00Z").now
    assert card.period_ends_at == at(acme, "2026-10-15T10:00:00Z").now
    generate_invoices(at(acme, "2026-10-05T00:00:00Z"), parse_month("2026-09"))
    invoice = show_invoice(acme, "acme", parse_month("2026-09"))
    assert [line.description for line in invoice.lines] == ["Try, 2026-09-15 until 2026-10-15"]


def test_one_that_is_cancelled_in_time_never_costs_anything(acme: Context) -> None:
    create_subscription(acme, "acme", "try")
    request = CancelRequest(organization="acme", reason="not for us")
    done = cancel_subscription(at(acme, "2026-09-14T00:00:00Z"), request)
    assert done.ended_at == at(acme, "2026-09-15T10:00:00Z").now
    check_limits(at(acme, "2026-10-01T00:00:00Z"))
    run = generate_invoices(at(acme, "2026-11-01T00:00:00Z"), parse_month("2026-09"))
    assert run.invoices == ()


def test_there_is_one_for_each_organization(acme: Context) -> None:
    create_subscription(acme, "acme", "try")
    request = CancelRequest(organization="acme", reason="not for us", at="now")
    cancel_subscription(at(acme, "2026-09-14T00:00:00Z"), request)
    again = create_subscription(at(acme, "2026-09-20T00:00:00Z"), "acme", "try")
    assert (again.trial_ends_at, again.granted) == (None, Credits.parse("300"))


def test_it_can_be_left_out(acme: Context) -> None:
    assert create_subscription(acme, "acme", "try", trial=False).granted == Credits.parse("300")


def test_a_change_of_plan_waits_for_its_end(acme: Context) -> None:
    create_subscription(acme, "acme", "try")
    request = ChangeRequest(organization="acme", plan="big", reason="grew")
    done = change_subscription(at(acme, "2026-09-10T00:00:00Z"), request)
    assert (done.action, done.effective_at) == ("scheduled", at(acme, "2026-09-15T10:00:00Z").now)
    check_limits(at(acme, "2026-09-15T10:00:00Z"))
    assert show_subscription(at(acme, "2026-09-15T10:00:00Z"), "acme").plan == "big"
    now = ChangeRequest(organization="acme", plan="small", reason="x", at="now")
    with pytest.raises(Conflict):
        change_subscription(at(acme, "2026-09-16T00:00:00Z"), now)
