"""Many rows at once into SQLite: prepared statements on integer and blob columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from creditctl.store.driver_sqlite import translated_errors
from creditctl.store.engine import UnitOfWork

_TYPES = {"integer": "INTEGER", "binary": "BLOB", "text": "TEXT"}


def fill_temporary(
    unit: UnitOfWork, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a temporary table hold exactly these rows; columns are name -> kind of value."""
    declared = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    unit.run(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({declared})")
    unit.run(f"DELETE FROM {table}")  # noqa: S608 - the names are ours
    append_rows(unit, table, tuple(columns), rows)


def append_rows(
    unit: UnitOfWork, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    places = ", ".join("?" * len(columns))
    names = ", ".join(columns)
    with translated_errors():
        unit.connection.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - the names are ours
            rows,
        )
