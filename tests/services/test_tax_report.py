"""The tax report: every receipt of the month, once, to the minor unit."""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import at, open_books
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.rules.tax.parties import Buyer
from creditctl.rules.units import Money
from creditctl.services import quoting
from creditctl.services.orgs import create_organization
from creditctl.services.purchase_cards import Receipt, receipt_of
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.sale_terms import SaleTerms
from creditctl.services.settling import SettleRequest, settle
from creditctl.services.tax_report import CollectedTax, TaxReport, report_tax
from creditctl.services.voiding import void_purchase
from tax_sales import RATES, SELLERS, buyer

BUYERS = {
    "berlin": "DE consumer",
    "paris": "FR consumer",
    "lyon": "FR business",
    "zurich": "CH consumer",
    "austin": "US-TX consumer",
}
OCTOBER = parse_month("2026-10")
NOON = "2026-10-{:02}T12:00:00Z"

Sell = Callable[..., Receipt]


@pytest.fixture
def books(context: Context, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A German seller in the One-Stop-Shop, and an organization for each kind of buyer."""
    opened = at(context, "2026-09-01T00:00:00Z")
    open_books(opened)
    names = {create_organization(opened, slug).id: slug for slug in BUYERS}
    prices = {"EUR": Decimal("0.01"), "USD": Decimal("0.012")}
    terms = SaleTerms(SELLERS["DE, one-stop shop"], None, RATES, prices, False)

    def buys(unit, organization_id: int, *_: object) -> Buyer:
        slug = unit.fetch_value("SELECT slug FROM organization WHERE id = :id", id=organization_id)
        return buyer(BUYERS[slug])

    monkeypatch.setattr(quoting, "sale_terms", lambda *_: terms)
    monkeypatch.setattr(quoting, "buyer_of", buys)
    assert set(names.values()) == set(BUYERS)
    return opened


@pytest.fixture
def sell(books: Context) -> Sell:
    """Sell for that much, paid at that time, and return the receipt."""

    def sold(slug: str, amount: str, paid_at: str = NOON.format(5)) -> Receipt:
        day = at(books, paid_at)
        order = buy(books, request(slug, amount))
        settle(day, SettleRequest(purchase=order.id, reference="bank", reason="bank"))
        return receipt_of(day, order.id)

    return sold


def request(slug: str, amount: str) -> BuyRequest:
    total, currency = amount.split(" ")
    return BuyRequest(organization=slug, total=Money.parse(total, currency), reason="ticket")


def lines(report: TaxReport) -> list[tuple[str, ...]]:
    return [
        (one.place, one.name, f"{one.percent:f}", one.treatment, str(one.documents), *money(one))
        for one in report.taxes
    ]


def money(one: CollectedTax) -> tuple[str, str, str]:
    return one.tax.currency, str(one.taxable), str(one.tax)


def test_tax_is_told_by_place_tax_rate_and_currency(books: Context, sell: Sell) -> None:
    for slug, amount in [
        ("berlin", "119 EUR"),
        ("berlin", "238 EUR"),
        ("paris", "120 EUR"),
        ("lyon", "100 EUR"),
        ("zurich", "100 EUR"),
        ("berlin", "119 USD"),
    ]:
        sell(slug, amount)
    report = report_tax(books, OCTOBER)
    assert lines(report) == [
        ("", "", "0", "export", "1", "EUR", "100.00", "0.00"),
        ("", "", "0", "reverse_charge", "1", "EUR", "100.00", "0.00"),
        ("DE", "VAT", "19", "domestic", "2", "EUR", "300.00", "57.00"),
        ("FR", "VAT", "20", "eu_destination", "1", "EUR", "100.00", "20.00"),
        ("DE", "VAT", "19", "domestic", "1", "USD", "100.00", "19.00"),
    ]
    assert [(t.documents, str(t.net), str(t.tax), str(t.total)) for t in report.totals] == [
        (5, "600.00", "77.00", "677.00"),
        (1, "100.00", "19.00", "119.00"),
    ]
    assert (report.month, report.documents) == ("2026-10", 6)


def test_a_purchase_counts_in_the_month_in_which_it_was_paid(books: Context, sell: Sell) -> None:
    sell("berlin", "119 EUR", "2026-09-30T23:59:59Z")
    sell("berlin", "119 EUR", "2026-10-01T00:00:00Z")
    sell("berlin", "119 EUR", "2026-10-31T23:59:59Z")
    sell("berlin", "119 EUR", "2026-11-01T00:00:00Z")
    found = [
        report_tax(books, parse_month(month)).documents
        for month in ("2026-08", "2026-09", "2026-10", "2026-11")
    ]
    assert found == [0, 1, 2, 1]


def test_what_is_not_paid_collects_nothing(books: Context) -> None:
    buy(books, request("berlin", "119 EUR"))
    void_purchase(books, buy(books, request("paris", "120 EUR")).id, reason="ordered twice")
    september = report_tax(books, parse_month("2026-09"))
    assert (september.documents, september.taxes, september.totals) == (0, (), ())


@given(
    sales=st.lists(
        st.tuples(
            st.sampled_from(sorted(BUYERS)),
            st.integers(1000, 99999),
            st.sampled_from(["EUR", "USD"]),
        ),
        max_size=6,
    )
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_totals_are_the_sums_of_the_receipts(
    books: Context, sell: Sell, sales: list[tuple[str, int, str]]
) -> None:
    """Whatever is sold to whom, in either currency; the report grows by just that."""
    before = figures(report_tax(books, OCTOBER))
    receipts = [
        sell(slug, f"{Money(minor, currency)} {currency}") for slug, minor, currency in sales
    ]
    report = report_tax(books, OCTOBER)
    expected = before.copy()
    for receipt in receipts:
        for name, amount in (("net", receipt.net), ("tax", receipt.tax), ("total", receipt.total)):
            expected[name, amount.currency] += amount.minor
        expected["documents", receipt.total.currency] += 1
    assert figures(report) == expected
    collected: dict[str, int] = defaultdict(int)
    for line in report.taxes:
        collected[line.tax.currency] += line.tax.minor
    assert collected == {total.tax.currency: total.tax.minor for total in report.totals}


def figures(report: TaxReport) -> dict[tuple[str, str], int]:
    """The totals, to be added to."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for total in report.totals:
        currency = total.total.currency
        found["documents", currency] = total.documents
        found["net", currency] = total.net.minor
        found["tax", currency] = total.tax.minor
        found["total", currency] = total.total.minor
    return found
