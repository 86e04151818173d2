"""Many rows at once into SQLite: as a database in memory, or by prepared statements."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from sqlite3 import Connection
from typing import Any

from creditctl.store import driver_sqlite
from creditctl.store.driver_sqlite import STAGING, translated_errors
from creditctl.store.engine import UnitOfWork

CHUNK_ROWS = 250_000
"""What makes memory grow is the chunk, and its image beside it."""

_ROWS_EACH = 50
"""Of a statement that inserts rows as they come: half the work of a statement for each."""

_TYPES = {"key": "INTEGER PRIMARY KEY", "integer": "INTEGER", "binary": "BLOB", "text": "TEXT"}


def laid_out(tables: Mapping[str, Mapping[str, Any]]) -> Any:
    """The tables as the bytes of a database, where this Python can take them."""
    from creditctl.store.sqlite_image import database_image

    return database_image(tables) if hasattr(Connection, "deserialize") else tables


def stage(unit: UnitOfWork, layout: Any) -> None:
    """Lay the tables beside the database; they replace those that were staged before."""
    from creditctl.store.sqlite_image import FIRST_ROW

    unit.has_staged = True
    if not isinstance(layout, Mapping):
        with translated_errors():
            unit.connection.deserialize(layout, name=STAGING)
        return
    # A Python whose SQLite was built without it: slower, with the same result.
    for name, columns in layout.items():
        kinds = {column: _kind(values) for column, values in columns.items()}
        lists = [_plain(values) for values in columns.values()]
        rows = ((FIRST_ROW + place, *row) for place, row in enumerate(zip(*lists, strict=True)))
        fill_temporary(unit, name, {"row": "key", **kinds}, rows)


def looking_up(unit: UnitOfWork) -> AbstractContextManager[None]:  # noqa: ARG001
    """SQLite does so where the SQL says CROSS JOIN."""
    return nullcontext()


def sorting(unit: UnitOfWork) -> AbstractContextManager[None]:
    """Of numbers by the thousand."""
    return driver_sqlite.sorting(unit.connection)


def append(
    unit: UnitOfWork,
    layout: Any,
    source: str,
    table: str,
    *,
    columns: Sequence[str],
    nullable: str,
    constants: Mapping[str, int],
) -> int:
    """Stage the rows as `source` and insert them; returns how many keys were not taken."""
    stage(unit, layout)
    names = ", ".join(columns)
    given = {name: f":{name}" for name in constants}
    # NULLIF would call a function for each row.
    given[nullable] = f"CASE WHEN {nullable} <> 0 THEN {nullable} END"
    values = ", ".join(given.get(name, name) for name in columns)
    return unit.run(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {source} WHERE true ORDER BY row "  # noqa: S608 - the names are ours
        "ON CONFLICT DO NOTHING",
        **constants,
    )


def append_absent(unit: UnitOfWork, layout: Any, leading: Mapping[str, str]) -> Any:  # noqa: ARG001
    """Nothing: SQLite inserts and adds at one price, from all rows of the image."""
    return layout


def _kind(values: Any) -> str:
    return "integer" if values.dtype.kind in "iu" else "binary"


def _plain(values: Any) -> list[Any]:
    return values.tolist() if values.dtype.kind in "iu" else [value.tobytes() for value in values]


def fill_temporary(
    unit: UnitOfWork, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a temporary table hold exactly these rows; columns are name -> kind of value."""
    declared = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    unit.has_staged = True
    unit.run(f"DROP TABLE IF EXISTS temp.{table}")
    unit.run(f"CREATE TEMP TABLE {table} ({declared})")
    append_rows(unit, table, tuple(columns), rows)


def append_rows(
    unit: UnitOfWork, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    places = f"({', '.join('?' * len(columns))})"
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608 - the names are ours
    left = iter(rows)
    rest: list[Sequence[Any]] = []

    def many_at_once() -> Iterator[list[Any]]:
        nonlocal rest
        while len(rest := list(islice(left, _ROWS_EACH))) == _ROWS_EACH:
            yield list(chain.from_iterable(rest))

    with translated_errors():
        unit.connection.executemany(insert + ", ".join([places] * _ROWS_EACH), many_at_once())
        unit.connection.executemany(insert + places, rest)
