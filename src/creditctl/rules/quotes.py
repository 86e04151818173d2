"""What credits cost, and what money buys: tax included (DESIGN 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context as Precision
from decimal import Decimal, localcontext

from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.tax.assessment import Assessment, Sale, assess
from creditctl.rules.tax.calculation import PricedLine
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.units import Credits, Money, credits_for, value_of

UNIT_COST_PLACES = 12
"""Decimal places that a grant's cost per credit is kept with; documents hold the exact sums."""

SMALLEST_COST = Decimal(1).scaleb(-UNIT_COST_PLACES)


@dataclass(frozen=True, slots=True)
class Quote:
    """Credits, and all that a document says of their price."""

    credits: Credits
    unit_price: Decimal
    """Money per credit as it is advertised: with tax where prices include it."""

    assessment: Assessment

    @property
    def unit_cost(self) -> Decimal:
        """Net money per credit, for the grant."""
        return cost_per_credit(self.assessment.document.net, self.credits)


def cost_per_credit(net: Money, credits: Credits) -> Decimal:
    """What one of these credits costs when all of them cost `net`."""
    with localcontext(Precision(prec=60)):
        money = Decimal(net.minor).scaleb(-currency_exponent(net.currency))
        cost = money / Decimal(credits.micro).scaleb(-6)
        return round(cost, UNIT_COST_PLACES).normalize()


def quote_credits(
    credits: Credits, unit_price: Decimal, sale: Sale, rates: Sequence[TaxRate]
) -> Quote:
    """What so many credits cost at the list price; raises InvalidInput when that is nothing."""
    price = value_of(credits, unit_price, sale.currency)
    return _checked(Quote(credits, unit_price, assess(sale, [PricedLine(price)], rates)))


def quote_package(credits: Credits, price: Money, sale: Sale, rates: Sequence[TaxRate]) -> Quote:
    """What a package costs; its price is one number, whatever a credit costs elsewhere."""
    assessment = assess(sale, [PricedLine(price)], rates)
    gross_or_net = Decimal(price.minor).scaleb(-currency_exponent(price.currency))
    with localcontext(Precision(prec=60)):
        unit_price = round(gross_or_net / Decimal(credits.micro).scaleb(-6), UNIT_COST_PLACES)
    return _checked(Quote(credits, unit_price.normalize(), assessment))


def quote_money(total: Money, unit_price: Decimal, sale: Sale, rates: Sequence[TaxRate]) -> Quote:
    """What a sum to pay, tax included, buys; credits are rounded down to a micro-credit."""
    assessment = assess(replace(sale, prices_include_tax=True), [PricedLine(total)], rates)
    document = assessment.document
    priced = document.gross if sale.prices_include_tax else document.net
    return _checked(Quote(credits_for(priced, unit_price), unit_price, assessment))


def _checked(quote: Quote) -> Quote:
    document = quote.assessment.document
    if quote.credits.micro <= 0 or document.gross.minor <= 0:
        price = f"{document.gross.currency} {document.gross}"
        raise InvalidInput(
            f"{quote.credits} credits for {price} are no purchase",
            hint="buy at least what costs the smallest unit of the currency",
        )
    return quote
