"""Sellers, buyers and rates for the tests of tax: spelled in a few words, read once."""

from datetime import date
from pathlib import Path

from creditctl.adapters.catalog_tax_toml import tax_rates_from
from creditctl.adapters.toml_source import TomlSource
from creditctl.rules.tax.assessment import Assessment, Sale, assess
from creditctl.rules.tax.calculation import PricedLine
from creditctl.rules.tax.parties import (
    Buyer,
    Exemption,
    Registration,
    Scheme,
    Seller,
    TaxIdStatus,
    Validity,
)
from creditctl.rules.tax.places import Place, tax_place
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.units import Money

_FILE = Path(__file__).parent / "rules/tax/rates.toml"
RATES: tuple[TaxRate, ...] = tax_rates_from(TomlSource.read(_FILE).root())

_ONE_STOP_SHOP = Registration("DE", scheme=Scheme.ONE_STOP_SHOP)
_CONSUMERS_ABROAD = tuple(
    Registration(country, scheme=Scheme.CONSUMERS) for country in ("GB", "AU", "JP", "IN")
)
_STATES = tuple(Registration("US", state) for state in ("NY", "TX", "CA"))


def at_home(place: Place) -> Seller:
    """A seller registered where it is established, and nowhere else."""
    return Seller(place, (Registration(place.country),))


def also(seller: Seller, *registrations: Registration) -> Seller:
    """The seller with further registrations."""
    return Seller(seller.place, seller.registrations + registrations)


_GERMAN = at_home(Place("DE"))
_AMERICAN = Seller(Place("US", "NY"), _STATES)

SELLERS = {
    **{country: at_home(Place(country)) for country in ("FR", "IE", "GB", "CH", "JP", "AU")},
    "DE": _GERMAN,
    "DE, unregistered": Seller(Place("DE")),
    "DE, one-stop shop": also(_GERMAN, _ONE_STOP_SHOP),
    "DE, shop alone": Seller(Place("DE"), (_ONE_STOP_SHOP,)),
    "DE, also in FR": also(_GERMAN, Registration("FR")),
    "DE, also in CH": also(_GERMAN, Registration("CH")),
    "DE, GB consumers": also(_GERMAN, Registration("GB", scheme=Scheme.CONSUMERS)),
    "DE, CH from 2026": also(
        _GERMAN, Registration("CH", validity=Validity(since=date(2026, 1, 1)))
    ),
    "US": _AMERICAN,
    "US, consumers abroad": Seller(_AMERICAN.place, (*_STATES, _ONE_STOP_SHOP, *_CONSUMERS_ABROAD)),
    "IN-KA": at_home(Place("IN", "KA")),
    "CA-AB": Seller(Place("CA", "AB"), (Registration("CA", taxes=("GST", "HST")),)),
    "CA-QC": Seller(
        Place("CA", "QC"),
        (Registration("CA", taxes=("GST", "HST")), Registration("CA", "QC", taxes=("QST",))),
    ),
}

_STATUS = {
    "consumer": TaxIdStatus.NONE,
    "business": TaxIdStatus.VALID,
    "unconfirmed": TaxIdStatus.UNCONFIRMED,
    "invalid": TaxIdStatus.INVALID,
}
_CHARITY = Exemption("charity", "C-17", Validity(until=date(2027, 1, 1)))


def buyer(words: str) -> Buyer:
    """Read `US-NY/New York City consumer`, `FR business`, `US-NY exempt`, `? consumer`."""
    place_text, _, kind = words.rpartition(" ")
    codes, _, locality = place_text.partition("/")
    country, _, region = codes.partition("-")
    place = None if country == "?" else tax_place(country, region or None, locality or None)
    if kind == "exempt":
        return Buyer(place, exemption=_CHARITY)
    return Buyer(place, _STATUS[kind])


def sold(seller: str, to: str, day: str, price: str) -> Assessment:
    """Sell for `EUR 1.00 + 2.00`, or for `EUR incl 1.00` with the tax in it."""
    currency, *rest = price.split(" ")
    inclusive = rest[0] == "incl"
    amounts = " ".join(rest[inclusive:]).split(" + ")
    sale = Sale(SELLERS[seller], buyer(to), date.fromisoformat(day), currency, inclusive)
    lines = [PricedLine(Money.parse(amount, currency)) for amount in amounts]
    return assess(sale, lines, RATES)


def taxes_text(assessment: Assessment) -> str:
    """`CGST 9.00, SGST 9.00`, or `-` without tax lines."""
    return ", ".join(f"{tax.name} {tax.tax}" for tax in assessment.document.taxes) or "-"
