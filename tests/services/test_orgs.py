from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CATALOG, an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import AlreadyExists, InvalidInput, OrganizationNotFound
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants
from creditctl.services.keys import create_key, revoke_key
from creditctl.services.org_cards import show_organization
from creditctl.services.org_facts import OrgFacts
from creditctl.services.org_lists import list_all_organizations
from creditctl.services.orgs import create_organization

GIFTS = """
[promotions.welcome]
title = "Sign-up credits"
credits = 350
trigger = "signup"

[promotions.dollars]
title = "Twenty-five dollars"
money = "25.00"
trigger = "signup"

[promotions.conference]
title = "Conference 2026"
credits = 1000
trigger = "manual"
"""


def test_without_a_catalog_an_organization_starts_with_nothing(context: Context) -> None:
    created = create_organization(context, "acme", OrgFacts(legal_name="Acme Ltd"))
    assert created.granted == NO_CREDITS
    assert created.id.startswith("org_")
    assert read_balance(context, "acme").available == NO_CREDITS


def test_a_new_organization_gets_every_sign_up_promotion_and_no_manual_one(
    context: Context,
) -> None:
    open_books(context, CATALOG + GIFTS)
    created = create_organization(context, "acme")
    # 350 credits, and 25 dollars at 0.01 a credit = 2,500 credits
    assert created.granted == Credits.parse("2850")
    granted = {
        (grant.source, grant.amount, grant.expires_at) for grant in list_grants(context, "acme")
    }
    assert granted == {
        ("promotion", Credits.parse("350"), None),
        ("promotion", Credits.parse("2500"), None),
    }


def test_a_guest_gets_credits_that_are_gone_after_24_hours_and_no_promotion(
    context: Context,
) -> None:
    open_books(context, CATALOG + GIFTS)
    assert create_organization(context, "visitor", device_id="device-1").granted == Credits.parse(
        "50"
    )
    (grant,) = list_grants(context, "visitor")
    assert grant.source == "guest"
    assert grant.expires_at == context.now + timedelta(hours=24)
    last = replace(context, now=context.now + timedelta(hours=24, microseconds=-1))
    over = replace(context, now=context.now + timedelta(hours=24))
    assert read_balance(last, "visitor").available == Credits.parse("50")
    assert read_balance(over, "visitor").available == NO_CREDITS


def test_a_catalog_without_guests_refuses_one_and_leaves_nothing_behind(context: Context) -> None:
    open_books(context, CATALOG.replace("[guest]\ncredits = 50\nlifetime_hours = 24\n", ""))
    with pytest.raises(InvalidInput, match="knows no guests"):
        create_organization(context, "visitor", device_id="device-1")
    assert list_all_organizations(context) == []


def test_a_slug_is_given_once_and_the_second_attempt_changes_nothing(context: Context) -> None:
    create_organization(context, "acme", OrgFacts(legal_name="First"))
    with pytest.raises(AlreadyExists, match="'acme'"):
        create_organization(context, "acme", OrgFacts(legal_name="Second"))
    (only,) = list_all_organizations(context)
    assert only.legal_name == "First"
    assert len(list_audit_entries(context, organization=None, action=None, limit=10)) == 1


def test_of_four_at_the_same_moment_one_gets_the_slug(context: Context) -> None:
    def attempt(_: int) -> str:
        try:
            return create_organization(context, "acme").slug
        except AlreadyExists as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["acme", *["already_exists"] * 3]


@pytest.mark.parametrize("slug", ["ab", "a1", "a-b", "9-lives", "x" * 63])
def test_a_slug_of_letters_digits_and_hyphens_is_taken(context: Context, slug: str) -> None:
    assert create_organization(context, slug).slug == slug


@pytest.mark.parametrize(
    "slug",
    ["", "a", "Acme", "a_b", "a b", "-ab", "ab-", "x" * 64, "ümlaut", "ab\n", "a/b", "\u0430b"],
)
def test_any_other_slug_is_refused(context: Context, slug: str) -> None:
    with pytest.raises(InvalidInput, match="is no slug"):
        create_organization(context, slug)


@pytest.mark.parametrize(
    "email",
    ["", "billing", "a@b", "a b@c.example", "a@@b.example", "<a@b.example>", "a@b..example"],
)
def test_what_is_no_email_address_is_refused(context: Context, email: str) -> None:
    with pytest.raises(InvalidInput, match="no e-mail address"):
        create_organization(context, "acme", OrgFacts(billing_email=email))


@pytest.mark.parametrize("country", ["", "de", "DEU", "D1", "ÄÖ"])
def test_what_is_no_country_code_is_refused(context: Context, country: str) -> None:
    with pytest.raises(InvalidInput, match="no country code"):
        create_organization(context, "acme", OrgFacts(country=country))


def test_organizations_are_listed_by_slug(context: Context) -> None:
    for slug in ("zeta", "acme", "mid"):
        create_organization(context, slug)
    assert [listed.slug for listed in list_all_organizations(context)] == ["acme", "mid", "zeta"]


def test_the_card_tells_plan_keys_balance_and_state(context: Context) -> None:
    open_books(context)
    created = create_organization(
        context,
        "acme",
        OrgFacts(legal_name="Acme Ltd", billing_email="pay@acme.example", country="DE"),
    )
    create_key(context, "acme", name="one")
    revoke_key(context, create_key(context, "acme", name="two").id)
    card = show_organization(context, created.id)
    assert (card.slug, card.legal_name, card.country) == ("acme", "Acme Ltd", "DE")
    assert (card.plan, card.keys, card.available) == (None, 1, NO_CREDITS)
    assert (card.kind, card.status, card.created_at) == ("registered", "active", context.now)


def test_the_card_names_the_plan_and_what_of_the_allowance_is_left(context: Context) -> None:
    open_books(context)
    an_organization(context, plan="starter")
    use(context, "acme", 130)
    card = show_organization(context, "acme")
    # 130 credits used, 100 of them from the allowance; the starter plan has no postpaid limit
    assert (card.plan, card.available, card.open_overage) == (
        "starter",
        NO_CREDITS,
        Credits.parse("30"),
    )


def test_an_unknown_organization_is_not_found(context: Context) -> None:
    with pytest.raises(OrganizationNotFound, match="'nobody'"):
        show_organization(context, "nobody")


def test_creation_is_audited_with_what_was_given(context: Context) -> None:
    open_books(context, CATALOG + GIFTS)
    facts = OrgFacts(billing_email="a@b.example")
    created = create_organization(at(context, "2026-11-02"), "acme", facts)
    entries = list_audit_entries(context, organization="acme", action=None, limit=10)
    assert [entry.action for entry in entries] == [
        "grant.created",
        "grant.created",
        "organization.created",
    ]
    assert (entries[-1].subject, entries[-1].actor) == (created.id, "tester")
    assert entries[-1].after == {
        "slug": "acme",
        "legal_name": "acme",
        "billing_email": "a@b.example",
        "kind": "registered",
    }
