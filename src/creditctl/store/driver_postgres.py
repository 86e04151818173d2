"""PostgreSQL: how to open it, begin a transaction, and say what went wrong."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from creditctl.errors import Busy, DatabaseUnreadable, DiskFull, DriverMissing
from creditctl.store.trip_postgres import is_answering

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_RETRYABLE = {"40001", "40P01", "55P03"}
_FULL = "53100"
_READ_ONLY = "25006"
_UNSUPPORTED = "0A000"
_NO_TABLE = "42P01"
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
    # Transactions begin with several statements in one message, which the driver would not send.
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
    """Whether an idle connection is open: what has ended on the other side has said so."""
    return not connection.closed and not is_answering(connection)


def version(_: Any) -> tuple[int, int] | None:
    """Nobody knows whether others have written."""
    return None


def beginning(*, read_only: bool, flushed: bool) -> list[str]:
    """What a transaction begins with; they go with its first statement (see `trip_postgres`).

    Readers see one snapshot; writers read what is committed and lock what they change. What is not
    `flushed` reaches the disk a moment after its commit.
    """
    mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY" if read_only else "READ WRITE"
    waits = [] if flushed else ["SET LOCAL synchronous_commit = off"]
    return [
        f"BEGIN {mode}",
        "SELECT version_num FROM alembic_version",
        "SET LOCAL lock_timeout = '30s'",
        *waits,
    ]


def check_begun(results: Sequence[Any], check: Callable[[str | None], None]) -> None:
    """Have the migration checked that the database is at; None: it has no schema.

    `results` are those of what it begins with. Raises DatabaseUnreadable where one only reads; what
    else went wrong is raised by who sent them.
    """
    from psycopg.pq import ExecStatus

    opened, revision = results[:2]
    if _state(opened) == _UNSUPPORTED:
        # To write, of a server that follows another one.
        raise _read_only(opened.error_message.decode(errors="replace"))
    if _state(revision) == _NO_TABLE:
        check(None)
    elif revision.status == ExecStatus.TUPLES_OK:
        check(revision.get_value(0, 0).decode() if revision.ntuples else None)


def _state(result: Any) -> str:
    """The SQLSTATE of a statement that went wrong."""
    from psycopg.pq import DiagnosticField

    return str((result.error_field(DiagnosticField.SQLSTATE) or b"").decode())


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
        return _read_only(str(problem))
    is_psycopg = type(problem).__module__.startswith("psycopg")
    name = type(problem).__name__
    is_ended = state is not None and state.startswith(_UNREACHABLE)
    if is_ended or (is_psycopg and name in ("OperationalError", "ConnectionTimeout")):
        return DatabaseUnreadable(
            f"PostgreSQL: {_first_line(problem)}",
            hint="check that the server runs, and the URL given with --db",
        )
    return None


def _read_only(words: str) -> DatabaseUnreadable:
    return DatabaseUnreadable(
        f"PostgreSQL: the database is read-only: {words.strip().splitlines()[0]}",
        hint="give --db the server that takes changes, not one that follows it",
    )


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0]
