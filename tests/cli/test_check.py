"""`creditctl check`: silent when the books are consistent, precise when they are not."""

import sqlite3
from pathlib import Path

import pytest

from conftest import Cli

SAMPLE = Path(__file__).parents[2] / "sample-data/finfeedapi/catalog.toml"


def test_consistent_books_are_silent(cli: Cli) -> None:
    cli(f"catalog apply {SAMPLE}")
    cli("orgs create acme")
    done = cli("check")
    assert done.stdout == ""
    assert "invariants hold" in done.stderr
    assert cli("check --quiet").stderr == ""
    assert cli("check -o json").data == []


@pytest.mark.broken_books
def test_a_breach_is_named_and_the_exit_status_is_7(sqlite_cli: Cli, sqlite_database: str) -> None:
    sqlite_cli(f"catalog apply {SAMPLE}")
    sqlite_cli("orgs create acme")
    (grant,) = sqlite_cli("credits grants acme -o json").data
    with sqlite3.connect(sqlite_database.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE credit_grant SET remaining_micro = remaining_micro - 1")
    (finding,) = sqlite_cli("check -o json", expect=7).data
    assert finding["subject"] == grant["id"]
    assert "24999999999" in finding["detail"]
    assert "25000000000" in finding["detail"]
