"""Packages, further list prices and the seller of a catalog file: read whole, or refused."""

from datetime import date
from decimal import Decimal

import pytest

from creditctl.adapters.catalog_toml import parse_catalog
from creditctl.adapters.toml_source import TomlSource
from creditctl.errors import CatalogInvalid
from creditctl.rules.catalog import Catalog, PackageSpec, SellerSpec
from creditctl.rules.tax.parties import Registration, Scheme, Validity
from creditctl.rules.units import Credits, Money

GOOD = """\
[catalog]
name = "example"
currency = "USD"
list_price = "0.01"

[list_prices]
EUR = "0.0092"
JPY = "1.5"

[packages.starter]
credits = 5_000

[packages.starter.prices]
EUR = "45.00"

[packages.big]
title = "Big"
credits = "10000.5"
price = "90.00"
lifetime_days = 365

[seller]
legal_name = "Example GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
country = "DE"
tax_id = "DE 136 695 976"
email = "billing@example.com"
prices_include_tax = ["EUR"]

[[seller.registrations]]
country = "DE"
valid_from = 2020-01-01

[[seller.registrations]]
country = "US"
regions = ["NY", "TX"]
taxes = ["Sales tax"]

[[seller.registrations]]
country = "IE"
scheme = "one_stop_shop"

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01

[[taxes]]
country = "US"
regions = ["NY", "TX"]
name = "Sales tax"
percent = "6.25"
valid_from = 2021-01-01
"""


def parsed(text: str) -> Catalog:
    return parse_catalog(TomlSource("catalog.toml", text))


def test_packages_and_list_prices_are_read_in_their_currencies() -> None:
    catalog = parsed(GOOD)
    assert catalog.list_prices == {"EUR": Decimal("0.0092"), "JPY": Decimal("1.5")}
    assert catalog.packages == (
        PackageSpec("starter", "starter", Credits(5_000_000_000), (Money(4500, "EUR"),)),
        PackageSpec("big", "Big", Credits(10_000_500_000), (Money(9000, "USD"),), 365),
    )


def test_the_seller_is_read_with_its_registrations() -> None:
    assert parsed(GOOD).seller == SellerSpec(
        legal_name="Example GmbH",
        address=("Lange Gasse 1", "10115 Berlin"),
        country="DE",
        tax_id="DE136695976",
        email="billing@example.com",
        prices_include_tax=("EUR",),
        registrations=(
            Registration("DE", validity=Validity(since=date(2020, 1, 1))),
            Registration("US", "NY", taxes=("Sales tax",)),
            Registration("US", "TX", taxes=("Sales tax",)),
            Registration("IE", scheme=Scheme.ONE_STOP_SHOP),
        ),
    )


@pytest.mark.parametrize(("words", "included"), [("true", True), ("false", False), ("[]", False)])
def test_prices_include_tax_in_all_currencies_or_in_none(words: str, included: bool) -> None:
    seller = parsed(GOOD.replace('["EUR"]', words)).seller
    assert seller is not None
    assert seller.prices_include_tax is included


def test_a_catalog_needs_neither_packages_nor_a_seller() -> None:
    catalog = parsed(GOOD.partition("[list_prices]")[0])
    assert (catalog.packages, catalog.list_prices, catalog.seller, catalog.taxes) == (
        (),
        {},
        None,
        (),
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('EUR = "0.0092"', 'EUX = "0.0092"', "line 7: list_prices.EUX: 'EUX' is not an ISO 4217"),
        ('EUR = "0.0092"', 'USD = "0.0092"', "line 7: list_prices.USD: is the catalog's currency"),
        ('EUR = "0.0092"', 'EUR = "0"', "line 7: list_prices.EUR: must be above zero"),
        ('EUR = "0.0092"', "EUR = 0.0092", "line 7: list_prices.EUR: must be an amount, not a fl"),
        ("5_000", "0", "line 11: packages.starter.credits: must be above zero"),
        ("credits = 5_000", "", "line 10: packages.starter: 'credits' is missing"),
        ('EUR = "45.00"', "", "line 10: packages.starter: has no price: give it a price in USD"),
        ('EUR = "45.00"', 'EUR = "0.00"', "line 14: packages.starter.prices.EUR: must be above"),
        ('EUR = "45.00"', 'EUR = "45.005"', "line 14: packages.starter.prices.EUR: amount 45.005"),
        ('EUR = "45.00"', 'USD = "45.00"', "line 14: packages.starter.prices.USD: is the catalog"),
        ('price = "90.00"', "price = 0", "line 19: packages.big.price: must be above zero"),
        ("days = 365", "days = 0", "line 20: packages.big.lifetime_days: must be at least 1"),
        ("[packages.big]", "[packages.Big]", "packages.Big: is no name"),
        ('"Example GmbH"', '" "', "line 23: seller.legal_name: must be a line of text"),
        ('"10115 Berlin"', r'"10115\nBerlin"', "line 24: seller.address: must be a line of text"),
        ('country = "DE"\ntax_id', "tax_id", "line 22: seller: 'country' is missing"),
        ('country = "DE"\ntax_id', 'country = "Germany"\ntax_id', "line 25: seller.country: 'Germ"),
        ("976", "977", "line 26: seller.tax_id: 'DE 136 695 977' is no tax id of DE"),
        ("@example.com", "", "line 27: seller.email: 'billing' does not look like one"),
        ('["EUR"]', '["GBP"]', "line 28: seller.prices_include_tax: nothing has a price in 'GBP'"),
        ('["EUR"]', '"EUR"', "line 28: seller.prices_include_tax: must be true, false or"),
        ("valid_from = 2020-01-01", "valid_until = 2020-01-01\nvalid_from = 2020-01-01", "is not"),
        ('scheme = "one_stop_shop"', "", "line 40: seller.registrations[3].country: has no rate"),
        ("one_stop_shop", "oss", "line 41: seller.registrations[3].scheme: must be one of full"),
        (
            'taxes = ["Sales tax"]',
            'taxes = ["VAT"]',
            "line 37: seller.registrations[2].taxes: 'VAT'",
        ),
        ('["NY", "TX"]\ntaxes', '["NY", "NY"]\ntaxes', "is registered like this on these days"),
        ('["NY", "TX"]\ntaxes', '["NY", "OH"]\ntaxes', "registrations[2].country: has no rate"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_value(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(CatalogInvalid) as refused:
        parsed(GOOD.replace(old, new, 1))
    assert complaint in str(refused.value)


def test_taxes_that_nobody_would_charge_are_refused() -> None:
    start, _, rest = GOOD.partition("[seller]")
    with pytest.raises(CatalogInvalid, match=r"taxes: are charged by a \[seller\]"):
        parsed(start + rest[rest.index("[[taxes]]") :])
