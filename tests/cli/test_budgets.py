"""`creditctl budgets` as people and programs meet it."""

import pytest

from builders import an_organization, open_books, use
from conftest import NOW, Cli
from creditctl.context import Context


@pytest.fixture
def sqlite(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context)
    an_organization(context, credits="5000")
    return context


def test_a_budget_is_set_and_shown(cli: Cli, context: Context) -> None:
    open_books(context)
    an_organization(context, credits="5000")
    use(context, "acme", 300)
    set_one = cli("budgets set acme --daily 1000 --notify-at 80% -o json")
    assert set_one.json["schema"] == "creditctl.budget/v1"
    told = set_one.data
    (hard, notify) = told.pop("lines")
    assert (hard["at"], hard["left"], notify["at"], notify["limit"]) == (
        "1000",
        "700",
        "80%",
        "800",
    )
    assert told == {
        "organization": "acme",
        "daily": "1000",
        "notify_at": "800",
        "scope": "all",
        "today": "300",
        "yesterday": "0",
        "left": "700",
        "forecast": "300",
        "monthly": None,
        "month": "300",
        "month_left": None,
        "hours": ["300"],
        "state": "ok",
        "reason": None,
        "updated_at": "2026-11-01T00:00:00Z",
    }
    shown = cli("budgets show acme -o json").data
    assert {name: shown[name] for name in told} == told
    assert [row["organization"] for row in cli("budgets list -o json").data] == ["acme"]


def test_the_table_fits_80_columns(sqlite_cli: Cli, sqlite: Context) -> None:
    for line in ("budgets set acme --daily 1000000.5 --notify-at 80%", "budgets list"):
        assert max(map(len, sqlite_cli(line).stdout.splitlines())) <= 80


def test_clear_says_what_was_there(sqlite_cli: Cli, sqlite: Context) -> None:
    sqlite_cli("budgets set acme --daily 1000")
    cleared = sqlite_cli("budgets clear acme --yes -o json")
    assert cleared.data["daily"] == "1000"
    assert "next 'creditctl limits check'" in cleared.stderr
    assert sqlite_cli("budgets list -o csv").stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("budgets set acme", 2, "there is no limit to set"),
        ("budgets set acme --daily -5", 2, "--daily: -5 is below zero"),
        ("budgets set acme --daily 1e9", 2, "--daily: credits '1e9' is not a decimal number"),
        ("budgets set acme --daily 99999999999999999999", 2, "is too large"),
        ("budgets set acme --notify-at 80%", 2, "a percentage needs a budget"),
        ("budgets set acme --daily 10 --notify-at 120%", 2, "--notify-at: 120% is not between"),
        ("budgets set acme --daily 10 --notify-at 11", 2, "is above the budget of 10"),
        ("budgets set acme --daily 10 --scope monthly", 2, "scope"),
        ("budgets set nobody --daily 10", 3, "there is no organization 'nobody'"),
        ("budgets show acme", 3, "acme has no budget"),
        ("budgets clear acme --yes", 3, "acme has no budget"),
    ],
)
def test_bad_input_is_one_line_and_a_hint(
    sqlite_cli: Cli, sqlite: Context, line: str, code: int, message: str
) -> None:
    refused = sqlite_cli(line, expect=code)
    assert refused.stderr.startswith("error: ")
    assert message in refused.stderr.splitlines()[0]
    assert len(refused.stderr.splitlines()) <= 2
    assert refused.stdout == ""
