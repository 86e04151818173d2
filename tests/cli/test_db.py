"""`creditctl db` as people meet it."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from conftest import Cli
from creditctl.cli.app import app
from creditctl.store.engine import unit_of_work
from creditctl.store.schema_version import HEAD

Run = Callable[..., Result]


@pytest.fixture
def on(tmp_path: Path) -> Run:
    """Run a command line on a database named by URL or path."""

    def run(database: str, line: str, expect: int = 0) -> Result:
        result = CliRunner().invoke(app, ["--db", database, *shlex.split(line)])
        assert result.exit_code == expect, result.output
        return result

    return run


def test_init_makes_the_file_and_says_so_and_again_changes_nothing(on: Run, tmp_path: Path) -> None:
    path = tmp_path / "new" / "books.db"
    first = on(str(path), "db init -o json").stdout
    assert f'"revision": "{HEAD}"' in first
    assert '"changed": true' in first
    assert path.exists()
    on(str(path), "orgs create acme")
    assert '"changed": false' in on(str(path), "db init -o json").stdout
    assert "acme" in on(str(path), "orgs list").stdout


def test_status_counts_the_rows_of_the_main_tables(cli: Cli) -> None:
    cli("orgs create acme")
    cli("keys create acme --name production")
    status = cli("db status -o json").data
    assert (status["revision"], status["newest_revision"]) == (HEAD, HEAD)
    assert status["is_current"] is True
    rows = {row["table"]: row["rows"] for row in status["tables"]}
    assert (rows["organization"], rows["api_key"], rows["usage_event"]) == (1, 1, 0)


def test_migrate_brings_an_older_database_up_and_says_from_where_to_where(
    database: str, on: Run
) -> None:
    from alembic import command

    from creditctl.store.migrate import _configuration, _connection

    with _connection(database) as connection:
        command.downgrade(_configuration(connection), "0003")
    status = on(database, "db status -o json").stdout
    assert '"revision": "0003"' in status
    assert '"is_current": false' in status
    refused = on(database, "orgs list", expect=1)
    assert f"the schema is at 0003, this version needs {HEAD}" in refused.stderr
    assert "creditctl db migrate" in refused.stderr
    migrated = on(database, "db migrate -o json").stdout
    assert '"previous": "0003"' in migrated
    assert f'"revision": "{HEAD}"' in migrated
    on(database, "orgs list")


@pytest.mark.broken_books
@pytest.mark.parametrize("line", ["db init", "db migrate"])
def test_a_database_from_the_future_is_left_alone(database: str, on: Run, line: str) -> None:
    with unit_of_work(database) as unit:
        unit.run("UPDATE alembic_version SET version_num = '9999'")
    refused = on(database, line, expect=1)
    assert f"the schema is at 9999, this version knows up to {HEAD}" in refused.stderr


@pytest.mark.parametrize("line", ["db status", "db migrate", "orgs list", "orgs create acme"])
def test_where_there_is_no_database_nothing_is_made(on: Run, tmp_path: Path, line: str) -> None:
    refused = on(str(tmp_path / "none.db"), line, expect=3)
    assert "there is no database at" in refused.stderr
    assert "run 'creditctl db init'" in refused.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("line", ["db init", "db status", "db migrate", "orgs list"])
def test_a_file_that_is_no_database_is_left_as_it_is(on: Run, tmp_path: Path, line: str) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, this is not a database. " * 50)
    before = path.read_bytes()
    assert "not a database" in on(str(path), line, expect=1).stderr
    assert path.read_bytes() == before


def test_an_unknown_kind_of_database_is_a_usage_error(on: Run) -> None:
    refused = on("mysql://billing:geheim@host/books", "db init", expect=2)
    assert "sqlite:///PATH or postgresql://" in refused.stderr
    assert "geheim" not in refused.output


@pytest.mark.parametrize("line", ["db init", "db status", "orgs list"])
def test_a_server_that_does_not_answer_is_told_without_the_password(on: Run, line: str) -> None:
    refused = on("postgresql://billing:geheim@127.0.0.1:1/books", line, expect=1)
    assert refused.stderr.startswith("error: ")
    assert "geheim" not in refused.output


def test_a_url_that_cannot_be_read_is_told_without_the_password(on: Run) -> None:
    refused = on("postgresql://billing:geheim@[", "orgs list", expect=1)
    assert refused.stderr.startswith("error: PostgreSQL: the URL cannot be read\n")
    assert "geheim" not in refused.output


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////srv/books.db", "/srv/books.db"),
        ("postgresql://b:geheim@host/books", "postgresql://b:…@host/books"),
        ("postgresql://b:ge:hei@host:5432/books", "postgresql://b:…@host:5432/books"),
        ("postgresql://b@host/books", "postgresql://b@host/books"),
        ("postgresql:///books?host=/run/pg", "postgresql:///books?host=/run/pg"),
        (
            "postgresql://host/books?user=b&password=geheim&sslmode=require",
            "postgresql://host/books?user=b&password=…&sslmode=require",
        ),
    ],
)
def test_a_database_is_named_without_its_password(url: str, shown: str) -> None:
    from creditctl.services.databases import without_password

    assert without_password(url) == shown
