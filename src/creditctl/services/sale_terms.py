"""What a sale of credits goes by: the seller, its taxes, its prices, and who buys.

Everything is as the catalog stated it at the time of the sale, so that a sale of long ago comes out
the same today (DESIGN 3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.errors import NotFound
from creditctl.rules.tax.parties import Buyer, Seller
from creditctl.rules.tax.places import NOWHERE, tax_place
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import catalog_terms, terms_at
from creditctl.store.queries.orgs import organization_by_id


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
    """The terms in force at that time; raises CatalogMissing."""
    terms = terms_at(catalog_terms(unit), at)
    return SaleTerms(
        seller=Seller(NOWHERE),
        seller_card=None,
        rates=(),
        unit_prices={terms.currency: terms.list_price},
        prices_include_tax=False,
    )


def package_terms(unit: UnitOfWork, name: str, currency: str | None, at: datetime) -> PackageTerms:
    """The package in force at that time; without a currency in the catalog's, or its only one.

    Raises NotFound, and InvalidInput for a currency that it has no price in.
    """
    raise NotFound(f"there is no package {name!r}", hint="the catalog has no packages")


def buyer_of(unit: UnitOfWork, organization_id: int, at: datetime) -> Buyer:
    """The organization as tax sees it at that time."""
    row = organization_by_id(unit, organization_id)
    return Buyer(tax_place(row.country, row.region) if row.country else None)
