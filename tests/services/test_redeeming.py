"""A code is redeemed once by each organization, within its promotion's terms and budget."""

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.errors import (
    AlreadyExists,
    Conflict,
    CreditctlError,
    DuplicateOrganization,
    GuestNotAllowed,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
)
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import list_grants
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.money_verbs import Rails
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization, update_organization_facts
from creditctl.services.promotions import show_promotion
from creditctl.services.redeeming import Redeemed, RedeemRequest, redeem
from creditctl.services.subscriptions import create_subscription
from promotions import CATALOG, promotion


@pytest.fixture
def books(context: Context) -> Context:
    open_books(context, CATALOG)
    an_organization(context)
    return context


def ask(context: Context, code: str, slug: str = "acme", **more: object) -> Redeemed:
    rails = more.pop("rails", Rails())
    request = RedeemRequest(organization=slug, code=code, **more)  # type: ignore[arg-type]
    return redeem(context, request, rails)  # type: ignore[arg-type]


def available(context: Context, slug: str = "acme") -> Credits:
    return read_balance(context, slug).available


def refusal(context: Context, code: str, slug: str = "acme") -> CreditctlError:
    """What is said, and that nothing at all was given, claimed or counted."""
    before = (available(context, slug), show_promotion(context, code.lower()))
    with pytest.raises(CreditctlError) as refused:
        ask(context, code, slug)
    assert (available(context, slug), show_promotion(context, code.lower())) == before
    assert refused.value.exit_status == 5
    assert refused.value.advice
    return refused.value


def test_a_code_gives_its_credits_with_their_terms(books: Context) -> None:
    done = ask(books, " spring ")
    assert (done.promotion, done.amount, done.product) == ("spring", Credits.parse("100"), "rows")
    assert (done.available_before, done.available_after) == (NO_CREDITS, Credits.parse("100"))
    # 1 November and 90 days: 29 left of November, 31, 30
    assert done.expires_at == at(books, "2027-01-30T00:00:00Z").now
    (grant,) = list_grants(books, "acme")
    assert (grant.id, grant.source, grant.promotion) == (done.grant, "promotion", "spring")
    assert (grant.product, grant.expires_at, grant.unit_cost) == ("rows", done.expires_at, None)
    (entry,) = list_audit_entries(books, action="promotion.redeemed")
    assert entry.after == {"promotion": "spring", "code": "SPRING", "grant": done.grant}
    assert entry.reason == "code spring"


def test_it_is_redeemed_once(books: Context) -> None:
    first = ask(books, "SPRING")
    told = refusal(books, "SPRING")
    assert isinstance(told, AlreadyExists)
    assert told.detail == f"acme got spring on 2026-11-01 ({first.grant})"


def test_the_same_key_gives_the_same_answer_and_nothing_new(books: Context) -> None:
    rails = Rails(idempotency_key="ticket-1")
    first = ask(books, "SPRING", rails=rails)
    assert ask(books, "SPRING", rails=rails) == first
    assert available(books) == Credits.parse("100")
    with pytest.raises(IdempotencyKeyReused):
        ask(books, "TWICE", rails=rails)


def test_a_dry_run_shows_it_and_changes_nothing(books: Context) -> None:
    told = ask(books, "TWICE", rails=Rails(dry_run=True))
    assert (told.dry_run, told.redemptions_left, told.credits_left) == (
        True,
        1,
        Credits.parse("15"),
    )
    assert available(books) == NO_CREDITS
    assert ask(books, "TWICE").redemptions_left == 1


def test_a_code_that_nobody_gave_out_is_not_found(books: Context) -> None:
    for code in ("SPRIN", "welcome"):
        with pytest.raises(NotFound, match=f"no promotion has the code '{code}'"):
            ask(books, code)


def test_it_begins_and_ends(books: Context) -> None:
    early, late = at(books, "2026-12-23T23:59:59Z"), at(books, "2026-12-27T00:00:00Z")
    assert refusal(early, "XMAS").detail == "xmas begins at 2026-12-24T00:00:00Z"
    assert refusal(late, "XMAS").detail == "xmas ended at 2026-12-27T00:00:00Z"
    assert ask(at(books, "2026-12-26T23:59:59Z"), "XMAS").amount == Credits.parse("7")


def test_a_payment_method_has_to_be_on_file(books: Context) -> None:
    told = refusal(books, "CARD")
    assert told.detail == "card needs a payment method, and acme has none on file"
    assert told.advice.startswith("'creditctl orgs update acme --payment-fingerprint")
    update_organization_facts(books, "acme", OrgFacts(payment_fingerprint="card_1"))
    assert ask(books, "CARD").amount == Credits.parse("5")


def test_it_may_be_for_a_country_or_a_plan(books: Context) -> None:
    assert refusal(books, "DACH").detail == "dach is for DE, AT; the country of acme is not known"
    update_organization_facts(books, "acme", OrgFacts(country="FR"))
    assert refusal(books, "DACH").detail == "dach is for DE, AT; the country of acme is FR"
    update_organization_facts(books, "acme", OrgFacts(country="AT"))
    assert refusal(books, "DACH").detail == "dach is for organizations on pro, and acme is not"
    create_subscription(books, "acme", "pro")
    assert ask(books, "DACH").amount == Credits.parse("3")


