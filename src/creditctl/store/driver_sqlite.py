"""SQLite: how to open it, begin a transaction, and say what went wrong."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count
from pathlib import Path
from threading import Thread, local
from urllib.parse import quote

from creditctl.errors import Busy, DatabaseMissing, DatabaseUnreadable, DiskFull

BUSY_TIMEOUT_SECONDS = 30
"""How long a writer queues behind another before it gives up with Busy."""

_LOOK_AGAIN_SECONDS = 0.003
"""SQLite's own waiting looks ten times a second in the end: who writes much in short pauses would
keep everybody else out."""

_LONG_SECONDS, _PAUSE_SECONDS = 0.05, 3 * _LOOK_AGAIN_SECONDS
"""Who held the lock for so long pauses before the next transaction: others have looked by then."""

STAGING = "staging"
"""A database in memory beside the real one: what is about to be written (see `sqlite_image`)."""

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # Otherwise REPLACE would delete rows without asking the triggers that keep them.
    "PRAGMA recursive_triggers = ON",
    "PRAGMA cache_size = -40960",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    # 128 MB of log: what several transactions of an import change in a page is copied once, and
    # while the next ones are prepared (see `settling`).
    "PRAGMA wal_autocheckpoint = 16384",
)

_SHORT_LOG = "PRAGMA wal_autocheckpoint = 1000"
"""8 MB, which are written over and over: a log that gets longer takes twice as long to a disk."""

_SYNCHRONOUS = {True: "FULL", False: "NORMAL"}
"""Whether commits wait for the disk: FULL keeps the last ones through a power cut."""

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
# The second: the index of the log, in memory shared by file, cannot get longer.
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")
_UNUSABLE = (
    "SQLITE_CANTOPEN",
    "SQLITE_CORRUPT",
    "SQLITE_IOERR",
    "SQLITE_NOTADB",
    "SQLITE_PERM",
    "SQLITE_READONLY",
)


def statement(sql: str) -> str:
    """SQLite takes `:name` as it is."""
    return sql


PAGE_BYTES = 8192
"""Of a new database: fewer, fuller pages make an import a tenth faster than SQLite's 4096."""


_numbers = count(1)
_SCHEME = "sqlite:///"


@lru_cache(maxsize=16)
def path_of(database: str) -> Path:
    """The file that `sqlite:///PATH` names."""
    return Path(database.removeprefix(_SCHEME))


class _Connection(sqlite3.Connection):
    """Knows which file it opened: a restored one has the same name and is another."""

    file: tuple[int, int]
    number: int
    """No other one of this process has it."""

    changes_before: int | None = None
    """Rows it had changed when the transaction began that must not write."""

    flushed = True
    """Whether commits wait for the disk."""

    locked_at = 0.0
    """When it took the write lock."""


def connect(database: str, *, read_only: bool) -> sqlite3.Connection:
    """Open an existing file; raises DatabaseMissing when there is none."""
    path = path_of(database)
    if not path.exists():
        raise DatabaseMissing(f"there is no database at {path}")
    if path.is_dir():
        raise DatabaseUnreadable(f"{path} is a directory")
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        factory=_Connection,
        # One thread uses it at a time, not always the same: see `store.connections`.
        check_same_thread=False,
    )
    connection.file, connection.number = _file_at(str(path)), next(_numbers)
    for pragma in (*_PRAGMAS, f"PRAGMA synchronous = {_SYNCHRONOUS[True]}"):
        connection.execute(pragma)
    if not read_only:
        connection.execute(f"ATTACH ':memory:' AS {STAGING}")
    connection.execute(f"PRAGMA busy_timeout = {round(1000 * _LOOK_AGAIN_SECONDS)}")
    return connection


def expect_small_transactions(connection: sqlite3.Connection) -> None:
    """For a connection that stays open for many of them, of which each waits for the disk."""
    connection.execute(_SHORT_LOG)


def is_usable(connection: _Connection, database: str) -> bool:
    """Whether an idle connection is to the file that has this name now."""
    try:
        return connection.file == _file_at(database.removeprefix(_SCHEME))
    except OSError:
        return False


