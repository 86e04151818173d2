"""`creditctl demo`: four sample companies, each in a database of its own."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from conftest import Cli
from creditctl.store.driver_sqlite import path_of

SYSTEMS = ["finfeedapi", "fincept", "finlight", "capsolver"]
HEADINGS = [
    "Usage imported",
    "Balances at the end of October 2026",
    "Who was blocked or warned, and why",
    "Draft invoices of October 2026",
    "Try next on that database",
]


@pytest.fixture
def ready_schema(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New databases are copies: the migrations of each would take a second, and run in others."""

    def copied(database: str) -> None:
        shutil.copyfile(sqlite_template, path_of(database))

    monkeypatch.setattr("creditctl.services.databases.migrate", copied)


@pytest.mark.usefixtures("ready_schema")
@pytest.mark.parametrize("system", SYSTEMS)
def test_it_shows_the_main_job_in_its_order_within_80_columns(
    sqlite_cli: Cli, tmp_path: Path, system: str
) -> None:
    shown = sqlite_cli(f"demo {system} --directory {tmp_path}").stdout
    lines = [line for line in shown.splitlines() if not line.startswith("Database")]
    assert max(map(len, lines)) <= 80
    places = [lines.index(heading) for heading in HEADINGS]
    assert places == sorted(places)


@pytest.mark.usefixtures("ready_schema")
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_five_next_commands_work_on_its_database(
    sqlite_cli: Cli, tmp_path: Path, system: str
) -> None:
    told = sqlite_cli(f"demo {system} --directory {tmp_path} -o json").data
    assert len(told["next_steps"]) == 5
    for step in told["next_steps"]:
        line = step["command"].removeprefix("creditctl ")
        sqlite_cli(f"{line} --db {told['database']}")


def test_running_it_again_starts_afresh(sqlite_cli: Cli, tmp_path: Path) -> None:
    first = sqlite_cli(f"demo fincept --directory {tmp_path} -o json").data
    again = sqlite_cli(f"demo fincept --directory {tmp_path} -o json").data
    for part in ("balances", "states", "invoices"):
        assert again[part] == first[part]


def test_it_touches_no_database_that_is_not_its_own(sqlite_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "demo-fincept.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (text TEXT)")
    before = path.read_bytes()
    refused = sqlite_cli(f"demo fincept --directory {tmp_path}", expect=5)
    assert "is no demo database" in refused.stderr
    assert path.read_bytes() == before


def test_an_unknown_sample_is_refused(sqlite_cli: Cli, tmp_path: Path) -> None:
    refused = sqlite_cli(f"demo acme --directory {tmp_path}", expect=2)
    assert "one of finfeedapi, fincept, finlight, capsolver" in refused.stderr
