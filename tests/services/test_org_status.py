"""Suspended, resumed, closed: what that does to keys, subscriptions, credits and calls."""

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, KeyRefused, SubscriptionNotFound
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.key_verification import verify_key
from creditctl.services.keys import create_key, list_keys
from creditctl.services.limits_check import check_limits
from creditctl.services.limits_status import list_limit_status
from creditctl.services.org_status import (
    close_organization,
    resume_organization,
    suspend_organization,
)
from creditctl.services.subscription_cards import show_subscription
from creditctl.services.subscriptions import create_subscription


@pytest.fixture
def acme(context: Context) -> Context:
    """acme is on plan starter (100 credits a month) with 50 bought credits."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october, plan="starter")
    give(october, "acme", "50", source="purchase")
    return at(context, "2026-10-10T00:00:00Z")


def state(context: Context) -> tuple[str, str | None]:
    (status,) = list_limit_status(context)
    return status.state, status.reason


def test_a_suspended_organization_is_blocked_at_once_and_stays_so(acme: Context) -> None:
    done = suspend_organization(acme, "acme", reason="fraud")
    assert (done.previous, done.status, done.state) == ("active", "suspended", "blocked")
    check_limits(acme)
    assert state(acme) == ("blocked", "suspended")
    assert show_subscription(acme, "acme").status == "active"
    assert read_balance(acme, "acme").available == Credits.parse("150")


def test_resumed_it_goes_on_at_once(acme: Context) -> None:
    suspend_organization(acme, "acme", reason="fraud")
    resume_organization(acme, "acme", reason="cleared")
    assert state(acme) == ("ok", None)


def test_its_keys_open_nothing_while_it_is_suspended(acme: Context) -> None:
    secret = create_key(acme, "acme", name="web").secret
    suspend_organization(acme, "acme", reason="fraud")
    with pytest.raises(KeyRefused, match="acme is suspended"):
        verify_key(acme, secret)
    resume_organization(acme, "acme", reason="cleared")
    assert verify_key(acme, secret).organization == "acme"


def test_closing_ends_keys_and_subscription_and_keeps_the_books(acme: Context) -> None:
    create_key(acme, "acme", name="web")
    done = close_organization(acme, "acme", reason="asked to leave")
    assert (done.status, done.keys_revoked, done.subscription_ended_at) == ("closed", 1, acme.now)
    assert [key.status for key in list_keys(acme, "acme")] == ["revoked"]
    with pytest.raises(SubscriptionNotFound):
        show_subscription(acme, "acme")
    assert state(acme) == ("blocked", "closed")
    # the allowance ended with the subscription, what was bought is on record
    assert read_balance(acme, "acme").available == Credits.parse("50")


def test_a_closed_one_gets_nothing_new(acme: Context) -> None:
    close_organization(acme, "acme", reason="asked to leave")
    request = GrantRequest(organization="acme", amount=Credits.parse("1"), reason="x")
    for attempt in (
        lambda: grant_credits(acme, request),
        lambda: create_key(acme, "acme", name="web"),
        lambda: create_subscription(acme, "acme", "pro"),
        lambda: resume_organization(acme, "acme", reason="x"),
        lambda: close_organization(acme, "acme", reason="x"),
    ):
        with pytest.raises(Conflict, match="acme is closed"):
            attempt()


def test_what_was_served_before_is_still_booked(acme: Context) -> None:
    close_organization(acme, "acme", reason="asked to leave")
    use(at(acme, "2026-10-09T00:00:00Z"), "acme", 120)
    # 100 of the allowance that ended, 20 of the bought ones
    assert read_balance(acme, "acme").available == Credits.parse("30")
    assert read_balance(acme, "acme").open_overage == NO_CREDITS


def test_a_change_needs_a_reason_and_must_fit(acme: Context) -> None:
    with pytest.raises(InvalidInput, match="needs a reason"):
        suspend_organization(acme, "acme", reason=" ")
    with pytest.raises(Conflict, match="acme is active"):
        resume_organization(acme, "acme", reason="x")


def test_it_is_audited(acme: Context) -> None:
    suspend_organization(acme, "acme", reason="fraud")
    (entry,) = list_audit_entries(acme, action="organization.suspended")
    assert (entry.reason, entry.before) == ("fraud", {"status": "active"})
