"""Addresses in parts: told, frozen with what was sold, and read back by documents."""

from dataclasses import replace
from pathlib import Path

import pytest

from builders import an_organization, at, use
from creditctl.context import Context
from creditctl.documents.document import Address
from creditctl.errors import InvalidInput
from creditctl.rules.units import Money
from creditctl.services.audit import list_audit_entries
from creditctl.services.catalog import diff_catalog, export_catalog
from creditctl.services.document_parties import frozen, party_of
from creditctl.services.org_cards import show_organization
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import update_organization_facts
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.receipt_document import receipt_document
from creditctl.services.settling import SettleRequest, settle
from invoices import drafted
from selling import applied

IN_PARTS = (
    'address = ["Lange Gasse 1", "10115 Berlin"]',
    """street = "Lange Gasse 1"
postcode = "10115"
city = "Berlin"
phone = "+49 30 1234"
bank = ["Bank of Examples", "BIC BYLADEM1001"]""",
)
ACME = OrgFacts(
    legal_name="Acme SARL", country="FR", street="12 rue Haute", postcode="75002", city="Paris"
)


@pytest.fixture
def shop(context: Context, tmp_path: Path) -> Context:
    """Example GmbH of Berlin sells to Acme SARL of Paris."""
    applied(context, tmp_path, IN_PARTS)
    an_organization(context, "acme")
    update_organization_facts(context, "acme", ACME)
    return context


def paid(context: Context) -> str:
    request = BuyRequest(organization="acme", reason="test", total=Money.parse("50", "EUR"))
    purchase = buy(context, request).id
    settle(context, SettleRequest(purchase=purchase, reference="b1", reason="bank"))
    return purchase


def test_an_organization_has_an_address_and_its_changes_are_audited(shop: Context) -> None:
    card = show_organization(shop, "acme")
    assert (card.street, card.postcode, card.city) == ("12 rue Haute", "75002", "Paris")
    update_organization_facts(shop, "acme", OrgFacts(city="Lyon", postcode="69001"))
    entry = list_audit_entries(shop, limit=1)[0]
    assert entry.before == {"city": "Paris", "postcode": "75002"}
    with pytest.raises(InvalidInput, match="street: one line"):
        update_organization_facts(shop, "acme", OrgFacts(street="12 rue Haute\nParis"))


def test_a_receipt_keeps_both_addresses_as_they_stood(shop: Context) -> None:
    purchase = paid(shop)
    update_organization_facts(shop, "acme", OrgFacts(street="Elsewhere 9"))
    receipt = receipt_document(shop, purchase)
    assert receipt.seller.lines == ("Lange Gasse 1", "10115 Berlin")
    assert receipt.seller.address == Address(
        country="DE", lines=("Lange Gasse 1",), city="Berlin", postcode="10115"
    )
    assert (receipt.seller.phone, receipt.seller.bank) == (
        "+49 30 1234",
        ("Bank of Examples", "BIC BYLADEM1001"),
    )
    assert receipt.buyer.lines == ("12 rue Haute", "75002 Paris")
    assert receipt.buyer.address.city == "Paris"


def test_a_draft_keeps_them_and_its_city_is_the_locality_unless_told(shop: Context) -> None:
    an_organization(at(shop, "2026-10-01T00:00:00Z"), "beta")
    where = OrgFacts(country="FR", street="1 rue Basse", postcode="75003", locality="Paris")
    update_organization_facts(shop, "beta", where)
    use(at(shop, "2026-10-20T10:00:00Z"), "beta", path="/quotes", requests=10)
    draft = drafted(shop, slug="beta")
    assert draft.buyer == ("beta", "1 rue Basse", "75003 Paris", "FR")
    assert draft.buyer_party is not None
    assert draft.buyer_party.city == "Paris"
    # Where sales are taxed is no postal address by itself.
    update_organization_facts(shop, "acme", OrgFacts(locality="Paris"))
    an_organization(at(shop, "2026-10-01T00:00:00Z"), "gamma")
    update_organization_facts(shop, "gamma", OrgFacts(country="FR", locality="Paris"))
    use(at(shop, "2026-10-20T10:00:00Z"), "gamma", path="/quotes", requests=10)
    assert drafted(shop, slug="gamma").buyer == ("gamma", "FR")


def test_what_was_frozen_before_addresses_had_parts_is_read_from_its_lines() -> None:
    lines = ("Example GmbH", "Lange Gasse 1", "10115 Berlin", "DE", "Tax id DE136695976")
    party = frozen(None, lines)
    assert party == party_of(lines)
    assert (party.lines, party.address.country) == (("Lange Gasse 1", "10115 Berlin"), "DE")


def test_the_catalog_gives_the_sellers_address_back(shop: Context, tmp_path: Path) -> None:
    text = export_catalog(shop)
    for line in (*IN_PARTS[1].splitlines()[:-1], '    "BIC BYLADEM1001",'):
        assert line in text
    again = tmp_path / "again.toml"
    again.write_text(text, encoding="utf-8")
    later = replace(shop, now=at(shop, "2026-11-02T00:00:00Z").now)
    assert diff_catalog(later, again).differences == ()
