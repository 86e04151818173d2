"""Decisions: what is refused, and what the document says about tax that it does not charge."""

from datetime import date

import pytest

from creditctl.errors import CatalogInvalid, InvalidInput
from creditctl.rules.tax.assessment import Sale, assess
from creditctl.rules.tax.calculation import PricedLine
from creditctl.rules.tax.parties import Buyer, Registration, Scheme, Seller
from creditctl.rules.tax.places import NOWHERE, Place
from creditctl.rules.tax.rates import UNTAXED, percent_text
from creditctl.rules.tax.treatment import CHARGED, Treatment, decide
from creditctl.rules.tax.words import CATEGORY_CODES, EXEMPTION_CODES, notice
from creditctl.rules.units import Money
from tax_sales import RATES, SELLERS, buyer, sold

DAY = date(2026, 10, 31)


def test_without_a_country_nothing_can_be_decided() -> None:
    with pytest.raises(InvalidInput, match="without the organization's country"):
        decide(SELLERS["DE"], buyer("? consumer"), DAY)


def test_who_is_registered_nowhere_need_not_ask_for_the_country() -> None:
    decision = decide(SELLERS["DE, unregistered"], buyer("? consumer"), DAY)
    assert decision.treatment is Treatment.NOT_REGISTERED


@pytest.mark.parametrize("words", ["? consumer", "FR business", "US consumer"])
def test_a_seller_that_nobody_configured_charges_nothing_and_claims_nothing(words: str) -> None:
    decision = decide(Seller(NOWHERE), buyer(words), DAY)
    assert decision.treatment is Treatment.NOT_REGISTERED
    said = notice(decision.treatment, Seller(NOWHERE), buyer(words), DAY)
    assert said is not None
    assert "ZZ" not in said
    assert "not registered for tax" in said


def test_where_states_tax_a_state_is_needed() -> None:
    with pytest.raises(InvalidInput, match="US depends on the organization's region"):
        decide(SELLERS["US"], buyer("US consumer"), DAY)


def test_a_seller_from_abroad_without_registrations_there_needs_no_state() -> None:
    assert decide(SELLERS["DE"], buyer("US consumer"), DAY).treatment is Treatment.EXPORT


@pytest.mark.parametrize(
    ("home", "schemes", "treatment"),
    [
        ("DE", [Scheme.CONSUMERS], Treatment.REVERSE_CHARGE),
        ("DE", [Scheme.CONSUMERS, Scheme.FULL], Treatment.DOMESTIC),
        ("GB", [Scheme.CONSUMERS], Treatment.DOMESTIC),
    ],
)
def test_a_business_is_charged_by_a_full_registration_and_by_a_seller_of_its_country(
    home: str, schemes: list[Scheme], treatment: Treatment
) -> None:
    seller = Seller(Place(home), tuple(Registration("GB", scheme=scheme) for scheme in schemes))
    assert decide(seller, buyer("GB business"), DAY).treatment is treatment


def test_a_missing_rate_is_never_taken_for_nothing() -> None:
    with pytest.raises(CatalogInvalid, match="no tax rate of IT in force on 2026-01-01"):
        sold("DE, one-stop shop", "IT consumer", "2026-01-01", "EUR 1.00")
    with pytest.raises(CatalogInvalid, match="no tax rate of DE in force on 2006-12-31"):
        sold("DE", "DE consumer", "2006-12-31", "EUR 1.00")


def test_a_category_without_a_rate_is_refused_where_tax_is_due_and_only_there() -> None:
    lines = [PricedLine(Money(100, "EUR"), "books")]
    with pytest.raises(CatalogInvalid, match="for category 'books'"):
        assess(Sale(SELLERS["FR"], buyer("FR consumer"), DAY, "EUR"), lines, RATES)
    abroad = assess(Sale(SELLERS["FR"], buyer("US-NY consumer"), DAY, "EUR"), lines, RATES)
    assert abroad.document.gross == Money(100, "EUR")


