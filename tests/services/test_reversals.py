"""Mistakes are taken back: once, what is unused, and the rest only when asked for."""

from datetime import timedelta

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, GrantNotFound, InvalidInput
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import Grant, list_grants, list_movements
from creditctl.services.limits_check import check_limits
from creditctl.services.money_verbs import Rails
from creditctl.services.reversals import (
    ExpireRequest,
    ReverseRequest,
    TakenBack,
    expire_grant,
    reverse_grant,
)


def credits(text: str) -> Credits:
    return Credits.parse(text)


@pytest.fixture
def books(context: Context) -> Context:
    """acme has a gift of 100 credits, 30 of them used."""
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"))
    give(at(context, "2026-10-01T00:00:00Z"), "acme", "100")
    use(at(context, "2026-10-05T00:00:00Z"), "acme", 30)
    return at(context, "2026-10-10T00:00:00Z")


def gift(context: Context) -> Grant:
    return next(
        row for row in list_grants(context, "acme", everything=True) if row.source == "goodwill"
    )


def reverse(context: Context, *, unwind: bool = False, rails: Rails | None = None) -> TakenBack:
    request = ReverseRequest(grant=gift(context).id, reason="wrong one", unwind=unwind)
    return reverse_grant(context, request, rails or Rails())


def test_a_reversal_takes_back_what_is_unused_and_leaves_what_was_used(books: Context) -> None:
    taken = reverse(books)
    assert (taken.taken, taken.kept, taken.unwound) == (credits("70"), credits("30"), NO_CREDITS)
    assert (taken.available_before, taken.available_after) == (credits("70"), NO_CREDITS)
    balance = read_balance(books, "acme")
    assert (balance.available, balance.open_overage) == (NO_CREDITS, NO_CREDITS)
    assert gift(books).state == "reversed"


def test_it_is_done_once(books: Context) -> None:
    reverse(books)
    with pytest.raises(Conflict, match="reversed already"):
        reverse(books)


def test_unwinding_makes_what_it_paid_open_overage(books: Context) -> None:
    taken = reverse(books, unwind=True)
    assert (taken.taken, taken.kept, taken.unwound) == (credits("100"), NO_CREDITS, credits("30"))
    balance = read_balance(books, "acme")
    assert (balance.available, balance.open_overage) == (NO_CREDITS, credits("30"))
    reasons = [row.overage_reason for row in list_movements(books, "acme", limit=9)]
    assert reasons.count("correction") == 1


def test_what_was_unwound_is_repaid_by_the_next_purchase(books: Context) -> None:
    reverse(books, unwind=True)
    give(books, "acme", "50", source="purchase")
    balance = read_balance(books, "acme")
    # 50 bought, 30 of it repaid
    assert (balance.available, balance.open_overage) == (credits("20"), NO_CREDITS)


def test_a_purchase_that_is_there_already_repays_at_once(books: Context) -> None:
    give(books, "acme", "50", source="purchase")
    reverse(books, unwind=True)
    assert read_balance(books, "acme").open_overage == NO_CREDITS
    assert read_balance(books, "acme").available == credits("20")


def test_what_repaid_overage_owes_it_again_when_it_is_unwound(context: Context) -> None:
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"))
    use(at(context, "2026-10-05T00:00:00Z"), "acme", 30)
    later = at(context, "2026-10-10T00:00:00Z")
    give(later, "acme", "50", source="purchase")
    (bought,) = list_grants(later, "acme")
    assert bought.remaining == credits("20")
    request = ReverseRequest(grant=bought.id, reason="card was stolen", unwind=True)
    taken = reverse_grant(later, request)
    assert (taken.taken, taken.unwound) == (credits("50"), credits("30"))
    assert read_balance(later, "acme").open_overage == credits("30")


def test_a_grant_that_is_used_up_is_refused_with_the_way_out(books: Context) -> None:
    use(books, "acme", 70)
    with pytest.raises(Conflict, match="nothing of") as refused:
        reverse(books)
    assert "--unwind" in refused.value.advice


def test_an_allowance_belongs_to_its_subscription(context: Context) -> None:
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"), plan="starter")
    (allowance,) = list_grants(context, "acme", everything=True)
    with pytest.raises(Conflict, match="belongs to the subscription"):
        reverse_grant(context, ReverseRequest(grant=allowance.id, reason="x"))


def test_a_grant_that_does_not_exist_is_not_found(books: Context) -> None:
    with pytest.raises(GrantNotFound):
        reverse_grant(books, ReverseRequest(grant="grant_none", reason="x"))


def test_a_reversal_without_a_reason_is_refused(books: Context) -> None:
    with pytest.raises(InvalidInput, match="needs a reason"):
        reverse_grant(books, ReverseRequest(grant=gift(books).id, reason=" "))


def test_a_dry_run_tells_and_changes_nothing(books: Context) -> None:
    told = reverse(books, unwind=True, rails=Rails(dry_run=True))
    assert (told.dry_run, told.taken) == (True, credits("100"))
    assert gift(books).remaining == credits("70")


def test_the_same_key_gives_the_same_answer(books: Context) -> None:
    first = reverse(books, rails=Rails(idempotency_key="ticket-9"))
    assert reverse(books, rails=Rails(idempotency_key="ticket-9")) == first


def test_it_is_audited(books: Context) -> None:
    reverse(books)
    (entry,) = list_audit_entries(books, action="grant.reversed")
    assert (entry.organization, entry.reason) == ("acme", "wrong one")
    assert entry.after == {"remaining": "0", "taken": "70", "unwound": "0"}


def test_an_expiry_ends_a_grant_now(books: Context) -> None:
    taken = expire_grant(books, ExpireRequest(grant=gift(books).id, reason="campaign is over"))
    assert (taken.taken, taken.kept) == (credits("70"), credits("30"))
    assert gift(books).expires_at == books.now
    assert read_balance(books, "acme").available == NO_CREDITS


def test_usage_from_before_an_early_end_still_draws(books: Context) -> None:
    expire_grant(books, ExpireRequest(grant=gift(books).id, reason="campaign is over"))
    use(at(books, "2026-10-09T00:00:00Z"), "acme", 20)
    use(at(books, "2026-10-11T00:00:00Z"), "acme", 5)
    # 70 expired, 20 of it taken back; the 5 used after its end are paid by nobody
    assert gift(books).expired == credits("50")
    assert read_balance(books, "acme").open_overage == credits("5")


def test_a_grant_that_is_over_cannot_expire_again(books: Context) -> None:
    expire_grant(books, ExpireRequest(grant=gift(books).id, reason="x"))
    with pytest.raises(Conflict, match="holds nothing that could expire"):
        expire_grant(books, ExpireRequest(grant=gift(books).id, reason="x"))


def test_a_grant_that_is_yet_to_begin_is_taken_back_whole(books: Context) -> None:
    later = books.now + timedelta(days=30)
    give(at(books, later.isoformat()), "acme", "40", source="promotion")
    (future,) = [row for row in list_grants(books, "acme") if row.source == "promotion"]
    expire_grant(books, ExpireRequest(grant=future.id, reason="campaign was cancelled"))
    check_limits(at(books, "2026-12-20T00:00:00Z"))
    assert read_balance(at(books, "2026-12-20T00:00:00Z"), "acme").available == credits("70")


def test_late_usage_does_not_draw_what_was_reversed(books: Context) -> None:
    reverse(books)
    use(at(books, "2026-10-06T00:00:00Z"), "acme", 10)
    assert read_balance(books, "acme").open_overage == credits("10")
