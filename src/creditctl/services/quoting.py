"""What a purchase would cost: the catalog's prices, and the tax of its parties (DESIGN 3.4)."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.errors import InvalidInput
from creditctl.rules.quotes import Quote, quote_credits, quote_money, quote_package
from creditctl.rules.tax.assessment import Sale
from creditctl.rules.tax.parties import Buyer
from creditctl.rules.units import Credits, Money
from creditctl.services.sale_terms import SaleTerms, buyer_of, package_terms, sale_terms
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import applied_catalog_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be bought: a package, credits, or what a sum (tax included) buys."""

    package: str | None = None
    credits: Credits | None = None
    total: Money | None = None
    currency: str | None = None
    """The catalog's own unless given; `total` has one already."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote with the terms it was made at."""

    quote: Quote
    terms: SaleTerms
    sale: Sale
    package: str | None
    lifetime_days: int | None


def quoted(unit: UnitOfWork, organization_id: int, wish: Wish, at: datetime) -> Quoted:
    """The price of a wish for an organization at that time.

    Raises InvalidInput for no wish or several, for a currency without prices, or a place that tax
    cannot be told for; NotFound for a package, CatalogInvalid where a tax rate is missing.
    """
    given = [one for one in (wish.package, wish.credits, wish.total) if one is not None]
    if len(given) != 1:
        raise InvalidInput(
            "say what to buy, one way", hint="--package NAME, --credits N or --amount 50EUR"
        )
    terms = sale_terms(unit, at)
    buyer = buyer_of(unit, organization_id, at)
    if wish.package is not None:
        package = package_terms(unit, wish.package, wish.currency, at)
        sale = _sale(terms, buyer, package.price.currency, at)
        quote = quote_package(package.credits, package.price, sale, terms.rates)
        return Quoted(quote, terms, sale, package.name, package.lifetime_days)
    currency = wish.total.currency if wish.total else wish.currency
    currency = currency or applied_catalog_version(unit).currency
    if currency not in terms.unit_prices:
        raise InvalidInput(
            f"credits have no price in {currency}",
            hint=f"there are prices in {', '.join(sorted(terms.unit_prices))}",
        )
    price = terms.unit_prices[currency]
    sale = _sale(terms, buyer, currency, at)
    if wish.total is not None:
        return Quoted(quote_money(wish.total, price, sale, terms.rates), terms, sale, None, None)
    credits = wish.credits or Credits(0)
    return Quoted(quote_credits(credits, price, sale, terms.rates), terms, sale, None, None)


def _sale(terms: SaleTerms, buyer: Buyer, currency: str, at: datetime) -> Sale:
    return Sale(
        seller=terms.seller,
        buyer=buyer,
        day=at.date(),
        currency=currency,
        prices_include_tax=terms.includes_tax(currency),
    )
