"""`creditctl credits` as people and programs meet it."""

import pytest

from builders import an_organization, at, open_books, use
from conftest import NOW, Cli
from creditctl.context import Context
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization

GRANT = 'credits grant acme 100 --reason "outage on 3 Oct"'
ORDER = "credits grant acme 40 --reason signed --source order_form --unit-cost 0.008 --product rows"


@pytest.fixture
def acme(context: Context) -> Context:
    open_books(context)
    an_organization(context)
    return context


@pytest.fixture
def sqlite(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context)
    create_organization(context, "acme", OrgFacts(billing_email="billing@acme.example"))
    return context


def test_a_grant_tells_the_balance_before_and_after(cli: Cli, acme: Context) -> None:
    granted = cli(f"{GRANT} -o json")
    assert granted.json["schema"] == "creditctl.granted/v1"
    assert granted.data.pop("id").startswith("grant_")
    assert cli(f"{GRANT} -o json").data | {"id": ""} == {
        "id": "",
        "organization": "acme",
        "source": "goodwill",
        "amount": "100",
        "repaid": "0",
        "available_before": "100",
        "available_after": "200",
        "dry_run": False,
        "needs_approval": False,
    }


def test_paid_credits_first_repay_what_was_used_beyond_the_grants(cli: Cli, acme: Context) -> None:
    use(acme, "acme", 30)
    # 30 used without credits; 40 bought: 30 repay, 10 remain
    bought = cli(f"{ORDER} -o json").data
    assert (bought["repaid"], bought["available_after"]) == ("30", "10")
    balance = cli("credits balance acme -o json").data
    assert (balance["available"], balance["open_overage"], balance["net"]) == ("10", "0", "10")
    assert balance["sources"] == [
        {"source": "order_form", "product": "rows", "available": "10", "next_expiry_at": None}
    ]


def test_the_grants_are_listed_as_they_will_be_drawn(cli: Cli, acme: Context) -> None:
    cli(GRANT)
    cli(ORDER)
    cli(f"{GRANT} --expires 2026-12-01")
    cli(f"{GRANT} --priority 60 --effective 2026-11-02")
    rows = cli("credits grants acme -o json").data
    assert [(row["source"], row["expires_at"], row["priority"]) for row in rows] == [
        ("goodwill", "2026-12-01T00:00:00Z", 50),
        ("order_form", None, 50),
        ("goodwill", None, 50),
        ("goodwill", None, 60),
    ]
    assert (rows[1]["unit_cost"], rows[1]["currency"], rows[1]["product"]) == (
        "0.008",
        "USD",
        "rows",
    )
    assert [row["state"] for row in rows] == ["live", "live", "live", "future"]


def test_spent_and_expired_grants_are_shown_on_request(cli: Cli, acme: Context) -> None:
    cli(f"{GRANT} --expires 2026-11-02")
    cli(ORDER)
    use(at(acme, "2026-11-03T00:00:00Z"), "acme", 40)
    later = "2026-11-03T00:00:00Z"
    assert cli("credits grants acme -o json", as_of=later).data == []
    rows = cli("credits grants acme --all -o json", as_of=later).data
    assert [(row["state"], row["remaining"]) for row in rows] == [
        ("expired", "100"),
        ("spent", "0"),
    ]


def test_the_history_is_newest_first_with_the_balance_after_each(cli: Cli, acme: Context) -> None:
    cli(GRANT)
    use(acme, "acme", 130)
    history = cli("credits history acme -o json")
    assert history.json["schema"] == "creditctl.movements/v1"
    # +100, then 130 used: 100 from the grant, 30 beyond it
    assert [(row["kind"], row["amount"], row["net"]) for row in history.data] == [
        ("overage", "-30", "-30"),
        ("usage", "-100", "0"),
        ("grant", "100", "100"),
    ]
    assert [row["overage_reason"] for row in history.data] == ["overshoot", None, None]
    newest = cli("credits history acme --limit 1 -o json").data
    assert [row["kind"] for row in newest] == ["overage"]


