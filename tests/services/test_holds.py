"""Holds reserve named credits before a call is served, and give them back when it was not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import an_organization, at, give, open_books, use
from calls import call, rows_of
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import (
    Conflict,
    EndpointNotFound,
    ExitStatus,
    InvalidInput,
    KeyNotFound,
    NotFound,
)
from creditctl.rules.pricing import PriceRule
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.call_prices import most_expected
from creditctl.services.hold_capture import capture
from creditctl.services.holds import InsufficientCredits, find_hold, release, release_expired
from creditctl.services.keys import create_key
from creditctl.services.limits_check import check_limits
from creditctl.services.limits_status import show_limit_status
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.money_verbs import Rails
from creditctl.services.reversals import (
    ExpireRequest,
    ReverseRequest,
    expire_grant,
    reverse_grant,
)

EARLY = "2026-10-01T00:00:00Z"
PARTS = """
    SELECT g.source, p.amount_micro FROM hold_part AS p
    JOIN hold AS h ON h.id = p.hold_id LEFT JOIN credit_grant AS g ON g.id = p.grant_id
    WHERE h.public_id = :id ORDER BY p.place
"""
MILLION = 1_000_000


@pytest.fixture
def books(context: Context) -> Context:
    early = at(context, EARLY)
    open_books(early)
    an_organization(early, "acme", credits="10")
    return context


def balance(context: Context, slug: str = "acme") -> tuple[str, str]:
    found = read_balance(context, slug)
    return str(found.available), str(found.held)


def test_a_hold_takes_credits_out_of_the_balance_and_out_of_nothing_else(books: Context) -> None:
    hold = call(books, "r-1", 4)

    assert (hold.state, str(hold.held), hold.credits) == ("open", "4", None)
    assert hold.expires_at == NOW + timedelta(minutes=5)
    assert balance(books) == ("6", "4")
    assert rows_of(books, "SELECT COUNT(*) FROM ledger_entry WHERE kind <> 'grant'") == [(0,)]
    assert show_limit_status(books, "acme").held == Credits.parse("4")


def test_a_call_that_does_not_fit_is_refused_whole_in_the_seeds_words(books: Context) -> None:
    call(books, "r-1", 8)

    with pytest.raises(InsufficientCredits) as refused:
        call(books, "r-2", 5)

    assert str(refused.value) == "Required: 5 credits, Available: 2 credits"
    assert refused.value.exit_status == ExitStatus.INSUFFICIENT
    assert balance(books) == ("2", "8")
    assert rows_of(books, "SELECT COUNT(*) FROM hold") == [(1,)]


def test_holds_name_grants_in_burn_down_order(books: Context) -> None:
    give(at(books, EARLY), "acme", "3", expires_at=NOW + timedelta(days=3))

    hold = call(books, "r-1", 5)

    assert rows_of(books, PARTS, id=hold.id) == [
        ("goodwill", 3 * MILLION),
        ("purchase", 2 * MILLION),
    ]


def test_an_import_draws_around_a_hold(books: Context) -> None:
    call(books, "r-1", 7)

    use(books, "acme", 5)

    found = read_balance(books, "acme")
    assert (str(found.available), str(found.held)) == ("0", "7")
    assert found.open_overage == Credits.parse("2")


def test_the_same_request_gives_the_same_hold(books: Context) -> None:
    first = call(books, "r-1", 4)

    later = replace(books, now=NOW + timedelta(seconds=30))
    assert call(later, "r-1", 4) == first
    assert balance(books) == ("6", "4")


@pytest.mark.parametrize("other", [{"units": 5}, {"path": "/free"}, {"organization": "globex"}])
def test_another_call_under_the_same_id_is_a_conflict(
    books: Context, other: dict[str, object]
) -> None:
    an_organization(at(books, EARLY), "globex", credits="10")
    call(books, "r-1", 4)

    with pytest.raises(Conflict, match="was used by another call"):
        call(books, "r-1", **({"units": 4} | other))


def test_an_id_that_an_imported_event_has_is_a_conflict(books: Context) -> None:
    use(books, "acme", 1)
    ((name,),) = rows_of(books, "SELECT id_text FROM usage_event_text")

    with pytest.raises(Conflict, match="was used before"):
        call(books, str(name), 1)


def test_an_id_seen_again_after_the_window_is_a_new_call(books: Context) -> None:
    first = call(books, "r-1", 1)

    later = replace(books, now=NOW + timedelta(hours=2))
    assert call(later, "r-1", 1).id != first.id


def test_a_released_call_costs_nothing_any_number_of_times(books: Context) -> None:
    hold = call(books, "r-1", 4)

    assert release(books, hold.id).state == "released"
    assert release(books, "r-1").held == NO_CREDITS
    assert balance(books) == ("10", "0")
    assert rows_of(books, "SELECT COUNT(*) FROM usage_event") == [(0,)]
    with pytest.raises(Conflict, match="is released"):
        call(books, "r-1", 4)
    with pytest.raises(Conflict, match="was released"):
        capture(books, "r-1", units=4)


def test_a_captured_call_cannot_be_released(books: Context) -> None:
    call(books, "r-1", 4)
    capture(books, "r-1", units=4)

    with pytest.raises(Conflict, match="was captured"):
        release(books, "r-1")


def test_a_hold_that_times_out_is_freed_by_the_check_and_once(books: Context) -> None:
    call(books, "r-1", 4)
    in_time, over = (replace(books, now=NOW + timedelta(minutes=m)) for m in (4, 5))

    assert release_expired(in_time) == 0
    assert check_limits(over).holds_expired == 1
    assert check_limits(over).holds_expired == 0
    assert find_hold(over, "r-1").state == "expired"
    assert balance(over) == ("10", "0")


def test_a_call_that_needs_them_frees_holds_that_timed_out(books: Context) -> None:
    call(books, "r-1", 8)
    over = replace(books, now=NOW + timedelta(minutes=5))

    assert call(over, "r-2", 9).state == "open"
    assert balance(over) == ("1", "9")


def test_free_calls_and_unlimited_plans_hold_nothing(books: Context) -> None:
    an_organization(at(books, EARLY), "big", plan="enterprise")

    assert call(books, "r-1", None, path="/free").held == NO_CREDITS
    assert call(books, "r-2", 10**6, organization="big").held == NO_CREDITS


def test_what_a_plan_lets_an_organization_owe_can_be_held_and_only_once(books: Context) -> None:
    an_organization(at(books, EARLY), "late", plan="pro")  # 50,000 credits, and 10,000 more

    first = call(at(books, "2026-10-02T00:00:00Z"), "r-1", 55_000, organization="late")
    with pytest.raises(InsufficientCredits, match="Required: 6000 credits, Available: 5000"):
        call(at(books, "2026-10-02T00:00:00Z"), "r-2", 6_000, organization="late")

    assert rows_of(books, PARTS, id=first.id) == [
        ("subscription", 50_000 * MILLION),
        (None, 5_000 * MILLION),
    ]


def test_the_new_months_allowance_is_held_before_any_check_has_run(books: Context) -> None:
    an_organization(at(books, EARLY), "small", plan="starter")  # 100 a month

    hold = call(at(books, "2026-11-03T00:00:00Z"), "r-1", 100, organization="small")

    assert hold.held == Credits.parse("100")


def test_a_key_stands_for_its_organization(books: Context) -> None:
    key = create_key(books, "acme", name="web")

    assert call(books, "r-1", 1, organization=None, key=key.id).organization == "acme"
    with pytest.raises(KeyNotFound):
        call(books, "r-2", 1, organization="globex", key=key.id)


def test_what_cannot_be_a_call_is_refused(books: Context) -> None:
    with pytest.raises(EndpointNotFound):
        call(books, "r-1", 1, path="/nowhere")
    with pytest.raises(InvalidInput, match="request id"):
        call(books, "", 1)
    with pytest.raises(InvalidInput, match="negative"):
        call(books, "r-1", -1)
    for absurd in (10**12, 2**64):
        with pytest.raises(InvalidInput, match="absurd"):
            call(books, "r-1", absurd)
    with pytest.raises(InvalidInput, match="names an organization"):
        call(books, "r-1", 1, organization=None)
    with pytest.raises(NotFound):
        release(books, "r-1")
    assert rows_of(books, "SELECT COUNT(*) FROM hold") == [(0,)]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (None, 9),  # the price's maximum
        (2, 5),  # 1 and 2 x 2
        (100, 9),  # never above the maximum
    ],
)
def test_a_call_holds_its_estimate_or_the_prices_maximum(units: int | None, expected: int) -> None:
    rule = PriceRule(base_micro=1, unit_micro=2, unit="rows", maximum_micro=9)

    assert most_expected(rule, units) == expected
    assert most_expected(PriceRule(base_micro=7), units) == 7
    assert most_expected(PriceRule(base_micro=3, unit_micro=2, unit="rows"), None) == 3


def test_a_reversal_leaves_what_is_held_and_takes_it_when_the_call_is_let_go(
    books: Context,
) -> None:
    call(books, "r-1", 4)
    ((grant,),) = rows_of(books, "SELECT public_id FROM credit_grant")

    taken = reverse_grant(books, ReverseRequest(grant=str(grant), reason="wrong org"))
    assert taken.taken == Credits.parse("6")
    assert balance(books) == ("0", "4")

    release(books, "r-1")
    assert balance(books) == ("0", "0")


def test_a_grant_that_was_ended_still_pays_the_call_that_held_it(books: Context) -> None:
    call(books, "r-1", 4)
    ((grant,),) = rows_of(books, "SELECT public_id FROM credit_grant")

    taken = expire_grant(books, ExpireRequest(grant=str(grant), reason="over"))
    assert taken.taken == Credits.parse("6")
    capture(books, "r-1", units=3)

    ends = replace(books, now=NOW + timedelta(days=4))
    check_limits(ends)
    found = read_balance(ends, "acme")
    assert (found.held, found.open_overage) == (NO_CREDITS, NO_CREDITS)
    assert rows_of(books, "SELECT SUM(amount_micro) FROM ledger_entry WHERE kind = 'usage'") == [
        (-3 * MILLION,)
    ]


def test_what_a_call_holds_of_a_grant_ends_when_the_call_does(books: Context) -> None:
    """Nobody freed it, and the grant's grace has been over for long: the rest ends without it."""
    give(books, "acme", "5", expires_at=NOW + timedelta(hours=1))
    call(books, "r-1", 2)
    much_later = replace(books, now=NOW + timedelta(days=40))

    call(much_later, "r-2", 1)
    assert balance(much_later) == ("9", "1")
    ended = "SELECT SUM(amount_micro) FROM ledger_entry WHERE kind = 'expiry'"
    assert rows_of(books, ended) == [(-3 * MILLION,)]

    release(much_later, "r-1")
    assert balance(much_later) == ("9", "1")
    assert rows_of(books, ended) == [(-5 * MILLION,)]


def test_an_organization_with_calls_in_flight_is_not_merged_away(books: Context) -> None:
    an_organization(at(books, EARLY), "acme-two", credits="5")
    call(books, "r-1", 1, organization="acme-two")
    request = MergeRequest(source="acme-two", target="acme", reason="same company")

    with pytest.raises(Conflict, match="calls in flight"):
        merge_organizations(books, request, Rails())

    capture(books, "r-1", units=1)
    merge_organizations(books, request, Rails())
    assert find_hold(books, "r-1").organization == "acme"
    assert balance(books) == ("14", "0")
