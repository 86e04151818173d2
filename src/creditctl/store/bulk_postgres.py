"""Many rows at once into PostgreSQL: COPY."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from creditctl.store.driver_postgres import translated_errors
from creditctl.store.engine import UnitOfWork

_TYPES = {"integer": "BIGINT", "binary": "BYTEA", "text": "TEXT"}


def fill_temporary(
    unit: UnitOfWork, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a temporary table hold exactly these rows; columns are name -> kind of value."""
    declared = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    if unit.fetch_value("SELECT to_regclass(:name)", name=f"pg_temp.{table}") is None:
        unit.run(f"CREATE TEMP TABLE {table} ({declared}) ON COMMIT DROP")
    unit.run(f"TRUNCATE {table}")
    append_rows(unit, table, tuple(columns), rows)
    # Without statistics the planner takes any join for a small one.
    unit.run(f"ANALYZE {table}")


def append_rows(
    unit: UnitOfWork, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    with (
        translated_errors(),
        unit.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
