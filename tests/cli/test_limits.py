"""`creditctl limits` as cron and people meet it."""

import pytest

from builders import an_organization, open_books, use
from conftest import NOW, Cli
from creditctl.context import Context


@pytest.fixture
def sqlite(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context)
    return context


def test_a_block_is_told_with_usage_limit_and_end(cli: Cli, context: Context) -> None:
    open_books(context)
    an_organization(context, credits="5000")
    use(context, "acme", 101)
    cli("budgets set acme --daily 100")
    checked = cli("limits check --exit-code -o json", expect=7)
    change = {
        "organization": "acme",
        "previous": "ok",
        "state": "blocked",
        "reason": "budget",
        "usage": "101",
        "limit": "100",
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-02T00:00:00Z",
        "is_new_block": True,
        "slipped": "1",
        "crossed_after": None,
    }
    assert checked.data == {
        "at": "2026-11-01T00:00:00Z",
        "checked": 1,
        "ok": 0,
        "notified": 0,
        "blocked": 1,
        "changed": 1,
        "newly_blocked": 1,
        "crossed": 1,
        "recovered": 0,
        "slipped": "1",
        "previous_at": None,
        "allowances_granted": 0,
        "instalments_booked": 0,
        "expiries_booked": 0,
        "holds_expired": 0,
        "repayments_booked": 0,
        "recharged": 0,
        "invoices_overdue": 0,
        "told": 0,
        "sent": 0,
        "failed": 0,
        "changes": [change],
    }
    (listed,) = cli("limits status -o json").data
    card = cli("limits status acme -o json").data
    assert {name: card[name] for name in listed} == listed
    assert [line["crossed"] for line in card["lines"]] == [True]
    assert [past["state"] for past in card["history"]] == ["blocked"]
    assert [past["recovered_at"] for past in card["crossings"]] == [None]
    assert listed == {"held": "0"} | {
        name: value
        for name, value in change.items()
        if name not in ("previous", "is_new_block", "slipped", "crossed_after")
    }


def test_it_is_quiet_when_nothing_changed(sqlite_cli: Cli, sqlite: Context) -> None:
    an_organization(sqlite)
    assert "credits_exhausted" in sqlite_cli("limits check").stdout
    again = sqlite_cli("limits check --exit-code")
    assert (again.stdout, again.stderr) == ("", "")


def test_without_exit_code_a_new_block_is_still_a_success(sqlite_cli: Cli, sqlite: Context) -> None:
    an_organization(sqlite)
    sqlite_cli("limits check", expect=0)


def test_tables_fit_80_columns(sqlite_cli: Cli, sqlite: Context) -> None:
    an_organization(sqlite, "acme-analytics", credits="50000")
    an_organization(sqlite, "globex")
    use(sqlite, "acme-analytics", 10_001)
    sqlite_cli("budgets set acme-analytics --daily 10000")
    for line in ("limits check", "limits status"):
        assert max(map(len, sqlite_cli(line).stdout.splitlines())) <= 80


def test_the_status_of_an_unknown_organization_exits_3(sqlite_cli: Cli, sqlite: Context) -> None:
    assert "no organization 'nobody'" in sqlite_cli("limits status nobody", expect=3).stderr


def test_csv_has_a_header_without_rows(sqlite_cli: Cli, sqlite: Context) -> None:
    header = sqlite_cli("limits status -o csv").stdout
    assert header.strip() == "organization,state,reason,usage,limit,since,until,held"
