"""Many rows at once into PostgreSQL: COPY."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from creditctl.store.driver_postgres import translated_errors
from creditctl.store.engine import UnitOfWork

_TYPES = {"integer": "BIGINT", "binary": "BYTEA", "text": "TEXT"}


_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_BLOCK_ROWS = 65_536


def laid_out(tables: Mapping[str, Mapping[str, Any]]) -> Any:
    """The tables as COPY takes them in its binary form."""
    return {
        name: (
            {column: _kind(values) for column, values in columns.items()},
            list(_binary_rows(columns)),
        )
        for name, columns in tables.items()
    }


def stage(unit: UnitOfWork, layout: Any) -> None:
    """Make the tables temporary ones."""
    for name, (kinds, blocks) in layout.items():
        _make_temporary(unit, name, {"row": "integer", **kinds})
        columns = ", ".join(("row", *kinds))
        with (
            translated_errors(),
            unit.connection.cursor() as cursor,
            cursor.copy(f"COPY {name} ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            for block in (_SIGNATURE, *blocks, _TRAILER):
                copy.write(block)


def _kind(values: Any) -> str:
    return "integer" if values.dtype.kind in "iu" else "binary"


def _binary_rows(columns: Mapping[str, Any]) -> Iterator[bytes]:
    """Rows as COPY takes them: the number of fields, then the length and the bytes of each."""
    import numpy as np

    from creditctl.store.sqlite_image import FIRST_ROW

    count = len(next(iter(columns.values())))
    numbered = {"row": np.arange(FIRST_ROW, FIRST_ROW + count), **columns}
    kinds = [("fields", ">i2")]
    for name, values in numbered.items():
        is_integer = _kind(values) == "integer"
        kinds += [(f"{name} length", ">i4"), (name, ">i8" if is_integer else values.dtype.str)]
    for first in range(0, count, _BLOCK_ROWS):
        rows = np.empty(min(_BLOCK_ROWS, count - first), np.dtype(kinds))
        rows["fields"] = len(numbered)
        for name, values in numbered.items():
            rows[f"{name} length"] = rows.dtype[name].itemsize
            rows[name] = values[first : first + len(rows)]
        yield rows.tobytes()


def _make_temporary(unit: UnitOfWork, table: str, columns: Mapping[str, str]) -> None:
    declared = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    unit.run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    unit.run(f"CREATE TEMP TABLE {table} ({declared}) ON COMMIT DROP")


def fill_temporary(
    unit: UnitOfWork, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a temporary table hold exactly these rows; columns are name -> kind of value."""
    _make_temporary(unit, table, columns)
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
