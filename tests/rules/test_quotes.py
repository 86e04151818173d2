"""Quotes: credits for money and money for credits, to the last minor unit."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.errors import InvalidInput
from creditctl.rules.quotes import Quote, quote_credits, quote_money, quote_package
from creditctl.rules.tax.assessment import Sale
from creditctl.rules.tax.parties import Buyer, Registration, Seller
from creditctl.rules.tax.places import Place
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.units import Credits, Money, value_of

GERMANY = Place("DE")
SELLER = Seller(GERMANY, (Registration("DE"),))
VAT = TaxRate(country="DE", name="VAT", ppm=190_000)
CENT = Decimal("0.01")


def sale(currency: str = "EUR", *, inclusive: bool = False) -> Sale:
    return Sale(SELLER, Buyer(GERMANY), date(2026, 11, 1), currency, inclusive)


def sums(quote: Quote) -> tuple[str, str, str, str]:
    document = quote.assessment.document
    return str(quote.credits), str(document.net), str(document.tax), str(document.gross)


def test_credits_cost_their_list_price_and_tax() -> None:
    # 1,000 x 0.01 = 10.00; 19 % = 1.90
    assert sums(quote_credits(Credits.parse("1000"), CENT, sale(), [VAT])) == (
        "1000",
        "10.00",
        "1.90",
        "11.90",
    )


def test_a_price_with_tax_stays_and_the_net_follows() -> None:
    assert sums(quote_credits(Credits.parse("1190"), CENT, sale(inclusive=True), [VAT])) == (
        "1190",
        "10.00",
        "1.90",
        "11.90",
    )


def test_a_sum_to_pay_buys_what_its_net_is_worth() -> None:
    # 50.00 / 1.19 = 42.0168: tax 7.98, net 42.02, at a cent each
    assert sums(quote_money(Money.parse("50", "EUR"), CENT, sale(), [VAT])) == (
        "4202",
        "42.02",
        "7.98",
        "50.00",
    )


def test_a_sum_to_pay_at_prices_with_tax_buys_by_the_gross() -> None:
    quote = quote_money(Money.parse("50", "EUR"), CENT, sale(inclusive=True), [VAT])
    assert sums(quote) == ("5000", "42.02", "7.98", "50.00")


def test_a_package_has_one_price() -> None:
    quote = quote_package(Credits.parse("3000"), Money.parse("20", "EUR"), sale(), [VAT])
    assert sums(quote) == ("3000", "20.00", "3.80", "23.80")
    assert quote.unit_cost == Decimal("0.006666666667")


def test_what_costs_nothing_is_no_purchase() -> None:
    with pytest.raises(InvalidInput, match="are no purchase"):
        quote_credits(Credits.parse("0.1"), CENT, sale(), [VAT])


@given(
    minor=st.integers(1, 10**9),
    price=st.integers(1, 10**7).map(lambda units: Decimal(units).scaleb(-6)),
    inclusive=st.booleans(),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_money_buys_as_much_as_it_pays_for_and_not_a_micro_credit_more(
    minor: int, price: Decimal, inclusive: bool, currency: str
) -> None:
    total = Money(minor, currency)
    try:
        quote = quote_money(total, price, sale(currency, inclusive=inclusive), [VAT])
    except InvalidInput:
        return
    document = quote.assessment.document
    assert document.net + document.tax == document.gross == total
    priced = document.gross if inclusive else document.net
    # Half a minor unit is what rounding may give away.
    assert abs(value_of(quote.credits, price, currency).minor - priced.minor) <= 1
    more = value_of(quote.credits + Credits(1), price, currency).minor
    assert more >= priced.minor or price < Decimal("0.001")
