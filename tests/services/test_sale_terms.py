"""What a sale goes by: seller, taxes and prices of its time, and the buyer as tax sees it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from builders import CATALOG as NO_SELLER
from builders import an_organization, open_books
from creditctl.context import Context
from creditctl.errors import CatalogMissing, InvalidInput, NotFound
from creditctl.rules.tax.assessment import Assessment, Sale, assess
from creditctl.rules.tax.calculation import PricedLine
from creditctl.rules.tax.parties import (
    Buyer,
    Exemption,
    Registration,
    TaxIdStatus,
    Validity,
)
from creditctl.rules.tax.places import NOWHERE, Place
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.units import Credits, Money
from creditctl.services.sale_terms import (
    PackageTerms,
    SaleTerms,
    SellerCard,
    buyer_of,
    package_terms,
    sale_terms,
)
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.orgs import find_organization, update_organization
from selling import CATALOG, FROM_JUNE, applied

MAY = datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def terms(context: Context, at: datetime = MAY) -> SaleTerms:
    with reading(context.database) as unit:
        return sale_terms(unit, at)


def package(context: Context, name: str, currency: str | None, at: datetime = MAY) -> PackageTerms:
    with reading(context.database) as unit:
        return package_terms(unit, name, currency, at)


def buyer(context: Context, **columns: object) -> Buyer:
    """An organization of which this is known."""
    an_organization(context)
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, "acme")
        if columns:
            update_organization(unit, owner.id, **columns)
    with reading(context.database) as unit:
        return buyer_of(unit, owner.id, MAY)


def test_the_terms_are_those_of_the_catalog(context: Context) -> None:
    open_books(context, CATALOG)
    found = terms(context)
    since = Validity(since=date(2025, 7, 1))
    assert found.seller.place == Place("DE")
    assert found.seller.registrations == (
        Registration("DE"),
        Registration("US", "NY", taxes=("Sales tax",), validity=since),
        Registration("US", "TX", taxes=("Sales tax",), validity=since),
    )
    assert found.seller_card == SellerCard(
        "Example GmbH",
        ("Lange Gasse 1", "10115 Berlin"),
        "DE",
        None,
        "DE136695976",
        "billing@example.com",
    )
    days = Validity(date(2021, 1, 1))
    state = {"authority": "State", "taxable_ppm": 800_000, "validity": days}
    assert found.rates == (
        TaxRate("DE", "VAT", 190_000, validity=days),
        TaxRate("US", "Sales tax", 62_500, "NY", **state),  # type: ignore[arg-type]
        TaxRate("US", "Sales tax", 62_500, "TX", **state),  # type: ignore[arg-type]
    )
    assert found.unit_prices == {"USD": Decimal("0.01"), "EUR": Decimal("0.0092")}
    assert (found.includes_tax("EUR"), found.includes_tax("USD")) == (True, False)


@pytest.mark.parametrize("included", [True, False])
def test_prices_include_tax_in_every_currency_or_in_none(
    context: Context, tmp_path: Path, included: bool
) -> None:
    applied(context, tmp_path, ('["EUR"]', str(included).lower()))
    assert terms(context).includes_tax("USD") is terms(context).includes_tax("EUR") is included


def sold(context: Context, to: Buyer, at: datetime = MAY) -> Assessment:
    """USD 100.00 of credits."""
    found = terms(context, at)
    sale = Sale(found.seller, to, at.date(), "USD", found.includes_tax("USD"))
    return assess(sale, [PricedLine(Money(10_000, "USD"))], found.rates)


@pytest.mark.parametrize(
    ("place", "treatment", "tax"),
    [
        (Place("DE"), Treatment.DOMESTIC, "19.00"),
        (Place("US", "TX"), Treatment.DOMESTIC, "5.00"),  # 6.25 % of 80 % of 100.00
        (Place("US", "CA"), Treatment.EXPORT, "0.00"),
    ],
)
def test_a_sale_is_taxed_by_them(
    context: Context, place: Place, treatment: Treatment, tax: str
) -> None:
    open_books(context, CATALOG)
    found = sold(context, Buyer(place))
    assert (found.decision.treatment, str(found.document.tax)) == (treatment, tax)


@pytest.mark.parametrize("place", [None, Place("DE"), Place("US")])
def test_without_a_seller_no_tax_is_charged(context: Context, place: Place | None) -> None:
    open_books(context, NO_SELLER)
    found = terms(context)
    assert (found.seller.place, found.seller.registrations) == (NOWHERE, ())
    assert (found.seller_card, found.rates, found.includes_tax("USD")) == (None, (), False)
    assert found.unit_prices == {"USD": Decimal("0.01")}
    assert sold(context, Buyer(place)).decision.treatment is Treatment.NOT_REGISTERED


def test_without_a_catalog_there_are_no_terms(context: Context) -> None:
    with pytest.raises(CatalogMissing):
        terms(context)


def test_terms_are_those_of_their_time(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path)
    applied(
        context,
        tmp_path,
        FROM_JUNE,
        ('"0.01"', '"0.02"'),
        ('"0.0092"', '"0.018"'),
        ("percent = 19", "percent = 16"),
        ("GmbH", "AG"),
        ('"90.00"', '"95.00"'),
    )
    for at, usd, eur, ppm, name, price in (
        (MAY, "0.01", "0.0092", 190_000, "Example GmbH", 9000),
        (JUNE, "0.02", "0.018", 160_000, "Example AG", 9500),
    ):
        found = terms(context, at)
        assert found.unit_prices == {"USD": Decimal(usd), "EUR": Decimal(eur)}
        assert [rate.ppm for rate in found.rates if rate.country == "DE"] == [ppm]
        assert found.seller_card is not None
        assert found.seller_card.legal_name == name
        assert package(context, "big", "USD", at).price == Money(price, "USD")


def test_the_first_terms_also_cover_the_time_before_them(context: Context) -> None:
    open_books(context, CATALOG)
    assert terms(context, datetime(2025, 12, 31, tzinfo=UTC)) == terms(context)


def test_a_seller_that_came_later_does_not_tax_what_was_sold_before(
    context: Context, tmp_path: Path
) -> None:
    open_books(context, CATALOG.partition("[list_prices]")[0])
    applied(context, tmp_path, FROM_JUNE)
    assert terms(context, MAY).seller.registrations == ()
    assert terms(context, MAY).unit_prices == {"USD": Decimal("0.01")}
    assert len(terms(context, JUNE).seller.registrations) == 3


def test_a_package_has_a_price_in_the_currency_that_is_asked_for(context: Context) -> None:
    open_books(context, CATALOG)
    amount = Credits.parse("10000")
    assert package(context, "big", "EUR") == PackageTerms(
        "big", "Big", amount, Money(8300, "EUR"), 365
    )
    assert package(context, "european", "GBP").price == Money(3900, "GBP")
    assert package(context, "european", "GBP").lifetime_days is None


def test_without_a_currency_it_is_the_catalog_s_or_the_only_one(context: Context) -> None:
    open_books(context, CATALOG)
    assert package(context, "big", None).price == Money(9000, "USD")
    assert package(context, "british", None).price == Money(100, "GBP")
    with pytest.raises(InvalidInput, match="no price in USD") as refused:
        package(context, "european", None)
    assert refused.value.advice == "choose EUR or GBP"


def test_a_package_has_no_price_in_other_currencies(context: Context) -> None:
    open_books(context, CATALOG)
    with pytest.raises(InvalidInput, match="package big has no price in JPY") as refused:
        package(context, "big", "JPY")
    assert refused.value.advice == "choose EUR or USD"


def test_an_unknown_package_is_answered_with_those_there_are(context: Context) -> None:
    open_books(context, CATALOG)
    with pytest.raises(NotFound, match="there is no package 'huge'") as refused:
        package(context, "huge", "USD")
    assert refused.value.advice == "there are big, british, european"
    with pytest.raises(NotFound) as before:
        package(context, "big", "USD", datetime(2025, 12, 31, tzinfo=UTC))
    assert before.value.advice == "the catalog has no packages"


def test_a_buyer_is_where_it_is_taxed(context: Context) -> None:
    open_books(context, CATALOG)
    found = buyer(context, country="US", region="NY", locality="New York City")
    assert found == Buyer(Place("US", "NY", "New York City"))


def test_a_buyer_whose_country_nobody_asked_has_no_place(context: Context) -> None:
    open_books(context, CATALOG)
    assert buyer(context) == Buyer(None)


@pytest.mark.parametrize(
    ("country", "tax_id", "confirmed", "status"),
    [
        ("FR", "FR40303265045", None, TaxIdStatus.UNCONFIRMED),
        ("FR", "FR40303265045", True, TaxIdStatus.VALID),
        ("FR", "FR40303265045", False, TaxIdStatus.INVALID),
        ("FR", "FR40303265046", True, TaxIdStatus.INVALID),
        ("CH", "CHE107787577IVA", None, TaxIdStatus.VALID),
        ("FR", None, None, TaxIdStatus.NONE),
    ],
)
def test_a_vat_id_of_the_eu_has_to_be_confirmed(
    context: Context,
    country: str,
    tax_id: str | None,
    confirmed: bool | None,
    status: TaxIdStatus,
) -> None:
    open_books(context, CATALOG)
    found = buyer(context, country=country, tax_id=tax_id, tax_id_confirmed=confirmed)
    assert found.tax_id is status


def test_a_seller_may_trust_check_digits(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path, ('["EUR"]', '["EUR"]\ntrusts_check_digits = true'))
    found = buyer(context, country="FR", tax_id="FR40303265045")
    assert found.tax_id is TaxIdStatus.VALID
    assert sold(context, found).decision.treatment is Treatment.REVERSE_CHARGE


def test_an_exemption_ends_with_its_days(context: Context) -> None:
    open_books(context, CATALOG)
    found = buyer(
        context,
        country="DE",
        tax_exempt_reason="charity",
        tax_exempt_certificate="C-17",
        tax_exempt_until=date(2026, 6, 1),
    )
    assert found.exemption == Exemption("charity", "C-17", Validity(until=date(2026, 6, 1)))
    assert sold(context, found).decision.treatment is Treatment.EXEMPT
    assert sold(context, found, JUNE).decision.treatment is Treatment.DOMESTIC