def test_a_budget_of_times_is_used_up_for_everybody_else(books: Context) -> None:
    for slug in ("beta", "gamma"):
        an_organization(books, slug)
    assert ask(books, "TWICE").redemptions_left == 1
    assert ask(books, "TWICE", "beta").redemptions_left == 0
    told = refusal(books, "TWICE", "gamma")
    assert told.detail == "twice is used up: 2 of 2 organizations"


def test_a_budget_of_credits_gives_nobody_a_part(books: Context) -> None:
    for slug in ("beta", "gamma"):
        an_organization(books, slug)
    assert ask(books, "POT").credits_left == Credits.parse("15")
    assert ask(books, "POT", "beta").credits_left == Credits.parse("5")
    told = refusal(books, "POT", "gamma")
    assert told.detail == "pot is used up: 5 of 25 credits are left, and it gives 10"
    more = promotion("pot").replace("25", "30")
    open_books(books, CATALOG.replace(promotion("pot"), more))
    assert ask(books, "POT", "gamma").credits_left == NO_CREDITS


def test_a_reversed_gift_frees_nothing_of_the_budget(books: Context) -> None:
    from creditctl.services.reversals import ReverseRequest, reverse_grant

    given = ask(books, "TWICE")
    reverse_grant(books, ReverseRequest(grant=given.grant, reason="wrong one"))
    told = show_promotion(books, "twice")
    assert (told.redemptions_left, told.taken_back, told.spent) == (1, told.given, NO_CREDITS)
    assert isinstance(refusal(books, "TWICE"), AlreadyExists)


def test_of_two_that_are_one_only_the_first_gets_it(books: Context) -> None:
    for slug in ("one", "two"):
        create_organization(books, slug, OrgFacts(billing_email="ap@acme.example"))
    told = refusal(books, "SPRING", "two")
    assert isinstance(told, DuplicateOrganization)
    assert told.detail == "two has the email of one"
    # The first is no duplicate of what came later.
    assert ask(books, "SPRING", "one").amount == Credits.parse("100")
    assert refusal(books, "SPRING", "two").detail == "two has the email of one"


def test_an_override_gives_it_to_a_duplicate_for_a_reason(books: Context) -> None:
    for slug in ("one", "two"):
        create_organization(books, slug, OrgFacts(billing_email="ap@acme.example"))
    ask(books, "SPRING", "one")
    with pytest.raises(InvalidInput, match="--override needs a reason"):
        ask(books, "SPRING", "two", override=True)
    ask(books, "SPRING", "two", override=True, reason="two teams")
    (entry,) = list_audit_entries(books, action="promotion.overridden")
    assert (entry.organization, entry.reason) == ("two", "two teams")
    with pytest.raises(AlreadyExists):
        ask(books, "SPRING", "two", override=True, reason="again")


def test_who_need_not_be_unique_is_still_one_identity(books: Context) -> None:
    for slug in ("one", "two"):
        create_organization(books, slug, OrgFacts(billing_email="ap@acme.example"))
    assert ask(books, "ANYONE", "two").amount == Credits.parse("1")
    assert refusal(books, "ANYONE", "one").detail == "one has the email of two"


def test_what_was_merged_had_it_too(books: Context) -> None:
    for slug in ("old", "older"):
        an_organization(books, slug)
    given = ask(books, "SPRING", "older")
    for source, target in (("older", "old"), ("old", "acme")):
        request = MergeRequest(source=source, target=target, reason="one company")
        merge_organizations(books, request)
    assert refusal(books, "SPRING").detail == f"older got spring on 2026-11-01 ({given.grant})"


def test_a_guest_registers_first(books: Context) -> None:
    create_organization(books, "visitor", device_id="d1")
    with pytest.raises(GuestNotAllowed):
        ask(books, "SPRING", "visitor")


def test_money_is_worth_what_the_list_price_says_on_that_day(books: Context) -> None:
    an_organization(books, "beta")
    # 10 USD at 0.01, and from December at 0.03: 333.333333 and a third of a micro-credit
    assert ask(books, "MONEY").amount == Credits.parse("1000")
    dearer = CATALOG.replace('"0.01"', '"0.03"').replace("2026-01-01", "2026-12-01")
    open_books(books, dearer)
    assert show_promotion(books, "money").amount == Credits.parse("1000")
    december = at(books, "2026-12-01T00:00:00Z")
    assert show_promotion(december, "money").amount == Credits.parse("333.333333")
    assert ask(december, "MONEY", "beta").amount == Credits.parse("333.333333")


def test_a_promotion_that_left_the_catalog_gives_nothing_more(books: Context) -> None:
    ask(books, "TWICE")
    an_organization(books, "beta")
    open_books(books, CATALOG.replace(promotion("twice"), ""))
    with pytest.raises(NotFound):
        ask(books, "TWICE", "beta")
    told = show_promotion(books, "twice")
    assert (told.status, told.claims, told.given) == ("withdrawn", 1, Credits.parse("10"))
    open_books(books, CATALOG)
    assert ask(books, "TWICE", "beta").redemptions_left == 0


def test_a_budget_below_what_was_given_is_refused(books: Context) -> None:
    ask(books, "POT")
    less = "\n[promotions.pot]\ncredits = 5\nbudget = { credits = 9 }\n"
    with pytest.raises(
        Conflict, match="pot has given 10 credits in 1 claims, more than its budget"
    ):
        open_books(books, CATALOG.replace(promotion("pot"), less))
    assert show_promotion(books, "pot").budget == Credits.parse("25")
    assert run_checks(books) == []
