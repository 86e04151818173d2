"""PostgreSQL: how to open it, begin a transaction, and say what went wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from creditctl.errors import Busy, DatabaseUnreadable, DiskFull, DriverMissing

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_RETRYABLE = {"40001", "40P01", "55P03"}
_FULL = "53100"


@lru_cache(maxsize=1024)
def statement(sql: str) -> str:
    """`:name` as psycopg writes it."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


def connect(database: str, *, read_only: bool) -> Any:  # noqa: ARG001 - same signature as SQLite's
    """Open a connection; raises DriverMissing without psycopg."""
    try:
        import psycopg
    except ImportError:
        raise DriverMissing("PostgreSQL needs the package psycopg") from None
    return psycopg.connect(database, connect_timeout=10, application_name="creditctl")


def begin(connection: Any, *, read_only: bool) -> None:
    """Readers see one snapshot; writers read what is committed and lock what they change."""
    import psycopg

    connection.read_only = read_only
    if read_only:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.execute("SET LOCAL lock_timeout = '30s'")


def schema_revision(connection: Any) -> str | None:
    """The migration this database is at, or None without a schema."""
    with translated_errors():
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone()[0] is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's exceptions into ours; broken constraints stay, they are bugs."""
    try:
        yield
    except Exception as problem:
        translated = _translation(problem)
        if translated is None:
            raise
        raise translated from problem


def _translation(problem: Exception) -> Exception | None:
    state = getattr(problem, "sqlstate", None)
    if state in _RETRYABLE:
        return Busy("another transaction holds the same rows")
    if state == _FULL:
        return DiskFull(f"PostgreSQL: {_first_line(problem)}")
    if type(problem).__module__.startswith("psycopg") and type(problem).__name__ in (
        "OperationalError",
        "ConnectionTimeout",
    ):
        return DatabaseUnreadable(
            f"PostgreSQL: {_first_line(problem)}",
            hint="check that the server runs, and the URL given with --db",
        )
    return None


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0]
