"""Sign-up credits go to organizations that are no duplicate; nobody is refused an account."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from builders import CATALOG, open_books
from creditctl.context import Context
from creditctl.errors import AlreadyExists, Conflict, DuplicateOrganization
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants
from creditctl.services.duplicates import list_duplicates
from creditctl.services.guests import PromoteRequest, promote_organization
from creditctl.services.org_facts import NO_FACTS, OrgFacts
from creditctl.services.orgs import (
    CreatedOrganization,
    create_organization,
    update_organization_facts,
)

WELCOME = """
[promotions.welcome]
title = "Welcome"
credits = 350
trigger = "signup"
"""
GIFT = Credits.parse("350")


@pytest.fixture
def books(context: Context) -> Context:
    open_books(context, CATALOG + WELCOME)
    return context


def create(context: Context, slug: str, **facts: str) -> CreatedOrganization:
    return create_organization(context, slug, OrgFacts(**facts))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"billing_email": "jo.doe@gmail.com"},
            {"billing_email": "JoDoe+trial2@googlemail.com"},
        ),
        ({"billing_email": "ap@acme.example"}, {"billing_email": "AP+x@ACME.example"}),
        (
            {"country": "DE", "tax_id": "DE136695976"},
            {"country": "DE", "tax_id": "136 695 976"},
        ),
        ({"payment_fingerprint": "card_1"}, {"payment_fingerprint": "card_1"}),
    ],
)
def test_one_strong_match_decides(books: Context, first: dict, second: dict) -> None:
    assert create(books, "one", **first).granted == GIFT
    again = create(books, "two", **second)
    assert (again.qualification, again.granted, again.refused) == (
        "duplicate",
        NO_CREDITS,
        ("welcome",),
    )
    assert {found.organization for found in again.evidence if found.strong} == {"one"}
    assert read_balance(books, "two").available == NO_CREDITS


@pytest.mark.parametrize(
    ("first", "second", "judged"),
    [
        ({"billing_email": "a@gmail.com"}, {"billing_email": "b@gmail.com"}, "qualified"),
        (
            {"billing_email": "jo.doe@acme.example"},
            {"billing_email": "jodoe@acme.example"},
            "suspect",
        ),
        ({"legal_name": "Acme Ltd"}, {"legal_name": "ACME, Limited"}, "suspect"),
        ({"legal_name": "Acme Ltd"}, {"legal_name": "\u0410\u0441me Ltd"}, "suspect"),
        ({"legal_name": "Acme Labs Ltd"}, {"legal_name": "Acme Lab Ltd"}, "qualified"),
        ({"legal_name": "Acme Ltd"}, {"legal_name": "Acne Ltd"}, "qualified"),
        ({"country": "DE", "tax_id": "DE136695976"}, {"country": "DE"}, "qualified"),
    ],
    ids=str,
)
def test_weak_matches_flag_and_refuse_nothing(
    books: Context, first: dict, second: dict, judged: str
) -> None:
    create(books, "one", **first)
    second_one = create(books, "two", **second)
    assert (second_one.qualification, second_one.granted) == (judged, GIFT)


def test_an_override_gives_them_with_a_reason(books: Context) -> None:
    create(books, "one", billing_email="ap@acme.example")
    facts = OrgFacts(billing_email="ap@acme.example")
    assert create_organization(books, "two", facts, override="two teams").granted == GIFT
    (entry,) = list_audit_entries(books, action="promotion.overridden")
    assert (entry.organization, entry.reason) == ("two", "two teams")
    (grant,) = list_grants(books, "two")
    assert grant.source == "promotion"


def test_a_refusal_is_audited_and_can_be_overridden_later(books: Context) -> None:
    create(books, "one", billing_email="ap@acme.example")
    create(books, "two", billing_email="ap@acme.example")
    (entry,) = list_audit_entries(books, action="promotion.refused")
    assert entry.after is not None
    assert "email of one" in entry.after["evidence"]
    with pytest.raises(DuplicateOrganization, match="email of one"):
        promote_organization(books, PromoteRequest(organization="two", reason="please"))
    request = PromoteRequest(organization="two", reason="two teams", override=True)
    assert promote_organization(books, request).granted == GIFT
    with pytest.raises(Conflict, match="has its sign-up credits"):
        promote_organization(books, request)


def test_of_two_at_the_same_moment_one_gets_them(books: Context) -> None:
    def sign_up(slug: str) -> Credits:
        return create(books, slug, billing_email="ap@acme.example").granted

    with ThreadPoolExecutor(4) as pool:
        granted = list(pool.map(sign_up, ["one", "two", "three", "four"]))
    assert sorted(granted) == [NO_CREDITS] * 3 + [GIFT]


def test_pairs_are_listed_with_their_evidence_strong_ones_first(books: Context) -> None:
    create(books, "one", legal_name="Acme Ltd", billing_email="ap@acme.example")
    create(books, "two", legal_name="Acme", billing_email="ap+2@acme.example")
    create(books, "three", legal_name="Other", billing_email="x@acme.example")
    pairs = {(pair.first, pair.second): pair for pair in list_duplicates(books)}
    assert pairs["one", "two"].verdict == "duplicate"
    assert pairs["one", "two"].evidence[0] == "email ap@acme.example"
    assert pairs["one", "three"].evidence == ("domain acme.example",)
    assert [pair.second for pair in list_duplicates(books, strong_only=True)] == ["two"]
    assert len(list_duplicates(books, "three")) == 2


def test_what_is_known_later_counts_too(books: Context) -> None:
    create(books, "one")
    create(books, "two")
    assert list_duplicates(books) == []
    for slug in ("one", "two"):
        facts = OrgFacts(country="DE", tax_id="DE136695976")
        update_organization_facts(books, slug, facts)
    (pair,) = list_duplicates(books)
    assert (pair.verdict, pair.evidence) == ("duplicate", ("tax id DE136695976",))


def test_a_guest_becomes_registered_and_keeps_its_credits_expiry(books: Context) -> None:
    create_organization(books, "visitor", device_id="d1")
    facts = OrgFacts(legal_name="Jo", billing_email="jo@acme.example")
    request = PromoteRequest(organization="visitor", reason="signed up", facts=facts)
    done = promote_organization(books, request)
    # 50 guest credits and 350 at sign-up
    assert (done.kind, str(done.available_after)) == ("registered", "400")
    expiries = {grant.source: grant.expires_at for grant in list_grants(books, "visitor")}
    assert expiries["promotion"] is None
    assert expiries["guest"] is not None


def test_a_guest_that_is_a_duplicate_is_registered_without_the_credits(books: Context) -> None:
    create(books, "one", billing_email="ap@acme.example")
    create_organization(books, "visitor", device_id="d1")
    facts = OrgFacts(billing_email="ap@acme.example")
    request = PromoteRequest(organization="visitor", reason="signed up", facts=facts)
    done = promote_organization(books, request)
    assert (done.kind, done.granted, done.refused) == ("registered", NO_CREDITS, ("welcome",))


def test_a_device_is_a_guest_once(books: Context) -> None:
    create_organization(books, "visitor", device_id="d1")
    with pytest.raises(AlreadyExists, match="has been a guest already"):
        create_organization(books, "another", device_id="d1")


def test_changing_nothing_writes_nothing(books: Context) -> None:
    create(books, "one")
    update_organization_facts(books, "one", NO_FACTS)
    assert list_audit_entries(books, action="organization.updated") == []
