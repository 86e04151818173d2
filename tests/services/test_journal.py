"""The journal: real hledger and Beancount accept it, and get the balances of our reports."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.journal import Posting, Transaction, account, with_opening
from creditctl.rules.periods import parse_month
from creditctl.services.balances import read_balance
from creditctl.services.journal import export_journal, read_journal
from creditctl.services.liability_report import report_liability
from creditctl.services.revenue_report import report_breakage, report_revenue
from creditctl.services.tax_report import report_tax
from creditctl.store.engine import reading
from finance import eventful
from journal_programs import Balances, beancount_balances, hledger_balances

MONTHS = [parse_month(f"2026-{month:02}") for month in (9, 10, 11)]
PROGRAMS: dict[str, Callable[[Path], Balances]] = {
    "hledger": hledger_balances,
    "beancount": beancount_balances,
}


@pytest.fixture
def books(context: Context) -> Context:
    """Three months with everything that can happen, in four currencies."""
    return eventful(context)


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_accept_every_month_and_give_our_balances(
    books: Context, program: str, tmp_path: Path
) -> None:
    for month in MONTHS:
        path = tmp_path / f"month.{program}"
        export_journal(books, month, path)
        balances = PROGRAMS[program](path)
        owed = {
            line.amount.currency: Decimal(str(line.amount))
            for line in report_liability(books, month).roll_forward
            if line.line == "closing"
        }
        for currency, amount in owed.items():
            assert -under(balances, "Liabilities:Deferred", currency) == amount
            assert -under(balances, "Income:Breakage", currency) == total(
                report_breakage(books, month).sources, currency
            )
            earned = under(balances, "Income:Usage", currency) + under(
                balances, "Income:Fees", currency
            )
            assert -earned == total(report_revenue(books, month).sources, currency)
        assert owed.keys() == {"EUR", "JPY", "KWD", "USD"}


def test_taxes_owed_are_those_that_were_collected(books: Context, tmp_path: Path) -> None:
    """$10.00 and 19 % VAT in September, and again in October."""
    collected = [report_tax(books, month).totals for month in MONTHS[:2]]
    assert [str(one.tax) for totals in collected for one in totals if one.tax] == ["1.90", "1.90"]
    export_journal(books, MONTHS[1], tmp_path / "a.hledger")
    balances = hledger_balances(tmp_path / "a.hledger")
    assert balances["Liabilities:Tax:DE:VAT", "USD"] == Decimal("-3.80")
    assert balances["Assets:Cash", "USD"] == Decimal("23.80")


def test_credits_of_every_organization_are_those_of_its_balance(
    books: Context, tmp_path: Path
) -> None:
    export_journal(books, MONTHS[2], tmp_path / "a.beancount")
    balances = beancount_balances(tmp_path / "a.beancount")
    for slug, name in (("berlin-labs", "Berlin-labs"), ("404-media", "404-media")):
        owed = under(balances, f"Liabilities:Credits:{name}", "CREDITS")
        balance = read_balance(books, slug)
        assert -owed == Decimal(str(balance.net))


def test_each_transaction_balances_in_one_commodity(books: Context) -> None:
    with reading(books.database) as unit:
        months = [read_journal(unit, books, month) for month in MONTHS]
    for transactions in months:
        assert transactions == sorted(transactions, key=lambda one: one.day)
        for one in transactions:
            assert sum(posting.amount for posting in one.postings) == 0
            assert len(one.postings) > 1


def test_one_month_opens_where_the_one_before_it_closed(books: Context, tmp_path: Path) -> None:
    """Balance sheets are continued; income begins anew."""
    export_journal(books, MONTHS[0], tmp_path / "a.hledger")
    export_journal(books, MONTHS[1], tmp_path / "b.hledger")
    closing = hledger_balances(tmp_path / "a.hledger")
    with reading(books.database) as unit:
        opening = [
            one for one in read_journal(unit, books, MONTHS[1]) if one.text.startswith("Opening")
        ]
    carried = {(p.account, one.commodity): p.amount for one in opening for p in one.postings}
    kept = {key for key in closing if not key[0].startswith("Income:")}
    assert {key for key in carried if key[0] != "Equity:Retained"} == kept
    assert carried["Liabilities:Deferred:Purchase", "USD"] == int(
        closing["Liabilities:Deferred:Purchase", "USD"] * 100
    )


def test_the_same_books_give_the_same_bytes(books: Context, tmp_path: Path) -> None:
    texts = []
    for name in ("a.beancount", "b.beancount"):
        export_journal(books, MONTHS[1], tmp_path / name)
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1] != b""


@pytest.mark.parametrize("program", PROGRAMS)
def test_books_in_which_nothing_happened_are_accepted(
    context: Context, program: str, tmp_path: Path
) -> None:
    path = tmp_path / f"none.{program}"
    exported = export_journal(context, MONTHS[0], path)
    assert (exported.format, exported.transactions) == (program, 0)
    assert PROGRAMS[program](path) == {}


def test_an_unknown_format_is_refused(context: Context, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="ledger3"):
        export_journal(context, MONTHS[0], tmp_path / "a", format_name="ledger3")
    assert list(tmp_path.glob("a*")) == []


def test_account_names_are_safe_whatever_they_are_made_of() -> None:
    parts = account("Liabilities", "Tax", "US-NY", "Sales tax; 2 %", "", "öffentlich")
    assert parts == "Liabilities:Tax:US-NY:Sales-tax--2:None:Ffentlich"


def test_what_does_not_balance_is_no_transaction() -> None:
    day = MONTHS[0].starts_at.date()
    with pytest.raises(ValueError, match="does not balance"):
        Transaction(day, "odd", "USD", (Posting("Assets:Cash", 1),))
    assert with_opening([], day) == []


def under(balances: Balances, account_name: str, commodity: str) -> Decimal:
    """The balance of an account with everything below it."""
    return sum(
        (
            amount
            for (name, code), amount in balances.items()
            if code == commodity and f"{name}:".startswith(f"{account_name}:")
        ),
        Decimal(0),
    )


def total(lines: tuple[object, ...], currency: str) -> Decimal:
    """A report's total of a currency; nothing where it has no line."""
    found = [
        Decimal(str(line.amount))  # type: ignore[attr-defined]
        for line in lines
        if line.line == "total" and line.amount.currency == currency  # type: ignore[attr-defined]
    ]
    return sum(found, Decimal(0))
