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
from creditctl.services.liability_report import report_liability
from creditctl.services.limits_check import check_limits
from creditctl.services.margin_report import report_margin
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.revenue_report import report_revenue
from finance import CATALOG
from invoiced import INCLUSIVE
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


@pytest.mark.parametrize(
    ("catalog", "splits", "sold"),
    [
        (CATALOG, "both", "0.83"),
        (CATALOG, "credits", "0.83"),
        (CATALOG, "money", "0.83"),
        # 0.24 of 0.28 twice, and 0.23 of 0.27: three times 0.24 would be 0.72.
        (INCLUSIVE, "both", "0.71"),
    ],
    ids=["both", "credits", "money", "gross"],
)
def test_instalments_that_do_not_divide_are_worth_what_is_billed(
    context: Context, tmp_path: Path, catalog: str, splits: str, sold: str
) -> None:
    # A third of the credits at 0.00083 each comes to 0.277: three times 0.28 would be 0.84.
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, catalog)
    create_organization(opened, "acme", facts=OrgFacts(country="DE"))
    terms = {"starts_on": date(2026, 10, 15), "unit_price": Decimal("0.00083")}
    an_order(opened, a_line("1000", times=3, splits=splits, **terms))
    total = Decimal(0)
    for month, after in (("2026-10", "2026-11"), ("2026-11", "2026-12"), ("2026-12", "2027-01")):
        later = at(context, f"{after}-05T00:00:00Z")
        check_limits(later)
        if splits != "credits" or month == "2026-10":
            final(later, month, "acme")
        rows = report_liability(later, parse_month(month)).roll_forward
        total += sum(Decimal(str(one.amount)) for one in rows if one.line == "sold")
    assert str(total) == sold
    path = tmp_path / "january.beancount"
    export_journal(later, parse_month("2027-01"), path)
    balances = beancount_balances(path)
    assert ("Assets:Unbilled:Order-form", "USD") not in balances
    assert balances["Liabilities:Deferred:Order-form", "USD"] == -Decimal(sold)
