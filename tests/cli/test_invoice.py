"""`creditctl invoice` as people and programs meet it."""

import pytest

from builders import an_organization, at, open_books, use
from conftest import NOW, Cli
from creditctl.context import Context
from creditctl.store.engine import unit_of_work


def a_month(context: Context) -> None:
    """60,123 credits on a plan with 50,000: 49.00 + 49.00 + 10,123 x 0.0012 = 110.15."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october, plan="pro")
    use(at(context, "2026-10-20T10:00:00Z"), "acme", 60_123)


@pytest.fixture
def sqlite(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    a_month(context)
    return context


def test_a_month_is_drafted_listed_and_shown(cli: Cli, context: Context) -> None:
    a_month(context)
    run = cli("invoice generate --month 2026-10 -o json").data
    assert (run["created"], run["total"], run["currency"]) == (1, "110.15", "USD")
    (listed,) = cli("invoice list --month 2026-10 --org acme -o json").data
    assert listed == run["invoices"][0]
    assert (listed["overage_credits"], listed["overage_due"]) == ("10123", "12.15")
    shown = cli(f"invoice show {listed['id']} -o json").data
    assert shown == cli("invoice show acme --month 2026-10 -o json").data
    assert shown["lines"][2] == {
        "kind": "usage",
        "description": "Rows API",
        "requests": 1,
        "credits": "60123",
        "unit_price": "0.0012",
        "amount": "72.15",
        "currency": "USD",
    }


def test_tables_fit_80_columns(sqlite_cli: Cli, sqlite: Context) -> None:
    for line in (
        "invoice generate --month 2026-10",
        "invoice list",
        "invoice show acme --month 2026-10",
    ):
        shown = sqlite_cli(line).stdout
        assert "110.15" in shown
        assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.broken_books
def test_parked_organizations_are_listed_and_exit_7(sqlite_cli: Cli, sqlite: Context) -> None:
    with unit_of_work(sqlite.database) as unit:
        unit.run("UPDATE debit_day SET credits_micro = credits_micro + 1000000")
    parked = sqlite_cli("invoice generate --month 2026-10", expect=7)
    assert "usage and what paid for it differ by" in parked.stdout
    assert "warning: some organizations are parked" in parked.stderr


def test_no_invoices_yet(sqlite_cli: Cli, sqlite: Context) -> None:
    assert sqlite_cli("invoice list -o json").data == []


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("invoice generate --month 2026-11", 2, "2026-11 has not ended yet"),
        ("invoice generate --month 2026-13", 2, "--month: '2026-13' is not a month"),
        ("invoice generate --month October", 2, "--month: 'October' is not a month"),
        ("invoice generate", 2, "--month"),
        ("invoice generate --month 2026-10 --org nobody", 3, "no organization 'nobody'"),
        ("invoice show inv_0", 3, "there is no invoice 'inv_0'"),
        ("invoice show acme --month 2026-09", 3, "there is no invoice acme for 2026-09"),
        ("invoice show acme", 2, "acme has an invoice for each month"),
        ("invoice list --org nobody", 3, "no organization 'nobody'"),
    ],
)
def test_bad_input_is_one_line_and_a_hint(
    sqlite_cli: Cli, sqlite: Context, line: str, code: int, message: str
) -> None:
    refused = sqlite_cli(line, expect=code)
    assert refused.stderr.startswith("error: ")
    assert message in refused.stderr.splitlines()[0]
    assert refused.stdout == ""