def begin(connection: _Connection, *, read_only: bool, flushed: bool = True) -> str | None:
    """Writers take the write lock at once: a later upgrade could not wait for it.

    What is not `flushed` reaches the disk with the next commit that is, or as the log is settled.
    Returns the migration this database is at, or None without a schema.
    """
    if connection.flushed != flushed:
        connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[flushed]}")
        connection.flushed = flushed
    # Not by `PRAGMA query_only`, after which every statement would be planned anew: see `commit`.
    connection.changes_before = connection.total_changes if read_only else None
    if read_only:
        connection.execute("BEGIN")
    else:
        _turns.wait()
        _patiently(connection, "BEGIN IMMEDIATE")
        connection.locked_at = time.monotonic()
    return schema_revision(connection)


def ended(connection: _Connection) -> bool:
    """Roll back what is not committed; whether the connection can be used again."""
    if connection.in_transaction:
        connection.rollback()
    return True


def commit(connection: _Connection) -> None:
    """Keep what was done; raises RuntimeError, and keeps nothing, if it was only to be read."""
    before = connection.changes_before
    if before is not None and connection.total_changes != before:
        connection.rollback()
        raise RuntimeError("a transaction that only reads has written")
    connection.commit()
    if before is None:
        _turns.ended(connection.locked_at)


@contextmanager
def sorting(connection: sqlite3.Connection) -> Iterator[None]:
    """Statements inside sort in memory that is taken at once, not row by row: a quarter less work.

    As SQLite does where it may use files, which it begins only beyond the size of the cache. What
    else is temporary is slower so; and where tables are, they forbid the change.
    """
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA temp_store = MEMORY")


@contextmanager
def settling(connection: sqlite3.Connection) -> Iterator[Callable[[], None]]:
    """Yields what begins to bring the log into the file, in a thread, unless that is being done.

    It keeps nobody from writing, who then has less to bring there in the middle of his work.
    """
    running = Thread()

    def begin() -> None:
        nonlocal running
        if not running.is_alive():
            running = Thread(target=settle, args=(connection,), name="settle")
            running.start()

    try:
        yield begin
    finally:
        if running.is_alive():
            running.join()
        # What came after the thread had begun is on the disk too when this ends.
        settle(connection)


def settle(connection: sqlite3.Connection) -> None:
    """Bring the log into the file, as far as nobody is in the way."""
    # What is committed is safe in the log: whoever comes next tries again, the last close at last.
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def schema_revision(connection: sqlite3.Connection) -> str | None:
    """The migration this database is at, or None without a schema."""
    with translated_errors():
        try:
            row = _patiently(connection, "SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError as problem:
            if "no such table" in str(problem):
                return None
            raise
    return None if row is None else str(row[0])


def version(connection: _Connection) -> tuple[int, int] | None:
    """Changes when another connection has written since; not by what this one writes.

    In a transaction that has begun to read: of what it sees.
    """
    return connection.number, int(connection.execute("PRAGMA data_version").fetchone()[0])


class _Turns(local):
    """Of each thread: SQLite's lock has no queue, and who had it would always be the next."""

    _next_at = 0.0

    def ended(self, locked_at: float) -> None:
        """A transaction that wrote since then is over."""
        now = time.monotonic()
        if now - locked_at >= _LONG_SECONDS:
            self._next_at = now + _PAUSE_SECONDS

    def wait(self) -> None:
        """Let those begin who waited all the while."""
        if self._next_at and (left := self._next_at - time.monotonic()) > 0:
            time.sleep(left)


_turns = _Turns()


def _patiently(connection: sqlite3.Connection, sql: str) -> sqlite3.Cursor:
    """Execute a statement that waits until nobody is in its way; raises what SQLite does."""
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            return connection.execute(sql)
        except sqlite3.OperationalError as problem:
            if not _is_busy(problem) or time.monotonic() >= until:
                raise
        # Where SQLite cannot sleep for less than a second it does not wait at all.
        time.sleep(_LOOK_AGAIN_SECONDS / 3)


def _is_busy(problem: sqlite3.Error) -> bool:
    return getattr(problem, "sqlite_errorname", "").startswith(_BUSY)


def _file_at(path: str) -> tuple[int, int]:
    # Asked for each transaction: a Path takes longer to make than the answer.
    found = os.stat(path)  # noqa: PTH116
    return found.st_dev, found.st_ino


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what a user can meet into our errors; the rest are bugs and stay as they are."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        name = getattr(problem, "sqlite_errorname", "")
        if _is_busy(problem):
            raise Busy("another process holds the database's write lock") from problem
        if name in _FULL:
            raise DiskFull("the disk with the database is full") from problem
        if name.startswith(_UNUSABLE):
            raise DatabaseUnreadable(f"SQLite: {problem}") from problem
        raise
