"""`creditctl orgs` as people meet it."""

import pytest

from builders import CATALOG, open_books
from conftest import NOW, Cli
from creditctl.context import Context

GIFT = '\n[promotions.welcome]\ntitle = "Sign-up"\ncredits = 350\ntrigger = "signup"\n'


@pytest.fixture
def priced(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context, CATALOG + GIFT)
    return context


def test_creating_shows_the_organization_and_what_it_was_granted(
    cli: Cli, context: Context
) -> None:
    open_books(context, CATALOG + GIFT)
    created = cli("orgs create acme --name 'Acme Ltd' --email pay@acme.example -o json").data
    assert created["id"].startswith("org_")
    assert {name: created[name] for name in ("slug", "legal_name", "kind", "granted")} == {
        "slug": "acme",
        "legal_name": "Acme Ltd",
        "kind": "registered",
        "granted": "350",
    }
    assert cli("credits balance acme -o json").data["available"] == "350"


def test_a_guest_is_created_with_credits_for_a_day(sqlite_cli: Cli, priced: Context) -> None:
    assert "50" in sqlite_cli("orgs create visitor --guest --device d1").stdout
    (grant,) = sqlite_cli("credits grants visitor -o json").data
    assert grant["expires_at"] == "2026-11-02T00:00:00Z"


def test_the_list_is_by_slug_and_says_what_to_do_when_empty(cli: Cli) -> None:
    assert "orgs create SLUG" in cli("orgs list").stdout + cli("orgs list").stderr
    cli("orgs create zeta")
    cli("orgs create acme")
    listed = cli("orgs list -o json")
    assert listed.json["schema"] == "creditctl.orgs/v1"
    assert [row["slug"] for row in listed.data] == ["acme", "zeta"]


def test_show_takes_slug_or_id_and_the_group_its_singular(cli: Cli) -> None:
    identity = cli("orgs create acme --country DE -o json").data["id"]
    by_slug = cli("org show acme -o json")
    assert by_slug.json["schema"] == "creditctl.org/v1"
    assert by_slug.data == cli("orgs", "show", identity, "-o", "json").data
    assert by_slug.data["country"] == "DE"
    assert by_slug.data["created_at"] == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("orgs create Acme", 2, "'Acme' is no slug"),
        ("orgs create acme --email nobody", 2, "'nobody' is no e-mail address"),
        ("orgs create acme --country Germany", 2, "'Germany' is no country code"),
        ("orgs create taken", 5, "there is an organization 'taken' already"),
        ("orgs show nobody", 3, "there is no organization 'nobody'"),
        ("orgs create", 2, "missing argument"),
    ],
)
def test_a_refusal_is_one_line_with_the_contracts_exit_code(
    sqlite_cli: Cli, line: str, code: int, message: str
) -> None:
    sqlite_cli("orgs create taken")
    refused = sqlite_cli(line, expect=code)
    assert refused.stdout == ""
    assert refused.stderr.startswith("error: ")
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr


def test_bytes_that_are_no_text_are_refused(sqlite_cli: Cli) -> None:
    refused = sqlite_cli("orgs create acme --name", "\udcff", expect=2)
    assert "bytes that are not UTF-8" in refused.stderr
    assert sqlite_cli("orgs list -o json").data == []


def test_a_name_that_would_command_the_terminal_is_shown_harmless(sqlite_cli: Cli) -> None:
    sqlite_cli("orgs create acme --name", "\x1b[2J[bold]\u202eAcme")
    for line in ("orgs list", "orgs show acme", "orgs list -o csv"):
        shown = sqlite_cli(line).stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown
