"""A sale's tax from end to end: the decision, its rates, the amounts and what to say about them."""

from collections.abc import Iterable, Mapping, Sequence, Set
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


@dataclass(frozen=True, slots=True)
class Ruling:
    """What holds for every sale to buyers alike on a day, whatever it comes to."""

    decision: Decision
    taxes: Mapping[str, tuple[Tax, ...]]
    """By the category of lines."""

    notice: str | None


def assess(sale: Sale, lines: Sequence[PricedLine], rates: Iterable[TaxRate]) -> Assessment:
    """Tax on the sale by the rates of the catalog.

    Raises InvalidInput when the buyer's place does not tell, CatalogInvalid when tax is due and
    the catalog states no rate: a missing rate is never taken for 0.
    """
    return assessed(ruling_on(sale, {line.category for line in lines}, rates), sale, lines)


def ruling_on(sale: Sale, categories: Set[str], rates: Iterable[TaxRate]) -> Ruling:
    """How lines of these categories are taxed; raises as `assess` does."""
    decision = decide(sale.seller, sale.buyer, sale.day)
    known = tuple(rates)
    return Ruling(
        decision,
        {
            category: _taxes(decision, known, sale.day, category)
            for category in categories - {UNTAXED}
        },
        notice(decision.treatment, sale.seller, sale.buyer, sale.day),
    )


def assessed(ruling: Ruling, sale: Sale, lines: Sequence[PricedLine]) -> Assessment:
    """Tax on the sale by a ruling on it, or on one of the same day to a buyer alike."""
    document = taxed(lines, ruling.taxes, sale.currency, inclusive=sale.prices_include_tax)
    return Assessment(ruling.decision, document, ruling.notice)


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
