"""The one place that opens the database and begins and ends transactions.

Statements are written once, with `:name` parameters, and run unchanged on SQLite and PostgreSQL.
They go through the drivers: importing an ORM costs half a second a command (DESIGN 8).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any

from creditctl.errors import (
    CreditctlError,
    DatabaseMissing,
    DatabaseOutdated,
    DatabaseUnreadable,
    DiskFull,
    InvalidInput,
)
from creditctl.store import driver_sqlite
from creditctl.store.connections import IdleConnections, Kind
from creditctl.store.kept_tables import remember_tables
from creditctl.store.schema_version import HEAD
from creditctl.store.transaction import DRIVERS, UnitOfWork

__all__ = [
    "UnitOfWork",
    "dialect_of",
    "kept_open",
    "reading",
    "rehearsal",
    "reusing_connections",
    "unit_of_work",
]

_IDLE: ContextVar[IdleConnections | None] = ContextVar("idle connections", default=None)
"""Where the next transaction looks for a connection."""

_BROKEN = (DatabaseUnreadable, DiskFull)
"""After these a connection is not used again."""


def unit_of_work(database: str, *, flushed: bool = True) -> AbstractContextManager[UnitOfWork]:
    """Open a writing transaction; commits at the end of the block, rolls back on any exception.

    SQLite: BEGIN IMMEDIATE, so that two writers queue instead of losing updates. PostgreSQL: READ
    COMMITTED, where callers lock the organizations they touch in id order. What is not `flushed`
    a power cut may lose until the next one is that is: for steps of work that would be done again.
    Raises Busy when another writer stays in the way, DatabaseMissing or DatabaseOutdated when
    there is no schema.
    """
    return _transaction(database, flushed=flushed)


def reading(database: str) -> AbstractContextManager[UnitOfWork]:
    """Open one consistent snapshot that cannot write."""
    return _transaction(database, read_only=True)


def rehearsal(database: str) -> AbstractContextManager[UnitOfWork]:
    """Open a writing transaction that is always rolled back: how `--dry-run` works."""
    return _transaction(database, keep=False)


@contextmanager
def kept_open(database: str) -> Iterator[Callable[[], None]]:
    """Keep the database open, and its connections, while large transactions come and go.

    They are those of the block around this one if it keeps even what they have staged. SQLite
    tidies up at the last close: yields what makes it begin already, beside the next one.
    """
    driver, around = DRIVERS[dialect_of(database)], _IDLE.get()
    own: AbstractContextManager[IdleConnections] = closing(IdleConnections(keep_staged=True))
    if around is not None and around.keeps(has_staged=True):
        own = nullcontext(around)
    with own as idle, reusing_connections(idle):
        if driver is not driver_sqlite:
            yield _nothing
            return
        with _beside(idle, database) as one, driver.settling(one) as settle:
            yield settle


@contextmanager
def _beside(idle: IdleConnections, database: str) -> Iterator[Any]:
    """A connection to an SQLite file that holds it open while others come and go."""
    kind = (database, False)
    one = idle.take(kind)
    with driver_sqlite.translated_errors():
        if one is None or not driver_sqlite.is_usable(one, database):
            one = driver_sqlite.connect(database, read_only=False)
        try:
            # Only who has read something holds the database open.
            driver_sqlite.schema_revision(one)
            yield one
        finally:
            if not _is_kept(idle, kind, one):
                one.close()


def _nothing() -> None:
    """What PostgreSQL has to tidy up: it does so by itself."""


def dialect_of(database: str) -> str:
    """`sqlite` or `postgresql`; raises InvalidInput for any other URL."""
    dialect = database.partition("://")[0]
    if dialect not in DRIVERS:
        raise InvalidInput(
            f"{dialect!r} is not a database this tool knows",
            hint="use sqlite:///PATH or postgresql://USER@HOST/NAME",
        )
    return dialect


@contextmanager
def reusing_connections(idle: IdleConnections | None = None) -> Iterator[None]:
    """Let the transactions of this block use connections that are kept, not open each its own.

    Many short ones are several times as fast: opening costs more than a few statements do. Only
    for this thread; `idle` belongs to the caller. None: those of the block around this one, else
    what is kept is closed at the end.
    """
    outer = _IDLE.get()
    own = idle or outer or IdleConnections()
    before = _IDLE.set(own)
    try:
        yield
    finally:
        _IDLE.reset(before)
        if own is not idle and own is not outer:
            own.close()


@contextmanager
def _transaction(
    database: str, *, read_only: bool = False, keep: bool = True, flushed: bool = True
) -> Iterator[UnitOfWork]:
    unit, idle = _begun(database, read_only=read_only, flushed=flushed), _IDLE.get()
    unit.keeps_staged = idle is not None and idle.keeps(has_staged=True)
    is_whole = False
    try:
        yield unit
        # The last rows and the commit are one trip; what else comes last may copy rows, alone.
        is_short = unit.at_the_end and not unit.before_commit
        with unit.in_one_trip() if is_short else nullcontext():
            for write, rows in unit.at_the_end.items():
                write(unit, rows)
            for finish in unit.before_commit:
                finish(unit)
            if keep:
                unit.commit()
        if keep:
            remember_tables(unit.connection, unit.staged)
        is_whole = True
    except Exception as problem:
        is_whole = not isinstance(problem, _BROKEN)
        raise
    finally:
        # Closing an open transaction rolls it back on both drivers.
        is_kept = is_whole and idle is not None and idle.keeps(has_staged=unit.has_staged)
        kind = _kind(idle, database, read_only=read_only)
        if not (is_kept and _is_kept(idle, kind, unit.connection)):
            unit.connection.close()


def _kind(idle: IdleConnections | None, database: str, *, read_only: bool) -> Kind:
    """What connection is looked for: where the transaction says whether it only reads, any will do.

    PostgreSQL has few connections: those that read must not keep the writers' places while idle.
    """
    if dialect_of(database) == "postgresql" or (idle is not None and idle.reads_where_it_writes):
        return database, False
    return database, read_only


def _is_kept(idle: IdleConnections | None, kind: Kind, connection: Any) -> bool:
    """Whether the connection went back to those that wait for the next transaction."""
    driver = DRIVERS[dialect_of(kind[0])]
    with suppress(CreditctlError), driver.translated_errors():
        return idle is not None and driver.ended(connection) and idle.keep(kind, connection)
    return False


def _begun(database: str, *, read_only: bool, flushed: bool) -> UnitOfWork:
    """A transaction on an idle connection or a new one; an idle one that has died is no error."""
    dialect = dialect_of(database)
    driver = DRIVERS[dialect]
    idle = _IDLE.get()
    kind = _kind(idle, database, read_only=read_only)
    connection = idle.take(kind) if idle is not None else None
    if idle is not None and connection is not None:
        if driver.is_usable(connection, database):
            with suppress(DatabaseUnreadable):
                return _begun_on(dialect, connection, read_only=read_only, flushed=flushed)
        connection.close()
        idle.drop(kind)
    with driver.translated_errors():
        connection = driver.connect(database, read_only=kind[1])
        if idle is not None and idle.reads_where_it_writes and not idle.is_settled:
            driver.expect_small_transactions(connection)
    return _begun_on(dialect, connection, read_only=read_only, flushed=flushed)


def _begun_on(dialect: str, connection: Any, *, read_only: bool, flushed: bool) -> UnitOfWork:
    unit = UnitOfWork(dialect, connection)
    try:
        with DRIVERS[dialect].translated_errors():
            unit.begin(_check_schema, read_only=read_only, flushed=flushed)
    except BaseException:
        connection.close()
        raise
    return unit


def _check_schema(revision: str | None) -> None:
    if revision is None:
        raise DatabaseMissing("this database has no creditctl tables")
    if revision != HEAD:
        raise DatabaseOutdated(f"the schema is at {revision}, this version needs {HEAD}")
