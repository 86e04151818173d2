"""`creditctl subscriptions` as people meet it."""

import pytest

from builders import open_books, use
from conftest import NOW, Cli
from creditctl.context import Context


def test_a_subscription_brings_its_allowance_and_shows_its_period(
    cli: Cli, context: Context
) -> None:
    open_books(context)
    cli("orgs create acme")
    created = cli("subscriptions create acme pro --starts-at 2026-10-31 -o json").data
    assert created["started_at"] == "2026-10-31T00:00:00Z"
    use(context, "acme", 1_250)
    shown = cli("subscription show acme -o json")
    assert shown.json["schema"] == "creditctl.subscription/v1"
    assert shown.data == {
        "id": created["id"],
        "organization": "acme",
        "plan": "pro",
        "status": "active",
        "started_at": "2026-10-31T00:00:00Z",
        "trial_ends_at": None,
        "ended_at": None,
        "fee": "49.00",
        "currency": "USD",
        "interval": "month",
        "allowance": "50000",
        "rollover": "reset",
        "allowance_used": "1250",
        "allowance_left": "48750",
        "postpaid_limit": "10000",
        "unlimited": False,
        "period_starts_at": "2026-10-31T00:00:00Z",
        "period_ends_at": "2026-11-30T00:00:00Z",
        "next_plan": None,
    }
    assert [row["plan"] for row in cli("subscriptions list -o json").data] == ["pro"]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("subscriptions create acme starter", 5, "acme has a subscription to pro already"),
        ("subscriptions create visitor pro", 5, "visitor is a guest and cannot subscribe"),
        ("subscriptions create other gold", 3, "there is no plan 'gold'"),
        ("subscriptions create nobody pro", 3, "there is no organization 'nobody'"),
        ("subscriptions create other pro --starts-at 2025-01-01", 3, "not in force at 2025-01-01"),
        ("subscriptions create other pro --starts-at 9999-12-15", 2, "too far in the future"),
        ("subscriptions create other pro --starts-at 2026-11-01T10:00", 2, "has no time zone"),
        ("subscriptions show other", 3, "other has no subscription"),
    ],
)
def test_a_refusal_is_one_line_with_the_contracts_exit_code(
    sqlite_cli: Cli, sqlite_database: str, line: str, code: int, message: str
) -> None:
    open_books(Context(database=sqlite_database, now=NOW, actor="tester"))
    sqlite_cli("orgs create acme")
    sqlite_cli("orgs create other")
    sqlite_cli("orgs create visitor --guest --device d1")
    sqlite_cli("subscriptions create acme pro")
    refused = sqlite_cli(line, expect=code)
    assert refused.stdout == ""
    assert message in refused.stderr


def test_a_plan_is_changed_cancelled_and_resumed(cli: Cli, context: Context) -> None:
    open_books(context)
    cli("orgs create acme")
    cli("subscriptions create acme starter")
    told = cli("subscriptions change acme pro --reason grew --dry-run -o json")
    assert told.json["schema"] == "creditctl.changed_subscription/v1"
    assert (told.data["action"], told.data["dry_run"]) == ("changed", True)
    done = cli("subscriptions change acme pro --reason grew -o json", as_of="2026-11-21").data
    # 10 of 30 days are left: (49.00 - 9.00) and (50000 - 100) x 10/30
    assert (done["plan"], done["fee"], done["granted"]) == ("pro", "13.33", "16633.333333")
    ended = cli("subscriptions cancel acme --reason moved -o json", as_of="2026-11-22").data
    assert (ended["status"], ended["ended_at"]) == ("cancelled", "2026-12-01T00:00:00Z")
    back = cli("subscriptions resume acme --reason stays -o json", as_of="2026-11-23").data
    assert (back["status"], back["ended_at"]) == ("active", None)
    assert cli("subscriptions show acme -o json", as_of="2026-11-23").data["plan"] == "pro"


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("subscriptions change acme pro --reason x --at soon", 2, "neither now nor period-end"),
        ("subscriptions change acme starter --reason x", 5, "acme is on plan starter already"),
        ("subscriptions change other pro --reason x", 3, "other has no subscription"),
        ("subscriptions cancel acme --reason x --expect-balance 7", 5, "100 credits available"),
        ("subscriptions resume acme --reason x", 5, "was not cancelled"),
        ("subscriptions cancel acme", 2, "--reason"),
    ],
)
def test_a_change_that_is_refused_says_why_in_one_line(
    sqlite_cli: Cli, sqlite_database: str, line: str, code: int, message: str
) -> None:
    open_books(Context(database=sqlite_database, now=NOW, actor="tester"))
    sqlite_cli("orgs create acme")
    sqlite_cli("orgs create other")
    sqlite_cli("subscriptions create acme starter")
    refused = sqlite_cli(line, expect=code)
    assert refused.stdout == ""
    assert message in refused.stderr
