"""The rails of every verb: guards, keys, ceilings and rehearsals, whatever the verb does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest

from builders import an_organization, give, open_books, use
from creditctl.context import Context, Settings
from creditctl.errors import (
    ApprovalNeeded,
    Conflict,
    CreditctlError,
    GuardFailed,
    IdempotencyKeyReused,
    InvalidInput,
)
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.approvals import approve, list_approvals, reject
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.money_verbs import (
    VERBS,
    Rails,
    ceiling_of,
    nothing_counted,
    verb_named,
)
from creditctl.services.org_status import close_organization
from creditctl.services.reversals import (
    ExpireRequest,
    ReverseRequest,
    expire_grant,
    reverse_grant,
)
from creditctl.services.waivers import WaiveRequest, waive

MICRO = 1_000_000


@pytest.fixture
def ann(context: Context) -> Context:
    """ann may move 10 credits alone; acme has a gift of 30 and beta owes 20."""
    open_books(context)
    for slug in ("acme", "beta"):
        an_organization(context, slug)
    give(context, "acme", "30")
    use(context, "beta", 20)
    return replace(context, actor="ann", settings=Settings(ceilings={"ann": 10 * MICRO}))


def grant(context: Context, rails: Rails, slug: str = "acme", amount: str = "11") -> object:
    request = GrantRequest(organization=slug, amount=Credits.parse(amount), reason="refill")
    return grant_credits(context, request, rails)


def gift(context: Context) -> str:
    return list_grants(context, "acme", everything=True)[0].id


def reverse(context: Context, rails: Rails) -> object:
    return reverse_grant(context, ReverseRequest(grant=gift(context), reason="wrong"), rails)


def expire(context: Context, rails: Rails) -> object:
    return expire_grant(context, ExpireRequest(grant=gift(context), reason="over"), rails)


def forgive(context: Context, rails: Rails) -> object:
    return waive(context, WaiveRequest(organization="beta", reason="our outage"), rails)


COUNTED = [grant, reverse, expire, forgive]
Attempt = Callable[[Context, Rails], object]


def balances(context: Context) -> list[tuple[Credits, Credits]]:
    found = [read_balance(context, slug) for slug in ("acme", "beta")]
    return [(balance.available, balance.open_overage) for balance in found]


@pytest.mark.parametrize("attempt", COUNTED)
def test_every_counted_verb_waits_above_the_ceiling_and_is_done_when_approved(
    ann: Context, attempt: Attempt
) -> None:
    before = balances(ann)
    with pytest.raises(ApprovalNeeded):
        attempt(ann, Rails())
    assert balances(ann) == before
    (waiting,) = list_approvals(ann)
    done = approve(replace(ann, actor="bob"), waiting.id)
    assert balances(ann) != before
    assert done.result is not None
    assert done.result["dry_run"] is False


@pytest.mark.parametrize("attempt", COUNTED)
def test_a_dry_run_above_the_ceiling_says_that_it_would_need_approval(
    ann: Context, attempt: Attempt
) -> None:
    told = attempt(ann, Rails(dry_run=True))
    assert (told.dry_run, told.needs_approval) == (True, True)  # type: ignore[attr-defined]
    assert list_approvals(ann, everything=True) == []
    free = attempt(replace(ann, actor="eve"), Rails(dry_run=True))
    assert free.needs_approval is False  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_that_is_counted_can_say_that_it_needs_approval(name: str) -> None:
    verb = verb_named(name)
    names = {field.name for field in fields(verb.result)}
    assert verb.name == name
    assert "dry_run" in names
    assert (verb.amount is nothing_counted) != ("needs_approval" in names)


@pytest.mark.parametrize("attempt", [grant, reverse, expire])
@pytest.mark.parametrize(
    "rails",
    [Rails(expect_email="x@else.example"), Rails(expect_balance=Credits.parse("29"))],
    ids=["email", "balance"],
)
def test_a_guard_refuses_before_anybody_is_asked(
    ann: Context, attempt: Attempt, rails: Rails
) -> None:
    with pytest.raises(GuardFailed):
        attempt(ann, rails)
    assert list_approvals(ann, everything=True) == []


def test_a_ceiling_of_nothing_lets_nothing_pass_alone(ann: Context) -> None:
    careful = replace(ann, settings=Settings(ceilings={"*": 0}))
    assert ceiling_of(careful) == NO_CREDITS
    with pytest.raises(ApprovalNeeded):
        grant(careful, Rails(), amount="0.000001")


def test_without_a_ceiling_for_somebody_everything_passes(ann: Context) -> None:
    grant(replace(ann, actor="bob"), Rails(), amount="1000000")
    assert read_balance(ann, "acme").available == Credits.parse("1000030")


def test_a_key_that_was_rejected_is_not_waiting_any_more(ann: Context) -> None:
    rails = Rails(idempotency_key="ticket-1")
    with pytest.raises(ApprovalNeeded):
        grant(ann, rails)
    (waiting,) = list_approvals(ann)
    reject(replace(ann, actor="bob"), waiting.id, reason="no ticket")
    with pytest.raises(Conflict, match=f"{waiting.id} was rejected by bob"):
        grant(ann, rails)
    assert list_approvals(ann) == []


def test_two_organizations_with_one_key_above_the_ceiling_leave_one_request(ann: Context) -> None:
    def outcome(slug: str) -> str:
        try:
            grant(ann, Rails(idempotency_key="ticket-1"), slug)
        except CreditctlError as refusal:
            return refusal.code
        return "granted"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(outcome, ["acme", "beta"]))
    assert told == [ApprovalNeeded.code, IdempotencyKeyReused.code]
    assert len(list_approvals(ann)) == 1


def test_a_key_counts_for_one_verb_alone(ann: Context) -> None:
    rails = Rails(idempotency_key="ticket-1")
    grant(ann, rails, amount="5")
    eve = replace(ann, actor="eve")
    expire(eve, rails)
    forgive(eve, rails)
    assert balances(ann) == [(Credits.parse("5"), NO_CREDITS), (NO_CREDITS, NO_CREDITS)]


def test_an_answer_is_given_again_after_the_organization_was_closed(ann: Context) -> None:
    rails = Rails(idempotency_key="ticket-1")
    first = grant(ann, rails, amount="5")
    close_organization(ann, "acme", reason="gone")
    assert grant(ann, rails, amount="5") == first
    with pytest.raises(Conflict, match="acme is closed"):
        grant(ann, Rails(), amount="5")


def test_a_verb_that_fails_leaves_no_key_no_entry_and_no_audit(ann: Context) -> None:
    before = (balances(ann), list_audit_entries(ann))
    with pytest.raises(InvalidInput, match="above zero"):
        waive(
            ann,
            WaiveRequest(organization="beta", reason="x", amount=Credits.parse("-5")),
            Rails(idempotency_key="ticket-1"),
        )
    assert (balances(ann), list_audit_entries(ann)) == before
