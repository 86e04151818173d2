"""What a transaction does: statements, rows as values, and what is left for its end."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar, cast, overload

from creditctl.store import driver_postgres, driver_sqlite
from creditctl.store.questions import Questions, asked_of_each
from creditctl.store.rows import decoder, encoded
from creditctl.store.trip_postgres import Trip

Row = TypeVar("Row")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
Parameters = Mapping[str, Any]

DRIVERS = {"sqlite": driver_sqlite, "postgresql": driver_postgres}


class UnitOfWork:
    """An open transaction: everything done through it is committed together or not at all."""

    def __init__(self, dialect: str, connection: Any) -> None:
        self.dialect = dialect
        self.connection = connection
        self.before_commit: list[Callable[[UnitOfWork], None]] = []
        """Last steps, in order; what they lock is held for the shortest time."""

        self.at_the_end: dict[Write, list[Any]] = {}
        """Rows that all organizations share, by what writes all of them just before the commit."""

        self.has_staged = False
        """Whether the connection holds more than the database does: then it is not used again."""

        self._trip: Trip | None = None
        """Statements that are sent together, within `in_one_trip` on PostgreSQL."""

        self._questions: Questions | None = None
        """What is known within `together` on PostgreSQL."""

        self.staged: dict[str, str] = {}
        """Temporary tables that end with the transaction, and their columns."""

        self._statement = DRIVERS[dialect].statement
        self._translated = DRIVERS[dialect].translated_errors

    def later(self, write: "Write", row: Any) -> None:
        """Have `write(unit, rows)` called once, before `before_commit`, with all such rows."""
        self.at_the_end.setdefault(write, []).append(row)

    def now(self, write: "Write") -> None:
        """Write what was left for the end, because what follows reads it."""
        if rows := self.at_the_end.pop(write, None):
            write(self, rows)

    def last(self, write: "Write") -> None:
        """Write that after all else: others wait for what it locks."""
        if rows := self.at_the_end.pop(write, None):
            self.at_the_end[write] = rows

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What the block does is taken back when it raises, and nothing else is."""
        hooks, rows, staged = self.before_commit, self.at_the_end, dict(self.staged)
        self.before_commit, self.at_the_end = [], {}
        self.run("SAVEPOINT step")
        try:
            yield
        except Exception:
            self.before_commit, self.at_the_end, self.staged = hooks, rows, staged
            # PostgreSQL's driver would forget the statements it prepared, were it to send this.
            with self.in_one_trip():
                self.run("ROLLBACK TO SAVEPOINT step")
                self.run("RELEASE SAVEPOINT step")
            raise
        self.run("RELEASE SAVEPOINT step")
        hooks.extend(self.before_commit)
        for write, some in self.at_the_end.items():
            rows.setdefault(write, []).extend(some)
        self.before_commit, self.at_the_end = hooks, rows

    @contextmanager
    def in_one_trip(self) -> Iterator[None]:
        """Statements of the block do not wait for each other's answers, unless these are read.

        What `run` returns means nothing there; what went wrong is raised at the end at the latest.
        """
        if self._trip is not None or self.dialect == "sqlite":
            yield
            return
        self._trip = Trip(self.connection)
        try:
            yield
            with self._translated():
                self._trip.go()
        finally:
            self._trip = None

    @overload
    def together(self, a: Callable[[], A], b: Callable[[], B], /) -> tuple[A, B]: ...
    @overload
    def together(
        self, a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /
    ) -> tuple[A, B, C]: ...
    @overload
    def together(
        self, a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], d: Callable[[], D], /
    ) -> tuple[A, B, C, D]: ...
    @overload
    def together(
        self,
        a: Callable[[], A],
        b: Callable[[], B],
        c: Callable[[], C],
        d: Callable[[], D],
        e: Callable[[], E],
        /,
    ) -> tuple[A, B, C, D, E]: ...
    def together(self, *questions: Callable[[], Any]) -> tuple[Any, ...]:
        """What functions return that only read, as if they were called one after the other.

        On PostgreSQL each may be called several times, and they share their round trips.
        """
        if self._questions is not None or self.dialect == "sqlite":
            return tuple(asked_of_each(questions))
        with self.in_one_trip(), self._translated():
            self._questions = Questions(cast(Trip, self._trip))
            try:
                return tuple(self._questions.answers_of(questions))
            finally:
                self._questions = None

    def commit(self) -> None:
        """Keep what was done; within `in_one_trip` at its end."""
        with self._translated():
            if self._trip is not None:
                self._trip.ask("COMMIT", {})
            else:
                DRIVERS[self.dialect].commit(self.connection)

    def version(self) -> tuple[int, int] | None:
        """Of what the transaction reads, but for what its own connection wrote; None: unknown.

        As long as it is the same, other connections have written nothing.
        """
        with self._translated():
            found: tuple[int, int] | None = DRIVERS[self.dialect].version(self.connection)
        return found

    def run(self, sql: str, **parameters: Any) -> int:
        """Execute a statement; returns the number of rows it changed."""
        return int(self._execute(sql, parameters).rowcount)

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Execute a statement once per row of parameters."""
        if self._trip is not None:
            for row in rows:
                self._execute(sql, row)
            return
        with self._translated():
            self.connection.cursor().executemany(
                self._statement(sql), [encoded(row) for row in rows]
            )

    def fetch(self, into: type[Row], sql: str, **parameters: Any) -> list[Row]:
        """All rows, each as an `into`: a frozen dataclass whose fields match the columns' order."""
        return self._decoded(into, self._execute(sql, parameters).fetchall())

    def fetch_one(self, into: type[Row], sql: str, **parameters: Any) -> Row | None:
        """The first row, or None."""
        row = self._execute(sql, parameters).fetchone()
        return None if row is None else decoder(cast(Hashable, into))(row)

    def asked(self, into: type[Row], sql: str, **parameters: Any) -> Callable[[], list[Row]]:
        """Ask now, and be answered `fetch`'s rows later: within `in_one_trip` many ask at once."""
        cursor = self._execute(sql, parameters)
        if self.dialect == "sqlite":
            found = cursor.fetchall()
            return lambda: self._decoded(into, found)

        def answer() -> list[Row]:
            with self._translated():
                rows = cursor.fetchall()
            return self._decoded(into, rows)

        return answer

    def fetch_rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """All rows as the database has them: integers stay micro-credits and microseconds."""
        rows: list[tuple[Any, ...]] = self._execute(sql, parameters).fetchall()
        return rows

    def fetch_value(self, sql: str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self._execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def insert(self, table: str, **values: Any) -> int:
        """Insert one row of named values into a table with an `id`; returns that id."""
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"  # noqa: S608
        return int(self.fetch_value(sql, **values))

    @staticmethod
    def _decoded(into: type[Row], rows: Iterable[Any]) -> list[Row]:
        decode = decoder(cast(Hashable, into))
        return [decode(row) for row in rows]

    def _execute(self, sql: str, parameters: Parameters) -> Any:
        values = encoded(parameters)
        try:
            if self._trip is not None:
                if self._trip.takes(values):
                    return (self._questions or self._trip).ask(sql, values)
                self._trip.go()
            return self.connection.cursor().execute(self._statement(sql), values)
        except Exception:
            # Only here: entered for each statement, it would cost as much as a small one does.
            with self._translated():
                raise


Write: TypeAlias = Callable[[UnitOfWork, list[Any]], None]
