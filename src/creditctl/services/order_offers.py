"""What the catalog offers, and the terms of an order form checked against it."""

from datetime import datetime
from pathlib import Path

from creditctl.context import Context
from creditctl.errors import CatalogMissing, InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.order_forms import LineProblem, LineTerms, Offer, OrderTerms, PricedLine
from creditctl.rules.order_pricing import priced_line
from creditctl.rules.units import LIMIT_MICRO
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import (
    catalog_terms,
    newest_catalog_version,
    product_ids,
    terms_at,
)
from creditctl.store.queries.selling import list_price_rows


def read_order_file(context: Context, path: Path) -> OrderTerms:
    """The terms in a TOML file, checked against the catalog; raises FileMissing, InvalidInput."""
    from creditctl.adapters.order_toml import read_order

    with reading(context.database) as unit:
        offer = _offer_of(unit, context.now)
    return read_order(path, offer, context.now.date())


def terms_of_line(
    context: Context,
    line: LineTerms,
    *,
    currency: str | None = None,
    po_number: str | None = None,
    terms: str | None = None,
) -> OrderTerms:
    """An order form of one line, in the catalog's currency unless told otherwise.

    Raises CatalogMissing where neither says a currency.
    """
    if currency is None:
        with reading(context.database) as unit:
            offer = _offer_of(unit, context.now)
        if offer is None:
            raise CatalogMissing("no catalog says the currency", hint="add --currency USD")
        currency = offer.currency
    return OrderTerms(currency=currency, lines=(line,), po_number=po_number, terms=terms)


def priced_lines(unit: UnitOfWork, terms: OrderTerms, at: datetime) -> list[PricedLine]:
    """Every line at the list price of that time; raises InvalidInput naming line and field."""
    currency_exponent(terms.currency)
    if not terms.lines:
        raise InvalidInput("an order form has at least one line")
    offer = _offer_of(unit, at)
    found = []
    for number, line in enumerate(terms.lines, start=1):
        try:
            found.append(priced_line(line, terms.currency, offer))
        except LineProblem as problem:
            where = f"line {number}: " if len(terms.lines) > 1 else ""
            raise InvalidInput(f"{where}{problem.field}: {problem.words}") from None
    sums = (
        sum(line.terms.credits.micro for line in found),
        sum(line.price.minor for line in found),
    )
    if max(sums) >= LIMIT_MICRO:
        raise InvalidInput("the lines together are more than can be counted")
    return found


def _offer_of(unit: UnitOfWork, at: datetime) -> Offer | None:
    """Currency, list prices and products; None when no catalog has been applied."""
    if newest_catalog_version(unit) is None:
        return None
    found = terms_at(catalog_terms(unit), at)
    further = {row.currency: row.price for row in list_price_rows(unit, at)}
    return Offer(found.currency, found.list_price, tuple(sorted(product_ids(unit))), further)
