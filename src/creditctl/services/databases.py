"""The database itself: make it, migrate it, say where it stands."""

import re
from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import DatabaseMissing, DatabaseOutdated
from creditctl.store.driver_sqlite import path_of
from creditctl.store.engine import dialect_of, reading
from creditctl.store.migrate import create_file, current_revision, migrate
from creditctl.store.schema_version import HEAD

COUNTED = ("organization", "api_key", "credit_grant", "ledger_entry", "usage_event", "invoice")
"""Tables whose rows are told in the status."""


@dataclass(frozen=True, slots=True)
class Migration:
    """From which migration to which a database was brought; None is an empty one."""

    database: str
    previous: str | None
    revision: str
    changed: bool


@dataclass(frozen=True, slots=True)
class TableSize:
    """Rows of one table."""

    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """Where a database stands."""

    database: str
    kind: str
    revision: str
    newest_revision: str
    is_current: bool
    tables: tuple[TableSize, ...]


def initialize_database(context: Context) -> Migration:
    """Make the database if there is none, with the newest schema; repeating changes nothing."""
    if dialect_of(context.database) == "sqlite":
        create_file(context.database)
    return _migrated(context)


def migrate_database(context: Context) -> Migration:
    """Bring an existing database to the newest schema; raises DatabaseMissing."""
    if current_revision(context.database) is None:
        raise DatabaseMissing("this database has no creditctl tables")
    return _migrated(context)


def database_status(context: Context) -> DatabaseStatus:
    """Kind, revision and row counts; raises DatabaseMissing, DatabaseUnreadable."""
    revision = current_revision(context.database)
    if revision is None:
        raise DatabaseMissing("this database has no creditctl tables")
    return DatabaseStatus(
        database=without_password(context.database),
        kind=dialect_of(context.database),
        revision=revision,
        newest_revision=HEAD,
        is_current=revision == HEAD,
        tables=_sizes(context) if revision == HEAD else (),
    )


def without_password(database: str) -> str:
    """The URL as it may be shown."""
    if dialect_of(database) == "sqlite":
        return str(path_of(database))
    named = re.sub(r"^(\w+://[^:@/?]*:)[^/?]*(?=@)", r"\1…", database)
    return re.sub(r"(?<=[?&]password=)[^&]*", "…", named)


def _migrated(context: Context) -> Migration:
    previous = current_revision(context.database)
    if previous is not None and previous > HEAD:
        raise DatabaseOutdated(f"the schema is at {previous}, this version knows up to {HEAD}")
    if previous != HEAD:
        migrate(context.database)
    return Migration(without_password(context.database), previous, HEAD, previous != HEAD)


def _sizes(context: Context) -> tuple[TableSize, ...]:
    with reading(context.database) as unit:
        return tuple(
            TableSize(table, int(unit.fetch_value(f"SELECT COUNT(*) FROM {table}")))  # noqa: S608
            for table in COUNTED
        )
