"""Order forms whose price includes the tax, beside one before tax: the tax is nobody's revenue."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from builders import at, open_books, use
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Money
from creditctl.services.credits import list_grants
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.journal import export_journal
from creditctl.services.liability_report import report_liability
from creditctl.services.limits_check import check_limits
from creditctl.services.order_steps import CancelOrderRequest, cancel_order
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.receivables_report import report_receivables
from creditctl.services.revenue_report import report_revenue
from creditctl.services.tax_report import report_tax
from finance import TAXED, closed
from invoices import final
from journal_programs import Balances, beancount_balances, hledger_balances
from orders import a_line, an_order

MONTHS = [parse_month(f"2026-{month}") for month in (10, 11, 12)]
GROSS, NET = "gross-labs", "net-labs"
CURRENCIES = {GROSS: "USD", NET: "EUR"}
PROGRAMS: dict[str, Callable[[Path], Balances]] = {
    "hledger": hledger_balances,
    "beancount": beancount_balances,
}
CATALOG = TAXED.replace(
    'tax_id = "DE136695976"', 'tax_id = "DE136695976"\nprices_include_tax = ["USD"]'
)
"""19 % VAT, in prices in dollars and on those in euros."""


@pytest.fixture
def books(context: Context) -> Context:
    """400 credits a month for each, $4.76 with tax and €4.00 before it; the third one never comes.

    October is paid and closed. Of November 1.00 is paid, and the order forms are cancelled. Usage
    is billed in dollars, so who has a contract in euros waits with it until December.
    """
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, CATALOG)
    orders = []
    for slug, price in ((GROSS, "0.0119"), (NET, "0.01")):
        create_organization(opened, slug, facts=OrgFacts(country="DE"))
        line = a_line(times=3, starts_on=date(2026, 10, 15), unit_price=Decimal(price))
        orders.append(an_order(opened, line, slug=slug, currency=CURRENCIES[slug]))
    _month(context, "2026-10", used=100, paid="4.76")
    closed(at(context, "2026-11-06T00:00:00Z"), "2026-10")
    check_limits(at(context, "2026-11-16T00:00:00Z"))
    for order in orders:
        cancel_order(
            at(context, "2026-11-20T00:00:00Z"),
            CancelOrderRequest(order=order, reason="they moved on"),
        )
    _month(context, "2026-11", used=550, paid="1.00")
    december = at(context, "2026-12-31T12:00:00Z")
    use(december, NET, 650)
    return december


def _month(context: Context, month: str, *, used: int, paid: str) -> None:
    """Deliver, use, invoice in the month after and pay some of it."""
    check_limits(at(context, f"{month}-16T00:00:00Z"))
    following = at(context, f"2026-{int(month[-2:]) + 1}-05T00:00:00Z")
    for slug, currency in CURRENCIES.items():
        if slug == GROSS:
            use(at(context, f"{month}-21T00:00:00Z"), slug, used)
        invoice = final(following, month, slug)
        assert (str(invoice.subtotal), str(invoice.tax)) == ("4.00", "0.76")
        amount = Money.parse(paid, currency)
        request = PayRequest(invoice=invoice.id, reference=slug, reason="bank", amount=amount)
        pay_invoice(following, request)


def test_credits_cost_what_is_left_of_their_price_without_the_tax(books: Context) -> None:
    for slug in CURRENCIES:
        costs = [one.unit_cost for one in list_grants(books, slug, everything=True)]
        assert costs == [Decimal("0.01"), Decimal("0.01")]


@pytest.mark.parametrize(
    ("currency", "earned", "owed"),
    [
        # 100 credits at 0.01 in October and 550 in November, or all 650 in December.
        ("USD", ["1.00", "5.50", "0.00"], ["3.00", "1.50", "1.50"]),
        ("EUR", ["0.00", "0.00", "6.50"], ["4.00", "8.00", "1.50"]),
    ],
)
def test_the_tax_is_neither_earned_nor_deferred(
    books: Context, currency: str, earned: list[str], owed: list[str]
) -> None:
    for month, revenue, deferred in zip(MONTHS, earned, owed, strict=True):
        assert _amount(report_revenue(books, month).sources, "total", currency) == revenue
        liability = report_liability(books, month).roll_forward
        assert _amount(liability, "closing", currency) == deferred


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_give_the_balances_of_our_reports(
    books: Context, program: str, tmp_path: Path
) -> None:
    collected = dict.fromkeys(CURRENCIES.values(), Decimal(0))
    for month in MONTHS:
        path = tmp_path / f"month.{program}"
        export_journal(books, month, path)
        balances = PROGRAMS[program](path)
        for one in report_tax(books, month).totals:
            collected[one.tax.currency] += Decimal(str(one.tax))
        for currency in CURRENCIES.values():
            held = {
                name: balances.get((account, currency), Decimal(0))
                for name, account in (
                    ("deferred", "Liabilities:Deferred:Order-form"),
                    ("earned", "Income:Usage:Order-form"),
                    ("tax", "Liabilities:Tax:DE:VAT"),
                    ("receivable", "Assets:Receivable"),
                )
            }
            assert held == {
                "deferred": -Decimal(
                    _amount(report_liability(books, month).roll_forward, "closing", currency)
                ),
                "earned": -Decimal(
                    _amount(report_revenue(books, month).sources, "total", currency)
                ),
                "tax": -collected[currency],
                "receivable": Decimal(
                    _amount(report_receivables(books, month).roll_forward, "closing", currency)
                ),
            }


def test_what_was_delivered_is_billed_to_the_cent(books: Context, tmp_path: Path) -> None:
    path = tmp_path / "december.beancount"
    export_journal(books, MONTHS[2], path)
    balances = beancount_balances(path)
    for currency in CURRENCIES.values():
        assert ("Assets:Unbilled:Order-form", currency) not in balances
        assert balances["Liabilities:Tax:DE:VAT", currency] == Decimal("-1.52")
        assert balances["Assets:Receivable", currency] == Decimal("3.76")
        assert balances["Assets:Cash", currency] == Decimal("5.76")


def _amount(lines: tuple[object, ...], name: str, currency: str) -> str:
    found = [
        str(line.amount)  # type: ignore[attr-defined]
        for line in lines
        if line.line == name and line.amount.currency == currency  # type: ignore[attr-defined]
    ]
    return found[0] if found else "0.00"
