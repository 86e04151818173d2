"""Above a ceiling a second person is needed; what is approved is done once, in the asker's name."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builders import an_organization, open_books
from creditctl.context import Context, Settings
from creditctl.errors import (
    ApprovalNeeded,
    ApprovalNotFound,
    Busy,
    Conflict,
    IdempotencyKeyReused,
    SecondPersonNeeded,
)
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.approvals import approve, list_approvals, reject
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_movements
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.money_verbs import Rails
from creditctl.services.org_status import close_organization

MICRO = 1_000_000


@pytest.fixture
def ann(context: Context) -> Context:
    """ann may move 100 credits alone, everybody else 500."""
    open_books(context)
    an_organization(context)
    settings = Settings(ceilings={"ann": 100 * MICRO, "*": 500 * MICRO})
    return replace(context, actor="ann", settings=settings)


def bob(context: Context) -> Context:
    return replace(context, actor="bob")


def ask(context: Context, amount: str = "101", key: str | None = None) -> str:
    request = GrantRequest(organization="acme", amount=Credits.parse(amount), reason="refill")
    with pytest.raises(ApprovalNeeded, match="above the ceiling"):
        grant_credits(context, request, Rails(idempotency_key=key))
    return list_approvals(context)[-1].id


def test_up_to_the_ceiling_one_person_is_enough(ann: Context) -> None:
    request = GrantRequest(organization="acme", amount=Credits.parse("100"), reason="refill")
    assert grant_credits(ann, request).available_after == Credits.parse("100")
    assert list_approvals(ann) == []


def test_above_it_nothing_happens_until_somebody_approves(ann: Context) -> None:
    approval = ask(ann)
    assert read_balance(ann, "acme").available == NO_CREDITS
    done = approve(bob(ann), approval)
    assert (done.status, done.requested_by, done.decided_by) == ("approved", "ann", "bob")
    assert read_balance(ann, "acme").available == Credits.parse("101")
    (movement,) = list_movements(ann, "acme", limit=9)
    assert (movement.actor, movement.reason) == ("ann", "refill")
    (entry,) = list_audit_entries(ann, action="approval.approved")
    assert (entry.actor, entry.before) == ("bob", {"status": "pending", "requested_by": "ann"})


def test_everybody_else_has_the_ceiling_of_the_star(ann: Context) -> None:
    request = GrantRequest(organization="acme", amount=Credits.parse("500"), reason="refill")
    grant_credits(bob(ann), request)
    ask(bob(ann), "501")


def test_who_asked_cannot_approve(ann: Context) -> None:
    with pytest.raises(SecondPersonNeeded, match="ann asked for it"):
        approve(ann, ask(ann))


def test_what_was_rejected_is_over(ann: Context) -> None:
    approval = ask(ann)
    assert reject(bob(ann), approval, reason="no ticket").status == "rejected"
    with pytest.raises(Conflict, match="was rejected already"):
        approve(bob(ann), approval)
    assert read_balance(ann, "acme").available == NO_CREDITS
    assert [row.status for row in list_approvals(ann, everything=True)] == ["rejected"]


def test_it_is_approved_once(ann: Context) -> None:
    approval = ask(ann)
    approve(bob(ann), approval)
    with pytest.raises(Conflict, match="was approved already"):
        approve(bob(ann), approval)
    assert read_balance(ann, "acme").available == Credits.parse("101")


def test_of_four_who_approve_at_once_one_does(ann: Context) -> None:
    approval = ask(ann)

    def attempt(name: str) -> str:
        try:
            return approve(replace(ann, actor=name), approval).status
        except (Conflict, Busy) as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(attempt, ["bob", "eve", "joe", "kim"]))
    assert told.count("approved") == 1
    assert read_balance(ann, "acme").available == Credits.parse("101")


def test_the_same_key_waits_in_the_same_place(ann: Context) -> None:
    first = ask(ann, key="ticket-1")
    assert ask(ann, key="ticket-1") == first
    assert len(list_approvals(ann)) == 1
    request = GrantRequest(organization="acme", amount=Credits.parse("300"), reason="refill")
    with pytest.raises(IdempotencyKeyReused):
        grant_credits(ann, request, Rails(idempotency_key="ticket-1"))


def test_the_key_answers_once_it_was_approved(ann: Context) -> None:
    approve(bob(ann), ask(ann, key="ticket-1"))
    request = GrantRequest(organization="acme", amount=Credits.parse("101"), reason="refill")
    again = grant_credits(ann, request, Rails(idempotency_key="ticket-1"))
    assert again.available_after == Credits.parse("101")
    assert read_balance(ann, "acme").available == Credits.parse("101")


def test_what_the_books_forbid_meanwhile_is_refused(ann: Context) -> None:
    approval = ask(ann)
    close_organization(ann, "acme", reason="gone")
    with pytest.raises(Conflict, match="acme is closed"):
        approve(bob(ann), approval)
    assert [row.status for row in list_approvals(ann)] == ["pending"]


def test_a_dry_run_asks_nobody(ann: Context) -> None:
    request = GrantRequest(organization="acme", amount=Credits.parse("101"), reason="refill")
    assert grant_credits(ann, request, Rails(dry_run=True)).dry_run
    assert list_approvals(ann) == []


def test_an_unknown_approval_is_not_found(ann: Context) -> None:
    with pytest.raises(ApprovalNotFound):
        approve(bob(ann), "approval_none")
