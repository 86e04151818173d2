"""Bring a database to the newest schema, or tell where it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from creditctl.errors import Busy, DatabaseMissing, DatabaseUnreadable
from creditctl.store.driver_sqlite import BUSY_TIMEOUT_SECONDS, PAGE_BYTES, path_of
from creditctl.store.engine import dialect_of

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: str, revision: str = "head") -> None:
    """Run every migration up to `revision`, each in a transaction of its own; repeating is safe."""
    from alembic import command

    with _connection(database) as connection:
        command.upgrade(_configuration(connection), revision)


def current_revision(database: str) -> str | None:
    """The migration the database is at; None when it has no schema."""
    from alembic.runtime.migration import MigrationContext

    with _connection(database) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def create_file(database: str) -> None:
    """Make the directory and the file of an SQLite database, readable by its owner alone."""
    path = path_of(database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as problem:
        raise DatabaseUnreadable(f"{path}: {problem.strerror}") from problem


def _configuration(connection: Any) -> Any:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    configuration.attributes["connection"] = connection
    return configuration


@contextmanager
def _connection(database: str) -> Iterator[Any]:
    from sqlalchemy import exc

    engine = _engine(database)
    try:
        with engine.connect() as connection:
            yield connection
    except exc.OperationalError as problem:
        cause = str(problem.orig).strip().splitlines()[0]
        if "locked" in cause:
            raise Busy("another process holds the database's write lock") from problem
        raise DatabaseUnreadable(cause) from problem
    except exc.DatabaseError as problem:
        raise DatabaseUnreadable(str(problem.orig).strip().splitlines()[0]) from problem
    finally:
        engine.dispose()


def _engine(database: str) -> Any:
    from sqlalchemy import create_engine, event

    if dialect_of(database) == "postgresql":
        return create_engine(database.replace("postgresql://", "postgresql+psycopg://", 1))
    if not path_of(database).exists():
        raise DatabaseMissing(f"there is no database at {path_of(database)}")
    engine = create_engine(
        database, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None}
    )

    # The driver would commit before every CREATE TABLE: begin ourselves, so a killed migration
    # leaves nothing behind.
    @event.listens_for(engine, "begin")
    def begin_immediate(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "connect")
    def write_ahead_log(connection: Any, _: Any) -> None:
        # Only a database that is still empty takes it.
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine
