"""What promotions gave is spent, has expired, was taken back or remains: nothing else."""

import itertools
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, open_books, use
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import CatalogMissing, Conflict, CreditctlError, NotFound
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.checks import run_checks
from creditctl.services.guests import PromoteRequest, promote_organization
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization, update_organization_facts
from creditctl.services.promotions import (
    Promotion,
    list_claims,
    list_promotions,
    show_promotion,
)
from creditctl.services.redeeming import RedeemRequest, redeem
from creditctl.services.reversals import ReverseRequest, reverse_grant
from promotions import CATALOG, WITH_SIGN_UP, promotion


def ask(context: Context, code: str, slug: str = "acme") -> str:
    """Redeem it; returns the grant."""
    return redeem(context, RedeemRequest(organization=slug, code=code)).grant


def figures(told: Promotion) -> list[str]:
    return [str(part) for part in (told.spent, told.expired, told.taken_back, told.remaining)]


def test_every_promotion_is_listed_with_its_terms_and_where_it_stands(context: Context) -> None:
    open_books(context, CATALOG)
    told = {row.name: row for row in list_promotions(context)}
    assert list(told) == ["spring", "xmas", "card", "dach", "twice", "pot", "anyone", "money"]
    assert (told["xmas"].status, told["spring"].status) == ("planned", "open")
    assert (told["twice"].budget, told["twice"].budget_redemptions) == (Credits.parse("25"), 2)
    assert (str(told["money"].money), told["money"].amount) == ("10.00", Credits.parse("1000"))
    assert told["card"].requires == ("not_duplicate", "payment_method")
    assert (told["spring"].code, told["anyone"].code) == ("SPRING", "anyone")
    later = {row.name: row.status for row in list_promotions(at(context, "2027-01-01T00:00:00Z"))}
    assert later["xmas"] == "over"
    for slug in ("one", "two"):
        an_organization(context, slug)
        ask(context, "TWICE", slug)
        ask(context, "POT", slug)
    # of the 25 credits of pot 5 are left, and it gives 10
    used_up = {row.name for row in list_promotions(context) if row.status == "used_up"}
    assert used_up == {"twice", "pot"}


def test_what_nobody_offers_is_not_found(context: Context) -> None:
    with pytest.raises(CatalogMissing):
        list_promotions(context)
    open_books(context, CATALOG)
    for look in (show_promotion, list_claims):
        with pytest.raises(NotFound, match="there is no promotion 'sprin'"):
            look(context, "sprin")
    assert list_claims(context, "spring") == []


def test_what_was_given_is_told_apart_by_what_became_of_it(context: Context) -> None:
    open_books(context, CATALOG)
    for slug in ("one", "two", "three"):
        an_organization(context, slug)
    ask(context, "SPRING", "one")
    ask(context, "SPRING", "two")
    wrong = ask(context, "SPRING", "three")
    use(context, "one", 30)
    use(context, "three", 4)
    reverse_grant(context, ReverseRequest(grant=wrong, reason="wrong one"))
    told = show_promotion(context, "spring")
    # 30 + 4 spent; 100 - 4 taken back; 70 + 100 remain
    assert (told.claims, told.given) == (3, Credits.parse("300"))
    assert figures(told) == ["34", "0", "96", "170"]
    check_limits(at(context, "2027-02-15T00:00:00Z"))
    assert figures(show_promotion(context, "spring")) == ["34", "170", "96", "0"]


def test_a_merge_moves_the_credits_and_not_the_claim(context: Context) -> None:
    open_books(context, CATALOG)
    for slug in ("acme", "old"):
        an_organization(context, slug)
        ask(context, "SPRING", slug)
    use(context, "old", 30)
    merge_organizations(context, MergeRequest(source="old", target="acme", reason="one company"))
    use(context, "acme", 100)
    told = show_promotion(context, "spring")
    assert (told.claims, told.given) == (2, Credits.parse("200"))
    assert figures(told) == ["130", "0", "0", "70"]
    assert [row.organization for row in list_claims(context, "spring")] == ["acme", "old"]


def test_claims_tell_who_got_what_and_who_gave_it(context: Context) -> None:
    open_books(context, WITH_SIGN_UP)
    an_organization(context)
    grant = ask(context, "SPRING")
    welcome, spring = list_claims(context)
    assert (welcome.promotion, welcome.organization, welcome.reason) == (
        "welcome",
        "acme",
        "welcome",
    )
    assert (spring.grant, spring.actor, spring.reason) == (grant, "tester", "spring: code SPRING")
    assert list_claims(context, "spring") == [spring]