def test_an_untaxed_line_needs_no_rate() -> None:
    lines = [PricedLine(Money(100, "EUR")), PricedLine(Money(500, "EUR"), UNTAXED)]
    found = assess(Sale(SELLERS["FR"], buyer("FR consumer"), DAY, "EUR"), lines, RATES)
    assert (found.document.net.minor, found.document.tax.minor) == (600, 20)


def test_a_registration_for_a_tax_that_the_catalog_does_not_know_is_refused() -> None:
    seller = Seller(Place("DE"), (Registration("DE", taxes=("Mehrwertsteuer",)),))
    sale = Sale(seller, buyer("DE consumer"), DAY, "EUR")
    with pytest.raises(CatalogInvalid, match="no tax rate of DE"):
        assess(sale, [PricedLine(Money(100, "EUR"))], RATES)


def test_the_rates_in_force_do_not_depend_on_their_order() -> None:
    sale = Sale(
        SELLERS["DE, one-stop shop"], buyer("PT-30 consumer"), DAY, "EUR", prices_include_tax=True
    )
    lines = [PricedLine(Money(12_200, "EUR"))]
    assert assess(sale, lines, RATES) == assess(sale, lines, reversed(RATES))


@pytest.mark.parametrize(
    ("seller", "to", "words"),
    [
        ("DE", "DE consumer", None),
        ("DE", "FR consumer", None),
        ("DE, one-stop shop", "FR consumer", None),
        (
            "DE",
            "FR business",
            "Reverse charge: VAT is payable by the recipient (Article 196, Directive 2006/112/EC).",
        ),
        (
            "DE, GB consumers",
            "GB business",
            "Reverse charge: the recipient accounts for the tax.",
        ),
        (
            "DE",
            "US-NY business",
            "Not subject to EU VAT: supplied in US-NY (Articles 44 and 58, Directive 2006/112/EC).",
        ),
        ("CH", "DE consumer", "No tax charged: the seller is not registered for tax in DE."),
        ("CH", "US-NY consumer", "No tax charged: supplied in US-NY, outside CH."),
        ("US", "US-NY exempt", "Tax exempt: charity (certificate C-17)."),
        ("DE, unregistered", "? consumer", "No tax charged: the seller is not registered for tax."),
    ],
)
def test_a_document_says_why_it_charges_no_tax(seller: str, to: str, words: str | None) -> None:
    assert sold(seller, to, "2026-10-31", "EUR 1.00").notice == words


def test_an_export_from_india_is_endorsed_in_the_words_of_the_law() -> None:
    words = sold("IN-KA", "US-NY business", "2026-10-31", "USD 1.00").notice
    assert words == (
        "SUPPLY MEANT FOR EXPORT UNDER BOND OR LETTER OF UNDERTAKING "
        "WITHOUT PAYMENT OF INTEGRATED TAX"
    )


def test_an_exempt_buyer_has_an_exemption() -> None:
    with pytest.raises(ValueError, match="not exempt"):
        notice(Treatment.EXEMPT, SELLERS["US"], Buyer(Place("US", "NY")), DAY)


def test_every_treatment_has_its_code_and_none_that_charges_a_reason() -> None:
    assert set(CATEGORY_CODES) == set(Treatment)
    assert {CATEGORY_CODES[treatment] for treatment in CHARGED} == {"S"}
    assert not CHARGED & EXEMPTION_CODES.keys()


def test_a_rate_is_shown_as_a_percentage() -> None:
    assert [percent_text(ppm) for ppm in (190_000, 88_750, 0, 1)] == ["19", "8.875", "0", "0.0001"]


def test_the_authorities_of_a_locality_are_named() -> None:
    found = sold("US", "US-NY/New York City consumer", "2026-10-31", "USD 100.00")
    (line,) = found.document.taxes
    assert [(share.authority, str(share.tax)) for share in line.shares] == [
        ("MCTD", "0.38"),
        ("New York City", "4.50"),
        ("New York State", "4.00"),
    ]