def test_an_idempotency_key_grants_once(cli: Cli, acme: Context) -> None:
    first, again = (cli(f"{GRANT} --idempotency-key ticket-7 -o json") for _ in range(2))
    assert first.stdout == again.stdout
    assert cli("credits balance acme -o json").data["available"] == "100"
    changed = cli(f"{GRANT} --priority 10 --idempotency-key ticket-7", expect=5)
    assert "used before with other parameters" in changed.stderr


def test_a_dry_run_says_so_and_grants_nothing(sqlite_cli: Cli, sqlite: Context) -> None:
    rehearsed = sqlite_cli(f"{GRANT} --dry-run -o json").data
    assert (rehearsed["dry_run"], rehearsed["available_after"]) == (True, "100")
    assert sqlite_cli("credits history acme -o json").data == []


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        ("acme 0 --reason x", 2, "is not above zero"),
        ("acme 0.0000001 --reason x", 2, "more than 6 decimal places"),
        ("acme 1e3 --reason x", 2, "is not a decimal number"),
        ("acme 99999999999999999999 --reason x", 2, "is too large"),
        ("acme 5", 2, "--reason"),
        ('acme 5 --reason " "', 2, "needs a reason"),
        ("acme 5 --reason x --source guest", 2, "cannot grant from 'guest'"),
        ("acme 5 --reason x --source purchase", 2, "--unit-cost"),
        ("acme 5 --reason x --unit-cost 0.01", 2, "costs nothing"),
        ("acme 5 --reason x --product rows", 2, "good for every product"),
        ("acme 5 --reason x --source correction --product lines", 3, "no product 'lines'"),
        ("acme 5 --reason x --expires 2026-10-01", 2, "expire before it begins"),
        ("acme 5 --reason x --expires yesterday", 2, "is not a time"),
        ("acme 5 --reason x --priority 101", 2, "--priority"),
        ("acme 5 --reason x --expect-balance 7", 5, "has 0 credits available"),
        ("acme 5 --reason x --expect-email me@else.example", 5, "billing@acme.example"),
        ("nobody 5 --reason x", 3, "nobody"),
    ],
)
def test_what_cannot_be_granted_is_refused_in_one_line(
    sqlite_cli: Cli, sqlite: Context, arguments: str, exit_code: int, told: str
) -> None:
    refused = sqlite_cli(f"credits grant {arguments}", expect=exit_code)
    error, *hints = refused.stderr.splitlines()
    assert (error[:6], refused.stdout) == ("error:", "")
    assert [hint[:5] for hint in hints] in ([], ["hint:"])
    assert told in refused.stderr
    assert sqlite_cli("credits history acme -o json").data == []


def test_no_sum_of_grants_outgrows_the_database(cli: Cli, acme: Context) -> None:
    # 2^62 micro-credits are 4,611,686,018,427.387904 credits
    cli("credits grant acme 4611686018427 --reason x")
    refused = cli("credits grant acme 1 --reason x", expect=2)
    assert "stay below 4611686018427.387904 credits" in refused.stderr
    assert cli("credits balance acme -o json").data["available"] == "4611686018427"


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("credits grant acme 100 --reason --dry-run", "--reason"),
        ("credits grant acme 100 --reason why --actor --dry-run", "--actor"),
        ("orders create acme --file --dry-run", "--file"),
        ("usage import usage.csv --rejects --dry-run", "--rejects"),
    ],
)
def test_a_dry_run_that_an_option_swallows_changes_nothing(
    sqlite_cli: Cli, sqlite: Context, line: str, option: str
) -> None:
    assert f"option '{option}' requires an argument" in sqlite_cli(line, expect=2).stderr
    assert sqlite_cli("credits history acme -o json").data == []


def test_a_guest_cannot_be_topped_up(sqlite_cli: Cli, sqlite: Context) -> None:
    create_organization(sqlite, "visitor", device_id="device-1")
    refused = sqlite_cli("credits grant visitor 5 --reason x", expect=5)
    assert "visitor is a guest" in refused.stderr


@pytest.mark.parametrize("command", ["balance", "grants", "history"])
def test_an_unknown_organization_is_not_found(sqlite_cli: Cli, command: str) -> None:
    assert "nobody" in sqlite_cli(f"credits {command} nobody", expect=3).stderr
