"""What a sale of credits goes by: the seller, its taxes, its prices, and who buys.

Everything is as the catalog stated it at the time of the sale, so that a sale of long ago comes out
the same today (DESIGN 3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from creditctl.errors import InvalidInput, NotFound
from creditctl.rules.catalog import PackageSpec, SellerSpec
from creditctl.rules.invoice_amounts import Rulings
from creditctl.rules.tax.parties import Buyer, Exemption, Seller, Validity, tax_id_status
from creditctl.rules.tax.places import NOWHERE, is_in_eu_vat_area, tax_place
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.units import Credits, Money
from creditctl.services.sale_rows import packages_at, seller_of, tax_rate_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import catalog_terms, terms_at
from creditctl.store.queries.orgs import OrganizationRow, organization_by_id
from creditctl.store.queries.selling import list_price_rows, seller_rows, tax_rate_rows


@dataclass(frozen=True, slots=True)
class SellerCard:
    """The seller as a receipt names it."""

    legal_name: str
    address: tuple[str, ...]
    """Lines, without the country."""

    country: str
    region: str | None
    tax_id: str | None
    email: str | None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    phone: str | None = None
    bank: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SaleTerms:
    """What holds for every sale at a time.

    `unit_prices` is money per credit by currency. Without a `[seller]` in the catalog there is no
    card, and a seller without registrations: no tax is charged.
    """

    seller: Seller
    seller_card: SellerCard | None
    rates: tuple[TaxRate, ...]
    unit_prices: Mapping[str, Decimal]
    prices_include_tax: bool | tuple[str, ...]
    """In every currency, in none, or in these."""

    trusts_check_digits: bool = False
    """Whether a tax id of the EU is one before its register has confirmed it."""

    rulings: Rulings = field(default_factory=dict, compare=False, repr=False)
    """How invoices are taxed under these terms, as far as somebody has asked."""

    def includes_tax(self, currency: str) -> bool:
        """Whether prices in that currency contain the tax."""
        if isinstance(self.prices_include_tax, bool):
            return self.prices_include_tax
        return currency in self.prices_include_tax


@dataclass(frozen=True, slots=True)
class PackageTerms:
    """Credits at a price; `lifetime_days` None means that they never expire."""

    name: str
    title: str
    credits: Credits
    price: Money
    lifetime_days: int | None


def sale_terms(unit: UnitOfWork, at: datetime) -> SaleTerms:
    """The terms in force at that time, the first ones before it too; raises CatalogMissing."""
    known = catalog_terms(unit)
    # As with the list price: a sale before the first catalog is not one without tax.
    at = max(at, known[0].effective_from)
    terms = terms_at(known, at)
    prices = {row.currency: row.price for row in list_price_rows(unit, at)}
    seller = _seller_at(unit, at)
    return SaleTerms(
        seller=Seller(NOWHERE)
        if seller is None
        else Seller(tax_place(seller.country, seller.region), seller.registrations),
        seller_card=None if seller is None else _card(seller),
        rates=tuple(tax_rate_of(row) for row in tax_rate_rows(unit, at)),
        unit_prices=prices | {terms.currency: terms.list_price},
        prices_include_tax=False if seller is None else seller.prices_include_tax,
        trusts_check_digits=seller is not None and seller.trusts_check_digits,
    )


def package_terms(unit: UnitOfWork, name: str, currency: str | None, at: datetime) -> PackageTerms:
    """The package in force at that time; without a currency in the catalog's, or its only one.

    Raises NotFound, and InvalidInput for a currency that it has no price in.
    """
    package = find_package(unit, name, at)
    prices = {price.currency: price for price in package.prices}
    if currency is None:
        own = terms_at(catalog_terms(unit), at).currency
        currency = own if own in prices or len(prices) > 1 else next(iter(prices))
    if currency not in prices:
        raise InvalidInput(
            f"package {name} has no price in {currency}", hint=f"choose {' or '.join(prices)}"
        )
    return PackageTerms(
        package.name, package.title, package.credits, prices[currency], package.lifetime_days
    )


def find_package(unit: UnitOfWork, name: str, at: datetime) -> PackageSpec:
    """The package in force at that time; raises NotFound with the names of those there are."""
    packages = {package.name: package for _, package in packages_at(unit, at)}
    if name not in packages:
        listed = f"there are {', '.join(packages)}" if packages else "the catalog has no packages"
        raise NotFound(f"there is no package {name!r}", hint=listed)
    return packages[name]


def buyer_of(unit: UnitOfWork, organization_id: int, at: datetime) -> Buyer:
    """The organization as tax sees it at that time.

    In the EU's VAT area an id makes a business once its register has confirmed it (Regulation (EU)
    282/2011, Article 18), unless the seller trusts check digits; elsewhere these are enough.
    """
    seller = _seller_at(unit, at)
    trusting = seller is not None and seller.trusts_check_digits
    return buyer_from(organization_by_id(unit, organization_id), at, trusting=trusting)


def buyer_from(row: OrganizationRow, at: datetime, *, trusting: bool) -> Buyer:
    """The same of a row; `trusting` is `SaleTerms.trusts_check_digits`."""
    place = tax_place(row.country, row.region, row.locality) if row.country else None
    in_eu = place is not None and is_in_eu_vat_area(place, at.date())
    return Buyer(
        place,
        tax_id_status(
            row.tax_id,
            row.country,
            confirmed=row.tax_id_confirmed,
            needs_confirming=in_eu and not trusting,
        ),
        exemption_of(row),
    )


def exemption_of(row: OrganizationRow) -> Exemption | None:
    """Why the organization pays no tax, on the days that it does not."""
    if row.tax_exempt_reason is None:
        return None
    validity = Validity(row.tax_exempt_from, row.tax_exempt_until)
    return Exemption(row.tax_exempt_reason, row.tax_exempt_certificate, validity)


def _seller_at(unit: UnitOfWork, at: datetime) -> SellerSpec | None:
    rows = seller_rows(unit, at)
    return seller_of(rows[0]) if rows else None


def _card(seller: SellerSpec) -> SellerCard:
    town = " ".join(part for part in (seller.postcode, seller.city) if part)
    return SellerCard(
        legal_name=seller.legal_name,
        address=seller.address or tuple(line for line in (seller.street, town) if line),
        country=seller.country,
        region=seller.region,
        tax_id=seller.tax_id,
        email=seller.email,
        street=seller.street,
        postcode=seller.postcode,
        city=seller.city,
        phone=seller.phone,
        bank=seller.bank,
    )
