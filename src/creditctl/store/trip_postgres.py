"""Statements sent to PostgreSQL together: one message there, one back, each planned once.

The driver's own pipeline sends every statement by itself and looks for answers in between, which
costs more than the server needs for a small one.
"""

import itertools
import re
import selectors
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

_Key: TypeAlias = tuple[bytes, tuple[int, ...]]

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_BYTES = 17
_KINDS = {int: 20, bool: 16, bytes: _BYTES, str: 0, type(None): 0}
"""Types of parameters, as the server numbers them; 0: as the statement uses it."""

_SELECTOR = getattr(selectors, "PollSelector", selectors.SelectSelector)
_numbers = itertools.count(1)

_prepared: "WeakKeyDictionary[Any, dict[_Key, bytes]]" = WeakKeyDictionary()
"""Names of the statements that a connection knows, by text and types."""

_readers: "WeakKeyDictionary[Any, Any]" = WeakKeyDictionary()
"""What reads the rows that a connection received: it looks up each type once."""


class Answer:
    """What a statement of a trip returns; who reads it waits for the trip."""

    def __init__(self, trip: "Trip") -> None:
        self._trip = trip
        self.result: Any = None
        self._rows: list[tuple[Any, ...]] | None = None

    @property
    def rowcount(self) -> int:
        """How many rows were changed; 0 before the trip: nobody waits to know it."""
        return 0 if self.result is None else self.result.command_tuples or 0

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        if self._rows is None:
            self._rows = self._trip.rows_of(self)
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.fetchall()
        return rows[0] if rows else None


class Trip:
    """What waits of a transaction's statements: it goes when an answer is read, or when told to."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._asked: list[_Asked] = []
        self._begun: Callable[[Sequence[Any]], None] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to be sent."""
        return bool(self._asked)

    def begin(self, statements: Sequence[str], begun: Callable[[Sequence[Any]], None]) -> None:
        """Have these go first, and tell `begun` their results before anything else is raised."""
        answers = [self.ask(sql, {}) for sql in statements]
        self._begun = lambda results: begun(results[: len(answers)])

    def drop(self) -> None:
        """Do not send what waits."""
        self._asked = []

    def takes(self, parameters: Mapping[str, Any]) -> bool:
        """Whether it knows how to send them."""
        return all(type(value) in _KINDS for value in parameters.values())

    def ask(self, sql: str, parameters: Mapping[str, Any]) -> Answer:
        """Add a statement with `:name` parameters."""
        text, names = _numbered(sql)
        values = [parameters[name] for name in names]
        key, answer = (text, tuple(_KINDS[type(value)] for value in values)), Answer(self)
        self._asked.append((key, [_dumped(value) for value in values], answer))
        return answer

    def rows_of(self, answer: Answer) -> list[tuple[Any, ...]]:
        """The rows of an answer that is here, or comes now."""
        if answer.result is None:
            self.go()
        read = _reader_of(self._connection)
        read.set_pgresult(answer.result)
        return list(read.load_rows(0, answer.result.ntuples, tuple))

    def go(self) -> None:
        """Send what was asked, and wait for all answers; raises what went wrong first."""
        asked, self._asked = self._asked, []
        if not asked:
            return
        connection = self._connection.pgconn
        known, new = _prepared.setdefault(self._connection, {}), dict[_Key, bytes]()
        connection.enter_pipeline_mode()
        for key, values, _ in asked:
            name = known.get(key) or new.get(key)
            if name is None:
                name = new[key] = b"trip_%d" % next(_numbers)
                connection.send_prepare(name, key[0], key[1])
            # Bytes as they are, everything else as words.
            connection.send_query_prepared(name, values, [int(kind == _BYTES) for kind in key[1]])
        connection.pipeline_sync()
        results = _received(connection, len(asked) + len(new) + 1)
        connection.exit_pipeline_mode()
        _place(asked, set(new), results)
        self._check(asked, results)
        known.update(new)

    def _check(self, asked: Sequence["_Asked"], results: Sequence[Any]) -> None:
        begun, self._begun = self._begun, None
        failed = next((one for one in results if has_failed(one)), None)
        if failed is not None:
            forget(self._connection)
        if begun is not None:
            begun([answer.result for _, _, answer in asked])
        if failed is not None:
            raise self.error_of(failed)

    def error_of(self, result: Any) -> Exception:
        """What the driver raises for it."""
        from psycopg.errors import error_from_result

        return error_from_result(result, self._connection.info.encoding)


_Asked: TypeAlias = tuple[_Key, list[bytes | None], Answer]


def has_failed(result: Any) -> bool:
    """Whether a statement went wrong by itself; those after it were not run."""
    from psycopg.pq import ExecStatus

    return bool(result.status == ExecStatus.FATAL_ERROR)


def _place(asked: Sequence[_Asked], new: set[_Key], results: Sequence[Any]) -> None:
    """Give answers their results; of a statement that could not be prepared, why not."""
    placed = iter(results)
    for key, _, answer in asked:
        answer.result = next(placed)
        if key in new:
            new.remove(key)
            executed = next(placed)
            if not has_failed(answer.result):
                answer.result = executed


def forget(connection: Any) -> None:
    """Prepare anew what it is asked next: the driver has the server forget all after a DROP."""
    _prepared.pop(connection, None)


def is_answering(connection: Any) -> bool:
    """Whether there is something to be read, though nothing was asked: mostly that it is over."""
    with _SELECTOR() as selector:
        selector.register(connection.pgconn.socket, selectors.EVENT_READ)
        return bool(selector.select(0))


def _reader_of(connection: Any) -> Any:
    from psycopg.adapt import Transformer

    found = _readers.get(connection)
    if found is None:
        found = _readers[connection] = Transformer(connection)
    return found


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement as the server takes it, and the names of its parameters in order."""
    names: dict[str, int] = {}
    text = _PARAMETER.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", sql)
    return text.encode(), tuple(names)


def _dumped(value: Any) -> bytes | None:
    if value is None or type(value) is bytes:
        return value
    text = ("f", "t")[value] if type(value) is bool else str(value)
    if "\0" in text:
        from psycopg import DataError

        raise DataError("PostgreSQL text has no NUL")
    return text.encode()


def _received(connection: Any, number: int) -> list[Any]:
    """The results of as many commands, once all of them are sent."""
    from psycopg import OperationalError

    results: list[Any] = []
    with _SELECTOR() as selector:
        selector.register(connection.socket, selectors.EVENT_READ)
        while connection.flush():
            selector.modify(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            for _, events in selector.select():
                if events & selectors.EVENT_READ:
                    connection.consume_input()
            selector.modify(connection.socket, selectors.EVENT_READ)
        was_end = False
        while len(results) < number:
            while connection.is_busy():
                selector.select()
                connection.consume_input()
            result = connection.get_result()
            if result is not None:
                results.append(result)
            elif was_end:
                raise OperationalError("the connection is lost")
            was_end = result is None
    return results
