"""An invoice that bills an order form earns nothing: its credits earn when they are used."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.focus_export import export_focus
from creditctl.services.journal import export_journal
from creditctl.services.limits_check import check_limits
from creditctl.services.margin_report import report_margin
from creditctl.services.revenue_report import report_revenue
from finance import CATALOG
from invoices import final
from journal_programs import beancount_balances
from orders import a_line, an_order

OCTOBER, NOVEMBER = parse_month("2026-10"), parse_month("2026-11")


@pytest.fixture
def books(context: Context) -> Context:
    """400 credits at 0.008 on 15 October, of which 100 are used; October's invoice bills $3.20."""
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, CATALOG)
    an_organization(opened)
    an_order(opened, a_line("400", starts_on=date(2026, 10, 15)))
    check_limits(at(context, "2026-10-16T00:00:00Z"))
    use(at(context, "2026-10-20T00:00:00Z"), "acme", 100)
    november = at(context, "2026-11-05T00:00:00Z")
    assert str(final(november, "2026-10", "acme").total) == "3.20"
    return november


def test_revenue_is_what_was_used(books: Context) -> None:
    october, november = report_revenue(books, OCTOBER), report_revenue(books, NOVEMBER)
    assert [(one.line, str(one.amount)) for one in october.sources] == [
        ("order_form", "0.80"),
        ("total", "0.80"),
    ]
    assert [(one.line, str(one.amount)) for one in november.sources] == [
        ("order_form", "0.00"),
        ("total", "0.00"),
    ]
    assert [(one.line, str(one.revenue)) for one in report_margin(books, NOVEMBER).lines] == [
        ("rows", "0.00"),
        ("total", "0.00"),
    ]


def test_the_invoice_takes_it_from_what_is_unbilled(books: Context, tmp_path: Path) -> None:
    path = tmp_path / "november.beancount"
    export_journal(books, NOVEMBER, path)
    balances = beancount_balances(path)
    assert balances.get(("Assets:Unbilled:Order-form", "USD"), Decimal(0)) == 0
    assert balances["Assets:Receivable", "USD"] == Decimal("3.20")
    assert balances["Liabilities:Deferred:Order-form", "USD"] == Decimal("-2.40")
    assert not any(account == "Income:Overage" for account, _ in balances)


def test_focus_bills_it_once(books: Context, tmp_path: Path) -> None:
    billed = Decimal(0)
    for month in (OCTOBER, NOVEMBER):
        export_focus(books, month, tmp_path / "charges.csv")
        for row in csv.DictReader((tmp_path / "charges.csv").read_text().splitlines()):
            billed += Decimal(row["BilledCost"])
            assert row["InvoiceId"] == ("INV-2026-000001" if row["BilledCost"] != "0" else "")
    assert billed == Decimal("3.20")


@pytest.mark.parametrize(
    ("splits", "invoice"), [("both", "INV-2026-000001"), ("money", ""), ("credits", "")]
)
def test_focus_names_the_invoice_that_bills_no_more_and_no_less(
    context: Context, tmp_path: Path, splits: str, invoice: str
) -> None:
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, CATALOG)
    an_organization(opened)
    an_order(opened, a_line("400", starts_on=date(2026, 10, 15), times=2, splits=splits))
    check_limits(at(context, "2026-10-16T00:00:00Z"))
    november = at(context, "2026-11-05T00:00:00Z")
    billed = {"both": "1.60", "money": "1.60", "credits": "3.20"}[splits]
    assert str(final(november, "2026-10", "acme").total) == billed
    export_focus(november, OCTOBER, tmp_path / "charges.csv")
    (row,) = csv.DictReader((tmp_path / "charges.csv").read_text().splitlines())
    assert row["InvoiceId"] == invoice