def test_sign_up_credits_may_wait_for_a_payment_method(context: Context) -> None:
    card = promotion("welcome") + 'requires = ["not_duplicate", "payment_method"]\n'
    open_books(context, CATALOG + card)
    made = create_organization(context, "acme")
    assert (made.granted, made.refused) == (NO_CREDITS, ("welcome",))
    assert made.because == ("welcome: no payment method is on file",)
    request = PromoteRequest(organization="acme", reason="has a card now")
    with pytest.raises(Conflict, match="welcome: no payment method is on file"):
        promote_organization(context, request)
    update_organization_facts(context, "acme", OrgFacts(payment_fingerprint="card_1"))
    assert promote_organization(context, request).granted == Credits.parse("350")
    # Nobody else signs up with the same card.
    twin = create_organization(context, "twin", OrgFacts(payment_fingerprint="card_1"))
    assert twin.because == ("welcome: the organization is a duplicate",)


def test_sign_up_goes_on_when_the_credits_are_used_up_or_over(context: Context) -> None:
    limited = promotion("welcome") + "ends = 2026-12-01\nbudget = { redemptions = 1 }\n"
    open_books(context, CATALOG + limited)
    assert create_organization(context, "one").granted == Credits.parse("350")
    facts = OrgFacts(billing_email="ap@acme.example")
    assert create_organization(context, "two", facts).because == ("welcome: it is used up",)
    over = create_organization(at(context, "2026-12-01T00:00:00Z"), "three")
    assert (over.granted, over.refused, over.because) == (NO_CREDITS, (), ())
    # What was not given is claimed by nobody: a larger budget serves the second one after all.
    open_books(context, CATALOG + limited.replace("redemptions = 1", "redemptions = 2"))
    request = PromoteRequest(organization="two", reason="more budget")
    assert promote_organization(context, request).granted == Credits.parse("350")


def test_of_many_sign_ups_at_once_as_many_get_the_credits_as_the_budget_holds(
    context: Context,
) -> None:
    open_books(context, CATALOG + promotion("welcome") + "budget = { credits = 1000 }\n")
    with ThreadPoolExecutor(4) as pool:
        slugs = [f"org-{number}" for number in range(6)]
        made = list(pool.map(lambda slug: create_organization(context, slug), slugs))
    # 1000 // 350
    assert sorted(len(one.refused) for one in made) == [0, 0, 1, 1, 1, 1]
    assert show_promotion(context, "welcome").credits_left == Credits.parse("300")


def attempts() -> st.SearchStrategy[list[tuple[str, str]]]:
    slugs, codes = st.sampled_from(["one", "two", "three"]), st.sampled_from(["TWICE", "POT"])
    return st.lists(st.tuples(slugs, codes), max_size=12)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(attempts=attempts())
def test_whoever_asks_in_whatever_order_gets_it_once_and_never_beyond_the_budget(
    fresh_books: Callable[[], Context], attempts: list[tuple[str, str]]
) -> None:
    books = fresh_books()
    got: dict[str, list[str]] = {"TWICE": [], "POT": []}
    for slug, code in attempts:
        expected = slug not in got[code] and len(got[code]) < 2
        try:
            ask(books, code, slug)
        except CreditctlError:
            assert not expected
        else:
            assert expected
            got[code].append(slug)
    for code, owners in got.items():
        told = show_promotion(books, code.lower())
        assert told.given == told.remaining == Credits(len(owners) * 10 * 1_000_000)
        assert [claim.organization for claim in list_claims(books, told.name)] == owners
    assert run_checks(books) == []


@pytest.fixture
def fresh_books(sqlite_template: Path, tmp_path: Path) -> Callable[[], Context]:
    """Books of three organizations, new for every example."""
    numbers = itertools.count()
    origin = tmp_path / "origin.db"
    shutil.copyfile(sqlite_template, origin)
    first = Context(f"sqlite:///{origin}", NOW, "tester")
    open_books(first, CATALOG)
    for slug in ("one", "two", "three"):
        an_organization(first, slug)

    def fresh() -> Context:
        path = tmp_path / f"books-{next(numbers)}.db"
        shutil.copyfile(origin, path)
        return Context(f"sqlite:///{path}", NOW, "tester")

    return fresh
