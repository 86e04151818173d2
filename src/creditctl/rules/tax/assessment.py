"""A sale's tax from end to end: the decision, its rates, the amounts and what to say about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from creditctl.errors import CatalogInvalid
from creditctl.rules.tax.calculation import PricedLine, TaxedDocument, taxed
from creditctl.rules.tax.parties import Buyer, Seller
from creditctl.rules.tax.rates import UNTAXED, Tax, TaxRate, taxes_in_force
from creditctl.rules.tax.treatment import Decision, decide
from creditctl.rules.tax.words import notice


@dataclass(frozen=True, slots=True)
class Sale:
    """Who sells to whom, on which day (UTC), in which currency, at which kind of price."""

    seller: Seller
    buyer: Buyer
    day: date
    currency: str
    prices_include_tax: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """The decision, the amounts it comes to, and the sentence the document needs, if any."""

    decision: Decision
    document: TaxedDocument
    notice: str | None


def assess(sale: Sale, lines: Sequence[PricedLine], rates: Iterable[TaxRate]) -> Assessment:
    """Tax on the sale by the rates of the catalog.

    Raises InvalidInput when the buyer's place does not tell, CatalogInvalid when tax is due and
    the catalog states no rate: a missing rate is never taken for 0.
    """
    decision = decide(sale.seller, sale.buyer, sale.day)
    known = tuple(rates)
    categories = {line.category for line in lines} - {UNTAXED}
    return Assessment(
        decision,
        taxed(
            lines,
            {category: _taxes(decision, known, sale.day, category) for category in categories},
            sale.currency,
            inclusive=sale.prices_include_tax,
        ),
        notice(decision.treatment, sale.seller, sale.buyer, sale.day),
    )


def _taxes(
    decision: Decision, rates: tuple[TaxRate, ...], day: date, category: str
) -> tuple[Tax, ...]:
    place = decision.place
    if place is None:
        return ()
    found = tuple(
        tax
        for tax in taxes_in_force(rates, place, decision.supply, day, category)
        if not decision.taxes or tax.name in decision.taxes
    )
    if not found:
        raise CatalogInvalid(
            f"the catalog has no tax rate of {place} in force on {day} for category {category!r}",
            hint="add it under [[taxes]]; a rate of 0 is stated too",
        )
    return found
