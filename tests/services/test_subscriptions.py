from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from builders import CATALOG, at, open_books, use
from creditctl.context import Context
from creditctl.errors import (
    AlreadyExists,
    Conflict,
    CreditctlError,
    GuestNotAllowed,
    InvalidInput,
    OrganizationNotFound,
    PlanNotFound,
    SubscriptionNotFound,
)
from creditctl.rules.instants import parse_instant
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.limits_check import check_limits
from creditctl.services.orgs import create_organization
from creditctl.services.subscription_cards import list_subscriptions, show_subscription
from creditctl.services.subscriptions import (
    create_subscription,
)
from invoices import drafted, final


@pytest.fixture
def acme(context: Context) -> Context:
    open_books(context)
    create_organization(context, "acme")
    return context


def test_a_subscription_begins_now_and_its_first_allowance_is_there_at_once(acme: Context) -> None:
    created = create_subscription(acme, "acme", "pro")
    assert (created.plan, created.status, created.started_at) == ("pro", "active", acme.now)
    assert created.id.startswith("sub_")
    assert read_balance(acme, "acme").available == Credits.parse("50000")


def test_the_card_tells_terms_period_and_what_is_used_and_left(acme: Context) -> None:
    start = parse_instant("2026-08-31T10:00:00Z")
    create_subscription(acme, "acme", "pro", starts_at=start)
    use(acme, "acme", 120)
    card = show_subscription(acme, "acme")
    assert (card.fee, card.interval) == (Money(4_900, "USD"), "month")
    assert (card.allowance_used, card.allowance_left) == (
        Credits.parse("120"),
        Credits.parse("49880"),
    )
    # Anchored on the 31st: the third period runs from 31 October to 30 November.
    assert card.period_starts_at == parse_instant("2026-10-31T10:00:00Z")
    assert card.period_ends_at == parse_instant("2026-11-30T10:00:00Z")


def test_one_that_starts_later_has_no_allowance_yet_and_shows_its_first_period(
    acme: Context,
) -> None:
    create_subscription(acme, "acme", "pro", starts_at=parse_instant("2026-12-01"))
    card = show_subscription(acme, "acme")
    assert card.period_starts_at == parse_instant("2026-12-01")
    assert (card.allowance_used, card.allowance_left) == (NO_CREDITS, NO_CREDITS)
    assert read_balance(acme, "acme").available == NO_CREDITS


def test_none_begins_in_days_of_a_final_invoice_which_bills_no_fee_any_more(acme: Context) -> None:
    use(at(acme, "2026-10-10T00:00:00Z"), "acme", 100)
    final(at(acme, "2026-11-05T00:00:00Z"), "2026-10")
    november = parse_instant("2026-11-01")
    books = at(acme, "2026-11-06T00:00:00Z")
    with pytest.raises(Conflict, match="INV-2026-000001 bills acme until 2026-11-01 00:00"):
        create_subscription(books, "acme", "pro", starts_at=november - timedelta(seconds=1))
    create_subscription(books, "acme", "pro", starts_at=november)
    draft = drafted(at(acme, "2026-12-05T00:00:00Z"), "2026-11")
    assert [str(line.amount) for line in draft.lines] == ["49.00", "49.00"]


def test_a_second_active_subscription_is_refused(acme: Context) -> None:
    create_subscription(acme, "acme", "pro")
    with pytest.raises(AlreadyExists, match="acme has a subscription to pro already"):
        create_subscription(acme, "acme", "starter")
    assert [listed.plan for listed in list_subscriptions(acme)] == ["pro"]


def test_of_two_at_the_same_moment_one_wins_and_one_allowance_is_granted(acme: Context) -> None:
    def attempt(plan: str) -> str:
        try:
            return create_subscription(acme, "acme", plan).plan
        except CreditctlError as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, ["pro"] * 4))
    assert outcomes == ["already_exists"] * 3 + ["pro"]
    assert read_balance(acme, "acme").available == Credits.parse("50000")


def test_a_guest_cannot_subscribe(acme: Context) -> None:
    create_organization(acme, "visitor", device_id="device-1")
    with pytest.raises(GuestNotAllowed, match="visitor is a guest"):
        create_subscription(acme, "visitor", "pro")


def test_unknown_names_are_not_found(acme: Context) -> None:
    with pytest.raises(PlanNotFound):
        create_subscription(acme, "acme", "nothing")
    with pytest.raises(OrganizationNotFound):
        create_subscription(acme, "nobody", "pro")
    with pytest.raises(SubscriptionNotFound, match="acme has no subscription"):
        show_subscription(acme, "acme")


def test_a_plan_cannot_be_had_from_before_it_was_in_force(acme: Context) -> None:
    with pytest.raises(PlanNotFound, match="not in force at 2025-12-31"):
        create_subscription(acme, "acme", "pro", starts_at=parse_instant("2025-12-31"))
    assert list_subscriptions(acme) == []


def test_a_plan_that_has_ended_cannot_be_had_but_those_who_have_it_keep_it(acme: Context) -> None:
    create_organization(acme, "other")
    create_subscription(acme, "acme", "starter")
    first, _, rest = CATALOG.partition("[plans.starter]")
    without = first + rest[rest.index("[plans.enterprise]") :]
    later = at(acme, "2026-11-20")
    open_books(later, without.replace("2026-01-01T", "2026-11-20T"))
    with pytest.raises(PlanNotFound, match="plan 'starter' ended on 2026-11-20"):
        create_subscription(later, "other", "starter")
    check_limits(at(acme, "2026-12-02"))
    assert show_subscription(at(acme, "2026-12-02"), "acme").allowance_left == Credits.parse("100")


def test_a_start_at_the_end_of_the_calendar_is_refused(acme: Context) -> None:
    with pytest.raises(InvalidInput, match="too far in the future"):
        create_subscription(acme, "acme", "pro", starts_at=parse_instant("9999-12-15"))
    assert list_subscriptions(acme) == []


def test_subscriptions_are_listed_by_organization(acme: Context) -> None:
    create_organization(acme, "aaa")
    create_subscription(acme, "acme", "pro")
    create_subscription(at(acme, "2026-11-02"), "aaa", "starter")
    assert [(row.organization, row.plan) for row in list_subscriptions(acme)] == [
        ("aaa", "starter"),
        ("acme", "pro"),
    ]


def test_it_is_audited_with_plan_and_start(acme: Context) -> None:
    created = create_subscription(acme, "acme", "pro")
    (entry,) = list_audit_entries(acme, organization="acme", action="subscription.created", limit=9)
    assert entry.subject == created.id
    started_at = "2026-11-01 00:00:00+00:00"
    assert entry.after == {"plan": "pro", "started_at": started_at, "trial_days": 0}
    assert entry.reason == "subscribed"
