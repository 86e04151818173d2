"""What one test leaves in a file that is lent again, the next one does not find."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from creditctl.context import Context
from creditctl.services.orgs import create_organization
from creditctl.store.engine import reading, reusing_connections
from creditctl.store.queries.orgs import find_organization
from sqlite_files import LentFile, SqliteFiles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
IN_ANOTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("DELETE FROM alembic_version")
connection.commit()
connection.close()
"""


@pytest.fixture
def files(tmp_path: Path) -> Iterator[SqliteFiles]:
    made = SqliteFiles(tmp_path)
    yield made
    made.close()


def organizations(file: LentFile, slug: str) -> tuple[int, int]:
    """The id of a new organization, and how many there are, on connections that are kept."""
    with reusing_connections(file.kept):
        create_organization(Context(file.url, NOW, "tester"), slug)
        with reading(file.url) as unit:
            count = int(unit.fetch_value("SELECT COUNT(*) FROM organization"))
            return find_organization(unit, slug).id, count


def test_a_file_is_lent_again_empty_and_counts_from_one(
    files: SqliteFiles, sqlite_template: Path
) -> None:
    with files.lent(sqlite_template) as first:
        assert [organizations(first, slug) for slug in ("one", "two")] == [(1, 1), (2, 2)]
    with files.lent(sqlite_template) as second:
        assert second is first
        assert second.path.read_bytes() == sqlite_template.read_bytes()
        # Those who looked after it, or were kept, do not remember what was there either.
        with second.reading() as unit:
            assert unit.fetch_rows("SELECT id FROM organization") == []
        assert organizations(second, "three") == (1, 1)
        with second.reading() as unit:
            assert unit.fetch_rows("SELECT slug FROM organization") == [("three",)]
            assert unit.fetch_rows("PRAGMA integrity_check") == [("ok",)]


def test_two_at_a_time_are_two(files: SqliteFiles, sqlite_template: Path) -> None:
    with files.lent(sqlite_template) as one, files.lent(sqlite_template) as other:
        assert (organizations(one, "one"), organizations(other, "two")) == ((1, 1), (1, 1))


def test_what_another_process_wrote_is_gone(files: SqliteFiles, sqlite_template: Path) -> None:
    with files.lent(sqlite_template) as lent:
        organizations(lent, "one")
        subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, str(lent.path)], check=True)
    with files.lent(sqlite_template) as again:
        assert organizations(again, "two") == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE shelf (id INTEGER)",
        "DROP INDEX {index}",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = DELETE",
        "BEGIN",
    ],
)
def test_a_file_with_another_schema_or_in_use_is_not_lent_again(
    files: SqliteFiles, sqlite_template: Path, change: str
) -> None:
    with ExitStack() as until_then, files.lent(sqlite_template) as lent:
        organizations(lent, "one")
        if "journal" in change:  # nobody else may have it open
            lent.kept.close()
            lent.connection.close()
        opened = closing(sqlite3.connect(lent.path, isolation_level=None))
        other = until_then.enter_context(opened)
        indexes = "SELECT MIN(name) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        (index,) = other.execute(indexes).fetchone()
        other.execute(change.format(index=index))
        other.execute("SELECT COUNT(*) FROM organization").fetchone()
    with files.lent(sqlite_template) as another:
        assert another is not lent
        assert organizations(another, "two") == (1, 1)


def test_a_file_that_was_put_in_its_place_is_not_lent_again(
    files: SqliteFiles, sqlite_template: Path
) -> None:
    with files.lent(sqlite_template) as lent:
        organizations(lent, "one")
        beside = lent.path.with_name("beside.db")
        beside.write_bytes(sqlite_template.read_bytes())
        beside.replace(lent.path)
    with files.lent(sqlite_template) as another:
        assert another is not lent
        assert organizations(another, "two") == (1, 1)
