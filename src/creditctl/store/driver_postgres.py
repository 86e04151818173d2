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
_READ_ONLY = "25006"
_UNREACHABLE = ("08", "53", "57", "58", "25P03", "25P04")
"""How the SQLSTATE begins where the server has ended the connection or the statement by itself: it
is shut down or short of something, or somebody was too slow for a time limit of its own.
"""


@lru_cache(maxsize=1024)
def statement(sql: str) -> str:
    """`:name` as psycopg writes it."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


def connect(database: str, *, read_only: bool) -> Any:  # noqa: ARG001 - same signature as SQLite's
    """Open a connection; raises DriverMissing without psycopg, DatabaseUnreadable for no URL."""
    try:
        import psycopg
    except ImportError:
        raise DriverMissing("PostgreSQL needs the package psycopg") from None
    # Transactions begin with one message of several statements, which the driver would not send.
    try:
        return psycopg.connect(
            database, connect_timeout=10, application_name="creditctl", autocommit=True
        )
    except psycopg.ProgrammingError:
        # What the driver says holds the URL, and so its password.
        raise DatabaseUnreadable(
            "PostgreSQL: the URL cannot be read",
            hint="write it like postgresql://USER@HOST:5432/DATABASE",
        ) from None


def expect_small_transactions(_: Any) -> None:
    """The server's log has the length that it is configured to have."""


def is_usable(connection: Any, database: str) -> bool:  # noqa: ARG001 - same signature as SQLite's
    """Whether an idle connection is open on this side: the other is asked as it begins."""
    return not connection.closed


def version(_: Any) -> tuple[int, int] | None:
    """Nobody knows whether others have written."""
    return None


def begin(connection: Any, *, read_only: bool, flushed: bool = True) -> str | None:
    """Readers see one snapshot; writers read what is committed and lock what they change.

    What is not `flushed` reaches the disk a moment after its commit. Returns the migration this
    database is at, or None without a schema: one round trip.
    """
    import psycopg

    mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY" if read_only else "READ WRITE"
    waits = "" if flushed else "SET LOCAL synchronous_commit = off; "
    try:
        cursor = connection.execute(
            f"BEGIN {mode}; SET LOCAL lock_timeout = '30s'; {waits}"  # noqa: S608 - our words
            "SELECT version_num FROM alembic_version",
            prepare=False,
        )
    except psycopg.errors.UndefinedTable:
        return None
    except psycopg.errors.FeatureNotSupported as problem:
        # To write, of a server that follows another one.
        raise _read_only(problem) from problem
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    return None if row is None else str(row[0])


def commit(connection: Any) -> None:
    """Keep what was done; the server refuses to write in what only reads."""
    connection.commit()


def ended(connection: Any) -> bool:
    """Roll back what is not committed; whether the connection can be used again."""
    import psycopg

    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        # Beside the driver, which would forget its prepared statements: a schema may be undone.
        # What changes it uses its connection once.
        connection.pgconn.exec_(b"ROLLBACK")
    return not connection.closed


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
    if state == _READ_ONLY:
        return _read_only(problem)
    is_psycopg = type(problem).__module__.startswith("psycopg")
    name = type(problem).__name__
    is_ended = state is not None and state.startswith(_UNREACHABLE)
    if is_ended or (is_psycopg and name in ("OperationalError", "ConnectionTimeout")):
        return DatabaseUnreadable(
            f"PostgreSQL: {_first_line(problem)}",
            hint="check that the server runs, and the URL given with --db",
        )
    return None


def _read_only(problem: Exception) -> DatabaseUnreadable:
    return DatabaseUnreadable(
        f"PostgreSQL: the database is read-only: {_first_line(problem)}",
        hint="give --db the server that takes changes, not one that follows it",
    )


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0]
