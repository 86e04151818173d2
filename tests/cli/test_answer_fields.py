"""`--fields` with a name that no answer has: refused before anything is done, by every command."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import typer

from conftest import Cli
from creditctl.cli.answer_fields import known_fields, views_of
from creditctl.cli.app import GROUPS, app
from creditctl.store.driver_sqlite import path_of
from sample_lines import CHANGES, END, READS, filled

WITHOUT_A_VIEW = {"catalog export", "catalog schema", "gate serve", "completion"}
"""They write a document of their own, or serve."""


def commands() -> dict[str, Any]:
    """Every command by its line; groups are loaded as a call would."""
    root: Any = typer.main.get_command(app)

    def below(command: Any, line: str) -> dict[str, Any]:
        children = getattr(command, "commands", None)
        if not children:
            return {line: command}
        found: dict[str, Any] = {}
        for name, child in children.items():
            found |= below(child, f"{line} {name}")
        return found

    found: dict[str, Any] = {}
    for name in GROUPS:
        found |= below(root.get_command(None, name), name)
    return found


COMMANDS = commands()


def test_what_a_command_answers_with_is_known_of_every_command() -> None:
    assert {line for line, one in COMMANDS.items() if not views_of(one.callback)} == WITHOUT_A_VIEW


def test_csv_has_the_fields_of_its_rows() -> None:
    month = COMMANDS["period status"].callback
    assert "month" in known_fields(month, "json")
    assert known_fields(month, "csv") != known_fields(month, "json")


def test_no_command_changes_anything_for_fields_it_does_not_have(
    sample_books: Cli,
    sqlite_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Each line is asked with a wrong name first, and then goes on to make what the next needs."""
    monkeypatch.setenv("CREDITCTL_CEILINGS", "tester=4500")
    observer = sqlite3.connect(path_of(sqlite_database))
    request.addfinalizer(observer.close)

    def version() -> int:
        """Another one as soon as anybody has written anything."""
        return int(observer.execute("PRAGMA data_version").fetchone()[0])

    first = version()
    for line in CHANGES:
        if "approvals approve" in line:
            sample_books("credits grant acme 5000 --reason test", expect=4, as_of=END)
        whole = filled(
            line, lambda asked: sample_books(f"-o json {asked}", as_of=END).data, folder=tmp_path
        )
        before = version()
        files = sorted(tmp_path.rglob("*"))
        told = sample_books(f"--fields id,nonsense {whole}", expect=2, as_of=END)
        assert "--fields: no field" in told.stderr, whole
        assert version() == before, whole
        assert sorted(tmp_path.rglob("*")) == files, whole
        sample_books(f"-o json {whole}", as_of=END)
    assert version() != first


@pytest.mark.parametrize("line", ["orgs list", "limits status zenith-traders", "check"])
def test_a_read_is_refused_too(sample_books: Cli, line: str) -> None:
    assert line in READS
    told = sample_books(f"--fields nonsense {line}", expect=2, as_of=END)
    assert "no field 'nonsense'" in told.stderr
    assert "hint: fields: " in told.stderr


def test_a_field_of_another_answer_is_left_out_with_a_warning(sample_books: Cli) -> None:
    """`credits explain` has two answers; what is asked of the other one is no reason to fail."""
    told = sample_books(
        "credits explain harbor-funds --fields organization,price_from -o csv", as_of=END
    )
    assert told.stdout.splitlines()[0] == "organization"
    assert "this answer has no field 'price_from'" in told.stderr


def test_a_database_is_not_made_for_fields_it_does_not_have(
    tmp_path: Path, sqlite_cli: Cli
) -> None:
    file = tmp_path / "new.db"
    sqlite_cli(f"--db {file} --fields nonsense db init", expect=2)
    assert not file.exists()
    sqlite_cli(f"--fields nonsense demo --directory {tmp_path / 'demo'}", expect=2)
    assert not (tmp_path / "demo").exists()
