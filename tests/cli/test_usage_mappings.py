"""`creditctl usage mappings`: saved once, imported by name ever after."""

from pathlib import Path

import pytest

from conftest import Cli

CATALOG = """\
[catalog]
name = "web"
currency = "USD"
list_price = "0.001"
effective_from = 2015-01-01

[products.web]
[[products.web.endpoints]]
path = "/**"
credits = 2
"""
FILE = "request;when;client;verb;url;code\na;2026-10-05T12:00:00Z;C-7;GET;/a;200\n"
MAPS = "--map id=request --map time=when --map method=verb --map path=url --map status=code"


@pytest.fixture
def edge(cli: Cli, tmp_path: Path) -> Cli:
    """A gateway that names everything its own way, and its saved mapping."""
    (tmp_path / "catalog.toml").write_text(CATALOG)
    (tmp_path / "clients.csv").write_text("client,org\nC-7,acme\nC-8,beta\n")
    (tmp_path / "edge.csv").write_text(FILE)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}", as_of="2015-01-01")
    for slug in ("acme", "beta"):
        cli(f"orgs create {slug}", as_of="2015-01-01")
    lookup = f"--map org=client@{tmp_path / 'clients.csv'}"
    cli(f"usage mappings save edge --format csv {MAPS} {lookup}")
    return cli


def test_a_saved_mapping_reads_what_its_options_would(edge: Cli, tmp_path: Path) -> None:
    told = edge(f"usage import {tmp_path / 'edge.csv'} --mapping edge -o json").data
    assert (told["billed"], told["rejected"]) == (1, 0)
    assert edge("usage show acme --month 2026-10 -o json").data["requests"] == 1
    lookup = f"--map org=client@{tmp_path / 'clients.csv'}"
    again = edge(f"usage import {tmp_path / 'edge.csv'} {MAPS} {lookup} --format csv -o json").data
    assert again["files"][0]["status"] == "unchanged"


def test_an_option_goes_before_the_saved_field(edge: Cli, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(FILE.replace("url", "route").replace("a;2026", "b;2026"))
    told = edge(
        f"usage import {tmp_path / 'other.csv'} --mapping edge --map path=route -o json"
    ).data
    assert told["billed"] == 1


def test_mappings_are_listed_shown_replaced_and_removed(edge: Cli, tmp_path: Path) -> None:
    shown = edge("usage mappings show edge -o json").data
    assert shown["format"] == "csv"
    assert shown["fields"][-1] == {
        "field": "org",
        "column": "client",
        "lookup": str(tmp_path / "clients.csv"),
    }
    edge("usage mappings save edge --format ndjson --map id=request_id")
    (row,) = edge("usage mappings list -o json").data
    assert (row["name"], row["format"], row["maps"]) == ("edge", "ndjson", "id=request_id")
    edge("usage mappings remove edge")
    assert edge("usage mappings list -o json").data == []
    edge("usage mappings show edge", expect=3)
    actions = [row["action"] for row in edge("audit log --limit 3 -o json").data]
    assert actions == ["usage_mapping.removed", "usage_mapping.saved", "usage_mapping.saved"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("usage mappings save Edge! --map id=a", "cannot be a mapping's name"),
        ("usage mappings save other --format fax --map id=a", "fax"),
        ("usage mappings save other --map id=a --map id=b", "id is mapped twice"),
        ("usage mappings save other --map colour=a", "an event has no field 'colour'"),
    ],
)
def test_a_mapping_that_could_not_be_used_is_not_saved(edge: Cli, line: str, told: str) -> None:
    assert told in edge(line, expect=2).stderr
    assert len(edge("usage mappings list -o json").data) == 1
