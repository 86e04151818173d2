"""Copies of a prepared company on both databases, as many as a test wants to break."""

import itertools
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import urlsplit

import pytest

from creditctl.store.migrate import migrate
from faults.company import (
    WHOLE,
    Books,
    CleanRun,
    Fresh,
    Importers,
    assert_consistent,
    books_of,
    import_here,
    prepare,
    write_usage,
)
from postgres_databases import named, on_server

EVENTS = 1_000
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def prepared_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company in a file; copied, never written to."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    shutil.copyfile(sqlite_template, path)
    prepare(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def prepared_postgres(postgres_server: str) -> str:
    """The company's URL on the server; copied, never written to."""
    name = f"creditctl_company_{os.getpid()}"
    on_server(postgres_server, f"CREATE DATABASE {name}")
    url = named(postgres_server, name)
    migrate(url)
    prepare(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest) -> Fresh:
    """Makes a copy of the company: the URL of a database whose books must add up at its end."""
    copies: Fresh = request.getfixturevalue(f"fresh_{request.param}")
    return copies


@pytest.fixture
def fresh_sqlite(prepared_sqlite: Path, tmp_path: Path) -> Fresh:
    """The same on SQLite alone, for what does not depend on the kind of database."""
    return lambda: _sqlite_copy(prepared_sqlite, tmp_path)


@pytest.fixture
def fresh_postgresql(postgres_server: str, prepared_postgres: str) -> Fresh:
    """The same on PostgreSQL alone."""
    template = urlsplit(prepared_postgres).path.removeprefix("/")
    return lambda: _postgres_copy(postgres_server, template)


@pytest.fixture(scope="session")
def importers() -> Iterator[Importers]:
    """Imports in processes of their own, all at once: see importers.py."""
    program = Path(__file__).with_name("importers.py")
    server = Popen([sys.executable, program], stdin=PIPE, stdout=PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    requests, answers = server.stdin, server.stdout

    def run(database: str, *files: Path, chunk: int, last: int = 0) -> list[int | str]:
        names = [str(file) for file in files]
        request = {"database": database, "files": names, "chunk": chunk, "last": last}
        requests.write(json.dumps(request) + "\n")
        requests.flush()
        told: list[int | str] = json.loads(answers.readline())
        return told

    yield run
    server.communicate()
    assert server.returncode == 0


@pytest.fixture(scope="session")
def usage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month's usage: a thousand events, and fifty of them twice."""
    # Its path is in each event that is told: what is told must be longer than a pipe holds.
    path = tmp_path_factory.mktemp("usage-of-october-2026-") / "usage.csv"
    write_usage(path, EVENTS)
    return path


@pytest.fixture(scope="session")
def clean_run(prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanRun:
    """Books of imports that nothing disturbed, on SQLite: both databases must have them."""
    folder = tmp_path_factory.mktemp("clean")

    def books(*paths: Path, chunk: int, queries: Mapping[str, str] = WHOLE) -> Books:
        with _sqlite_copy(prepared_sqlite, folder) as database:
            import_here(database, *paths, chunk=chunk)
            return books_of(database, queries)

    return books


@contextmanager
def _sqlite_copy(template: Path, folder: Path) -> Iterator[str]:
    path = folder / f"company-{next(_numbers)}.db"
    shutil.copyfile(template, path)
    yield f"sqlite:///{path}"
    assert_consistent(f"sqlite:///{path}")
    for left in folder.glob(f"{path.name}*"):
        left.unlink()


@contextmanager
def _postgres_copy(server: str, template: str) -> Iterator[str]:
    name = f"creditctl_copy_{os.getpid()}_{next(_numbers)}"
    on_server(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield named(server, name)
        assert_consistent(named(server, name))
    finally:
        on_server(server, f"DROP DATABASE {name} WITH (FORCE)")
