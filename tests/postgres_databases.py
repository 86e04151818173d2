"""Empty databases on a PostgreSQL server, emptied and lent again: making one takes a third of a
second, emptying one a hundredth of that.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from creditctl.store.engine import UnitOfWork
from creditctl.store.migrate import migrate
from kept_connections import KeptConnections

_LENDINGS_BETWEEN_VACUUMS = 25
"""Seldom: a vacuumed table gives its pages back, and the next test has to ask for them again."""

_numbers = itertools.count(1)

_TABLES = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    ORDER BY relname
"""
_SCHEMA = """
    SELECT c.kind, COUNT(*), SUM(c.version::text::bigint) FROM (
        SELECT 'relation', xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'column', a.xmin
        FROM pg_attribute AS a JOIN pg_class AS r ON r.oid = a.attrelid
        WHERE r.relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'default', xmin FROM pg_attrdef
        UNION ALL SELECT 'constraint', xmin FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'index', i.xmin
        FROM pg_index AS i JOIN pg_class AS r ON r.oid = i.indexrelid
        WHERE r.relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', xmin FROM pg_trigger
        UNION ALL SELECT 'function', xmin FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'schema', xmin FROM pg_namespace WHERE nspname !~ '^pg_'
        UNION ALL SELECT 'migration', xmin FROM alembic_version
    ) AS c (kind, version) GROUP BY c.kind ORDER BY c.kind
"""
_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL(%s)
      AND backend_type = 'client backend'
"""
_RESTART_NUMBERS = """
    SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
    WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""


@dataclass
class LentDatabase:
    """An empty database, and the connection of its own that looks after it."""

    server: str
    name: str
    connection: Any
    emptying: str
    schema: list[tuple[Any, ...]]
    times: int = 0
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
            self.connection.execute("ROLLBACK")

    def emptied(self) -> bool:
        """Make it as it was when it was made; False when its schema is another one now."""
        import psycopg

        self.kept.drop_others(self.url)
        self.connection.execute(_END_OTHERS, [self.kept.processes()])
        try:
            if self.connection.execute(_SCHEMA).fetchall() != self.schema:
                return False
        except psycopg.errors.UndefinedTable:
            return False
        self.connection.execute(self.emptying)
        self.connection.execute(_RESTART_NUMBERS)
        self.times += 1
        if self.times % _LENDINGS_BETWEEN_VACUUMS == 0:
            self.connection.execute("VACUUM")
        return True

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
        tables = [table for (table,) in connection.execute(_TABLES)]
        # Neither guards nor foreign keys are asked: every table is emptied.
        connection.execute("SET session_replication_role = replica")
        schema = connection.execute(_SCHEMA).fetchall()
        emptying = "; ".join(f"DELETE FROM {table}" for table in tables)
        return LentDatabase(self.server, name, connection, emptying, schema)


def on_server(server: str, sql: str) -> None:
    """Run a statement that no transaction may hold."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql)


def named(server: str, name: str) -> str:
    """URL of another database on the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
