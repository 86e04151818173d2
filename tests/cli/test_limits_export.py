"""`creditctl limits export`: what gateways are told, and when a file changes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from builders import an_organization, at, open_books, use
from conftest import NOW, Cli
from creditctl.adapters.block_lists import BLOCK_LISTS
from creditctl.context import Context
from creditctl.services.orgs import create_organization
from schema_check import validated

MIDNIGHT = "2026-11-02T00:00:00Z"
DAY = {"until": MIDNIGHT, "until_epoch": 1793577600}
FOR_GOOD = {"until": None, "until_epoch": None}


@pytest.fixture
def sqlite(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context)
    return context


def a_key(cli: Cli, slug: str, name: str = "web") -> str:
    return str(cli(f"keys create {slug} --name {name} -o json").data["prefix"])


def blocks(cli: Cli, as_of: str | None = None) -> list[dict[str, Any]]:
    document = cli("limits export - --format json", as_of=as_of).json
    assert validated(document) == "creditctl.block_list/v1"
    found: list[dict[str, Any]] = document["data"]
    return found


def test_every_block_has_its_keys_reason_status_and_end(cli: Cli, context: Context) -> None:
    open_books(context)
    an_organization(context, "alpha")
    for slug in ("beta", "gamma", "delta", "omega"):
        an_organization(context, slug, credits="5000")
    beta = sorted([a_key(cli, "beta", "one"), a_key(cli, "beta", "two")])
    gamma, spent = a_key(cli, "gamma"), a_key(cli, "delta", "spent")
    for slug, name in (("delta", "other"), ("omega", "web")):
        a_key(cli, slug, name)
    cli("budgets set beta --daily 10")
    cli("budgets set gamma --daily 10 --product rows")
    cli(f"budgets set delta --monthly 10 --key {spent}")
    cli("orgs suspend omega --reason test")
    for slug in ("beta", "gamma"):
        use(context, slug, 11)
    use(context, "delta", 11, key=spent)
    cli("limits check")
    told = blocks(cli)
    omega = told.pop()
    assert told == [
        {
            "organization": "alpha",
            "scope": "organization",
            "product": None,
            "keys": [],
            "reason": "credits_exhausted",
            "status": 402,
            **FOR_GOOD,
        },
        {
            "organization": "beta",
            "scope": "organization",
            "product": None,
            "keys": beta,
            "reason": "budget",
            "status": 429,
            **DAY,
        },
        {
            "organization": "delta",
            "scope": "key",
            "product": None,
            "keys": [spent],
            "reason": "budget",
            "status": 429,
            "until": "2026-12-01T00:00:00Z",
            "until_epoch": 1796083200,
        },
        {
            "organization": "gamma",
            "scope": "product",
            "product": "rows",
            "keys": [gamma],
            "reason": "budget",
            "status": 429,
            **DAY,
        },
    ]
    assert (omega["reason"], omega["status"]) == ("suspended", 403)
    # Nobody has checked since: what ends with the day is over.
    later = [block["organization"] for block in blocks(cli, MIDNIGHT)]
    assert later == ["alpha", "delta", "omega"]
    assert blocks(cli, "2026-11-01T23:59:59.999999Z") == [*told, omega]


def test_only_keys_that_open_something_are_listed(cli: Cli, context: Context) -> None:
    open_books(context)
    an_organization(context, "acme")
    create_organization(context, "globex")
    gone, old, kept = (a_key(cli, "acme", name) for name in ("gone", "old", "kept"))
    cli(f"keys revoke {gone} --yes")
    cli(f"keys expire {old} --at 2026-11-01T06:00:00Z")
    cli("limits check")
    acme, globex = blocks(cli)
    assert acme["keys"] == sorted([old, kept])
    assert globex["keys"] == []
    assert blocks(cli, "2026-11-01T06:00:00Z")[0]["keys"] == [kept]


def test_a_block_that_was_lifted_is_gone_with_the_next_check(
    sqlite_cli: Cli, sqlite: Context
) -> None:
    an_organization(sqlite, credits="5000")
    sqlite_cli("budgets set acme --daily 10")
    use(sqlite, "acme", 11)
    sqlite_cli("limits check")
    assert len(blocks(sqlite_cli)) == 1
    sqlite_cli("budgets set acme --daily 20")
    sqlite_cli("limits check")
    assert blocks(sqlite_cli) == []


@pytest.mark.parametrize("name", BLOCK_LISTS)
def test_a_file_changes_when_a_block_does(
    sqlite_cli: Cli, sqlite: Context, tmp_path: Path, name: str
) -> None:
    an_organization(sqlite, credits="5000")
    a_key(sqlite_cli, "acme")
    sqlite_cli("budgets set acme --daily 10")
    path = tmp_path / "blocks"
    line = f"limits export {path} --format {name} --exit-code"
    first = sqlite_cli(f"{line} -o json", expect=7)
    assert validated(first.json) == "creditctl.exported_blocks/v1"
    assert first.data == {
        "file": str(path),
        "format": name,
        "organizations": 0,
        "entries": 0,
        "changed": True,
    }
    noon = NOW + timedelta(hours=12)
    use(at(sqlite, noon.isoformat()), "acme", 11)
    sqlite_cli("limits check", as_of=noon.isoformat())
    changed = sqlite_cli(f"{line} -o json", expect=7, as_of=noon.isoformat()).data
    assert (changed["organizations"], changed["entries"]) == (1, 1)
    written = path.read_text(encoding="utf-8")
    for minutes in (1, 2):
        later = (noon + timedelta(minutes=minutes)).isoformat()
        again = sqlite_cli(line, as_of=later)
        assert (again.stdout, again.stderr) == ("", f"{path} is unchanged\n")
    assert sqlite_cli(f"limits export - --format {name}", as_of=later).stdout == written
    sqlite_cli(line, expect=7, as_of=MIDNIGHT)


def test_what_cannot_be_written_is_refused(
    sqlite_cli: Cli, sqlite: Context, tmp_path: Path
) -> None:
    refused = sqlite_cli("limits export x --format envoy", expect=2)
    assert "formats: json, nginx, redis" in refused.stderr
    sqlite_cli("limits export /dev/null --format json", expect=2)
    sqlite_cli(f"limits export {tmp_path}/nowhere/blocks --format json", expect=3)
