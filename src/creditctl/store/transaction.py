"""What a transaction does: statements, rows as values, and what is left for its end."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar, cast, overload

from creditctl.store import driver_postgres, driver_sqlite
from creditctl.store.each_row import ROWS
from creditctl.store.given import as_given
from creditctl.store.questions import Questions, asked_of_each
from creditctl.store.rows import decoder, encoded
from creditctl.store.trip_postgres import Trip

Row = TypeVar("Row")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
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

        self._trip = None if dialect == "sqlite" else Trip(connection)
        """Statements that wait to be sent together; only PostgreSQL is far away."""

        self._is_queueing = False
        """Whether statements wait, though their answers are not read: within `along`."""

        self._questions: Questions | None = None
        """What is known within `together` on PostgreSQL."""

        self.staged: dict[str, str] = {}
        """Temporary tables that hold rows of this transaction, and how they were declared."""

        self.keeps_staged = False
        """Whether the next transaction finds those that do not end with this one, emptied."""

        self._statement = DRIVERS[dialect].statement
        self._translated = DRIVERS[dialect].translated_errors

    def begin(self, check: Callable[[str | None], None], *, read_only: bool, flushed: bool) -> None:
        """Begin the transaction; `check` is told which migration the database is at.

        PostgreSQL is told so along with the first statement.
        """
        if self._trip is None:
            check(driver_sqlite.begin(self.connection, read_only=read_only, flushed=flushed))
            return
        self._trip.begin(
            driver_postgres.beginning(read_only=read_only, flushed=flushed),
            lambda results: driver_postgres.check_begun(results, check),
        )

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
        self.catch_up()
        try:
            yield
        except Exception:
            self.before_commit, self.at_the_end, self.staged = hooks, rows, staged
            if self._trip is not None:
                self._trip.drop()
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
        if self._trip is None or self._is_queueing:
            yield
            return
        with self.along():
            yield
        self.catch_up()

    @contextmanager
    def along(self) -> Iterator[None]:
        """Statements of the block go with what is asked next, or with the commit, before it.

        As `in_one_trip`, but nobody waits at the end: what went wrong is raised then.
        """
        outer, self._is_queueing = self._is_queueing, True
        try:
            yield
        finally:
            self._is_queueing = outer

    def catch_up(self) -> None:
        """Send what waits; for what uses the connection itself."""
        if self._trip is not None:
            with self._translated():
                self._trip.go()

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
    @overload
    def together(
        self,
        a: Callable[[], A],
        b: Callable[[], B],
        c: Callable[[], C],
        d: Callable[[], D],
        e: Callable[[], E],
        f: Callable[[], F],
        /,
    ) -> tuple[A, B, C, D, E, F]: ...
    def together(self, *questions: Callable[[], Any]) -> tuple[Any, ...]:
        """What functions return that only read, as if they were called one after the other.

        On PostgreSQL each may be called several times, and they share their round trips.
        """
        if self._trip is None:
            return tuple([question() for question in questions])
        if self._questions is not None:
            return tuple(asked_of_each(questions))
        with self.in_one_trip(), self._translated():
            self._questions = Questions(self._trip)
            try:
                return tuple(self._questions.answers_of(questions))
            finally:
                self._questions = None

    def commit(self) -> None:
        """Keep what was done; within `in_one_trip` at its end."""
        with self._translated():
            if self._trip is None or not (self._is_queueing or self._trip.is_waiting):
                DRIVERS[self.dialect].commit(self.connection)
                return
            self._trip.ask("COMMIT", {})
            if not self._is_queueing:
                self._trip.go()

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
        if self._trip is not None and self._is_queueing:
            for row in rows:
                self._execute(sql, row)
            return
        self.catch_up()
        with self._translated():
            self.connection.cursor().executemany(
                self._statement(sql), [encoded(row) for row in rows]
            )

    def run_each(self, sql: str, rows: Sequence[Sequence[int | str | bytes | None]]) -> int:
        """Execute a statement of `each_row` for plain rows; returns how many rows it changed."""
        if self.dialect != "sqlite":
            return self.run(sql, **{ROWS: as_given(rows)})
        with self._translated():
            return int(self.connection.executemany(sql, rows).rowcount)

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
            trip = self._trip
            if trip is not None and (self._is_queueing or trip.is_waiting):
                if trip.takes(values):
                    answer = (self._questions or trip).ask(sql, values)
                    if not self._is_queueing:
                        trip.go()
                    return answer
                trip.go()
            return self.connection.cursor().execute(self._statement(sql), values)
        except Exception:
            # Only here: entered for each statement, it would cost as much as a small one does.
            with self._translated():
                raise


Write: TypeAlias = Callable[[UnitOfWork, list[Any]], None]
