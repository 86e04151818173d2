"""Receivables, tax and revenue of invoices: our reports, and what accounting programs say."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from builders import at
from creditctl.context import Context
from creditctl.rules.focus import row_of
from creditctl.rules.journal import account
from creditctl.rules.periods import Period, parse_month
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.focus_export import read_charges
from creditctl.services.invoices import list_invoices
from creditctl.services.journal import export_journal
from creditctl.services.receivables_report import report_receivables
from creditctl.services.revenue_report import report_revenue
from creditctl.services.tax_report import report_tax
from creditctl.services.usage_value import report_usage_value
from creditctl.store.engine import reading
from creditctl.store.queries.receivables import PAID, documents_posted
from finance import TAXED, closed
from focus_rules import breaches
from invoiced import BERLIN, INCLUSIVE, MEDIA, invoiced, pay
from journal_programs import Balances, beancount_balances, hledger_balances

MONTHS = [parse_month(f"2026-{month:02}") for month in (9, 10, 11)]
SEPTEMBER, OCTOBER, NOVEMBER = MONTHS
PROGRAMS: dict[str, Callable[[Path], Balances]] = {
    "hledger": hledger_balances,
    "beancount": beancount_balances,
}


@pytest.fixture
def books(context: Context) -> Context:
    return invoiced(context)


def roll_forward(context: Context, month: Period) -> dict[str, str]:
    return {line.line: str(line.amount) for line in report_receivables(context, month).roll_forward}


def test_receivables_roll_forward_by_hand(books: Context) -> None:
    """Berlin's 10 credits are 0.10 and 0.02 of tax, 404's 110 are 1.10 and 0.21.

    October's invoice: a fee of 49.00 and 300 credits, 52.00 and 9.88 of tax; 404's is made anew.
    """
    assert roll_forward(books, OCTOBER) == {
        "opening": "0.00",
        "invoiced": "1.43",
        "paid": "0.05",
        "credited": "0.00",
        "voided": "0.00",
        "closing": "1.38",
    }
    assert roll_forward(books, NOVEMBER) == {
        "opening": "1.38",
        "invoiced": "63.19",
        "paid": "60.00",
        "credited": "11.31",
        "voided": "1.31",
        "closing": "-8.05",
    }
    for month in MONTHS:
        row = {name: Decimal(text) for name, text in roll_forward(books, month).items()}
        if row:
            assert row["closing"] == (
                row["opening"] + row["invoiced"] - row["paid"] - row["credited"] - row["voided"]
            )


def test_each_organization_closes_at_what_its_invoices_say(books: Context) -> None:
    report = report_receivables(books, NOVEMBER)
    assert [one.organization for one in report.organizations] == [MEDIA, BERLIN]
    assert str(report.organizations[0].closing) == "0.00"
    assert (str(report.organizations[0].voided), str(report.organizations[0].credited)) == (
        "1.31",
        "1.31",
    )
    invoices = list_invoices(books)
    assert [str(one.surplus) for one in invoices if one.surplus] == ["8.12"]
    assert str(report.organizations[1].closing) == "-8.05"
    assert sum(one.closing.minor for one in report.organizations) == sum(
        one.due.minor - one.surplus.minor for one in invoices
    )


@pytest.mark.parametrize("catalog", [TAXED, INCLUSIVE], ids=["net", "gross"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_accept_every_month_and_give_our_figures(
    context: Context, program: str, catalog: str, tmp_path: Path
) -> None:
    books = invoiced(context, catalog)
    tax = Decimal(0)
    for month in MONTHS:
        path = tmp_path / f"month.{program}"
        export_journal(books, month, path)
        balances = PROGRAMS[program](path)
        closing = roll_forward(books, month).get("closing", "0")
        assert balances.get(("Assets:Receivable", "USD"), Decimal(0)) == Decimal(closing)
        tax += sum((Decimal(str(one.tax)) for one in report_tax(books, month).totals), Decimal(0))
        assert -balances.get(("Liabilities:Tax:DE:VAT", "USD"), Decimal(0)) == tax
        income = sum(
            (
                amount
                for (name, code), amount in balances.items()
                if code == "USD" and name.startswith("Income:") and ":Breakage" not in name
            ),
            Decimal(0),
        )
        (total,) = [one for one in report_revenue(books, month).sources if one.line == "total"]
        assert -income == Decimal(str(total.amount))
        for slug in (BERLIN, MEDIA):
            owed = sum(
                amount
                for (name, code), amount in balances.items()
                if code == "CREDITS"
                and name.startswith(f"{account('Liabilities', 'Credits', slug)}:")
            )
            if month == NOVEMBER:
                assert -owed == Decimal(str(read_balance(books, slug).net))
    assert tax != 0


def test_overage_is_earned_when_it_is_invoiced_and_credit_notes_take_it_back(
    books: Context,
) -> None:
    october = {one.line: str(one.amount) for one in report_revenue(books, OCTOBER).sources}
    assert october["overage"] == "1.20"
    november = {one.line: one.amount.minor for one in report_revenue(books, NOVEMBER).sources}
    # 3.00 of October's usage; 404's 1.10 is taken back and billed anew.
    assert november["overage"] == 300
    # 10.00 less its tax of 1.60, and all of 404's 1.10
    assert november["credit_notes"] == -840 - 110


def test_tax_is_told_by_document(books: Context) -> None:
    """Of 0.10 and 1.10 in October: 0.02 and 0.21; a void and a credit note take theirs back."""
    october = report_tax(books, OCTOBER)
    assert [(one.kind, one.documents, str(one.net), str(one.tax)) for one in october.kinds] == [
        ("invoices", 2, "1.20", "0.23")
    ]
    november = report_tax(books, NOVEMBER)
    kinds = {one.kind: (one.documents, str(one.tax)) for one in november.kinds}
    assert kinds["voids"] == (1, "-0.21")
    assert kinds["credit notes"] == (2, "-1.81")
    assert sum(one.tax.minor for one in november.kinds) == november.totals[0].tax.minor
    assert sum(one.tax.minor for one in november.taxes) == november.totals[0].tax.minor


def test_usage_that_was_invoiced_is_overage_still(books: Context) -> None:
    report = report_usage_value(books, SEPTEMBER)
    (rows,) = report.products
    assert (str(rows.paid), str(rows.gifts), str(rows.overage)) == ("100", "0", "120")
    assert [str(one.gifts) for one in report_usage_value(books, NOVEMBER).products] in ([], ["0"])


@pytest.mark.parametrize("catalog", [TAXED, INCLUSIVE], ids=["net", "gross"])
def test_focus_bills_what_invoices_bill(context: Context, catalog: str) -> None:
    books = invoiced(context, catalog)
    of_documents: Counter[str] = Counter()
    for month in MONTHS:
        with reading(books.database) as unit:
            seller, charges = read_charges(unit, month, books.now)
            for posted in documents_posted(unit, month.starts_at.date(), month.ends_at.date()):
                if posted.kind != PAID:
                    of_documents[posted.note or posted.number] += posted.amount_minor
        rows = [row_of(charge, month, seller) for charge in charges]
        assert [problem for row in rows for problem in breaches(row)] == []
        billed: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            billed[row["ChargeCategory"] == "Tax"] += Decimal(row["BilledCost"])
            of_documents[row["InvoiceId"]] -= int(Decimal(row["BilledCost"]) * 100)
        totals = report_tax(books, month).totals
        assert billed[True] == sum((Decimal(str(one.tax)) for one in totals), Decimal(0))
        assert billed[False] == sum((Decimal(str(one.net)) for one in totals), Decimal(0))
    # Every document's rows sum to it, those of none to nothing; a receipt is no receivable.
    assert {number for number, left in of_documents.items() if left} == {"R-2026-000001"}


def test_what_is_recorded_after_the_close_is_posted_in_the_open_month(books: Context) -> None:
    december = at(books, "2026-12-03T00:00:00Z")
    assert closed(december, "2026-11")[-1] == "2026-11"
    before = roll_forward(december, NOVEMBER)
    pay(december, "INV-2026-000001", "0.02", "late", arrived_on=date(2026, 11, 20))
    assert roll_forward(december, NOVEMBER) == before
    assert roll_forward(december, parse_month("2026-12"))["paid"] == "0.02"
    assert run_checks(december) == []
