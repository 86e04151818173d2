"""Empty databases on a PostgreSQL server, emptied and lent again: making one takes a third of a
second, emptying one a hundredth of that.
"""

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from creditctl.store.engine import UnitOfWork
from creditctl.store.migrate import migrate
from kept_connections import KeptConnections

_ROWS_BETWEEN_VACUUMS = 2000
"""Seldom: a vacuumed table gives its pages back, and the next test has to ask for them again."""

_numbers = itertools.count(1)

_TABLES = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    ORDER BY relname
"""
_COUNT_CHANGES = """
    CREATE SCHEMA watched;
    CREATE SEQUENCE watched.changes;
    CREATE FUNCTION watched.count_change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_EVENT = 'sql_drop' THEN
            IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary) THEN
                PERFORM nextval('watched.changes');
            END IF;
        ELSIF EXISTS (SELECT FROM pg_event_trigger_ddl_commands()
                      WHERE schema_name IS DISTINCT FROM 'pg_temp') THEN
            PERFORM nextval('watched.changes');
        END IF;
    END $$;
    CREATE EVENT TRIGGER changed ON ddl_command_end EXECUTE FUNCTION watched.count_change();
    CREATE EVENT TRIGGER dropped ON sql_drop EXECUTE FUNCTION watched.count_change();
"""
_SCHEMA = "SELECT last_value, is_called, (SELECT MAX(version_num) FROM alembic_version)"
"""How often it was changed, and the migration it is at."""

_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL(%s)
      AND backend_type = 'client backend'
"""
_RESTART_NUMBERS = """
    SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
    WHERE seqrelid <> 'watched.changes'::regclass AND pg_sequence_last_value(seqrelid) IS NOT NULL
"""


@dataclass
class LentDatabase:
    """An empty database, and the connection of its own that looks after it."""

    server: str
    name: str
    connection: Any
    tables: tuple[str, ...]
    schema: tuple[Any, ...]
    since_vacuum: Counter[str] = field(default_factory=Counter)
    """Rows deleted, by table."""

    kept: KeptConnections = field(default_factory=KeptConnections)
    """Of one test after the other: a new one has to read the schema before its first statement."""

    @property
    def url(self) -> str:
        return named(self.server, self.name)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A snapshot, as from `engine.reading`, on a connection that knows the schema already."""
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield UnitOfWork("postgresql", self.connection)
        finally:
            # After a ROLLBACK the driver would prepare all its statements again.
            self.connection.execute("COMMIT")

    def emptied(self) -> bool:
        """Make it as it was when it was made; False when its schema is another one now."""
        import psycopg

        self.kept.drop_others(self.url)
        self.connection.execute(_END_OTHERS, [self.kept.processes()])
        try:
            *schema, filled = self.connection.execute(_asking(self.tables)).fetchone()
        except psycopg.errors.UndefinedTable:
            return False
        if tuple(schema) != self.schema:
            return False
        self._delete([table for table, has in zip(self.tables, filled, strict=True) if has == "1"])
        self.connection.execute(_RESTART_NUMBERS)
        return True

    def _delete(self, tables: list[str]) -> None:
        if tables:
            cursor = self.connection.execute("; ".join(f"DELETE FROM {table}" for table in tables))
            for table in tables:
                self.since_vacuum[table] += cursor.rowcount
                cursor.nextset()
        if self.since_vacuum.total() > _ROWS_BETWEEN_VACUUMS:
            self.connection.execute(f"VACUUM {', '.join(self.since_vacuum)}")
            self.since_vacuum.clear()

    def drop(self) -> None:
        self.kept.close()
        self.connection.close()
        on_server(self.server, f"DROP DATABASE {self.name} WITH (FORCE)")


class EmptyDatabases:
    """Lends databases with the newest schema and no rows; needs a superuser on the server.

    A database whose schema a test has changed is not lent again.
    """

    def __init__(self, server: str) -> None:
        self.server = server
        self._template = f"creditctl_template_{os.getpid()}_{next(_numbers)}"
        self._free: list[LentDatabase] = []
        on_server(server, f"CREATE DATABASE {self._template}")
        migrate(named(server, self._template))

    @contextmanager
    def lent(self) -> Iterator[LentDatabase]:
        """An empty database that nobody else has until the end of the block."""
        database = self._free.pop() if self._free else self._made()
        try:
            yield database
        finally:
            if database.emptied():
                self._free.append(database)
            else:
                database.drop()

    def close(self) -> None:
        """Drop every database, the template too."""
        while self._free:
            self._free.pop().drop()
        on_server(self.server, f"DROP DATABASE {self._template} WITH (FORCE)")

    def _made(self) -> LentDatabase:
        import psycopg

        name = f"creditctl_test_{os.getpid()}_{next(_numbers)}"
        copied = f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY"
        on_server(self.server, copied)
        connection = psycopg.connect(named(self.server, name), autocommit=True)
        # All that is asked here is asked after every test.
        connection.prepare_threshold, connection.prepared_max = 1, None
        tables = tuple(table for (table,) in connection.execute(_TABLES))
        connection.execute(_COUNT_CHANGES)
        # Neither guards nor foreign keys are asked: every table is emptied.
        connection.execute("SET session_replication_role = replica")
        *schema, _ = connection.execute(_asking(tables)).fetchone() or ()
        return LentDatabase(self.server, name, connection, tables, tuple(schema))


@cache
def _asking(tables: tuple[str, ...]) -> str:
    """The query for `_SCHEMA`; its last column is a 1 for each table that has rows, else a 0."""
    filled = " || ".join(
        f"CASE WHEN EXISTS (SELECT FROM {table}) THEN '1' ELSE '0' END" for table in tables
    )
    return f"{_SCHEMA}, {filled} FROM watched.changes"


def on_server(server: str, sql: str) -> None:
    """Run a statement that no transaction may hold."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql)


def named(server: str, name: str) -> str:
    """URL of another database on the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
