"""Many rows at once into PostgreSQL: COPY."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeAlias

from creditctl.errors import Busy
from creditctl.store.driver_postgres import translated_errors
from creditctl.store.engine import UnitOfWork
from creditctl.store.kept_tables import EMPTIED, kept_tables
from creditctl.store.trip_postgres import forget

CHUNK_ROWS = 250_000
"""As on SQLite: what makes memory grow is the chunk, and the one that is read meanwhile."""

_FEW_ROWS = 500
"""They fit in ten pages, and a shorter table is planned for as if it had these: for so few rows a
plan that was made before is the one that would be made now."""

_TYPES = {"integer": "BIGINT", "binary": "BYTEA", "text": "TEXT"}

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_UNIQUE_VIOLATION = "23505"
_BLOCK_ROWS = 8_192
"""Few enough to be laid out while PostgreSQL still has rows of the block before."""

Columns: TypeAlias = Mapping[str, Any]


def laid_out(tables: Mapping[str, Columns]) -> Any:
    """The tables as they are: rows are laid out while PostgreSQL is at work on those before."""
    return tables


def stage(unit: UnitOfWork, layout: Any) -> None:
    """Make the tables temporary ones."""
    import numpy as np

    from creditctl.store.sqlite_image import FIRST_ROW

    for name, columns in layout.items():
        count = _count(columns)
        numbered = {"row": np.arange(FIRST_ROW, FIRST_ROW + count), **columns}
        kinds = {one: _kind(values) for one, values in numbered.items()}
        _make_temporary(unit, name, kinds, count)
        _copy(unit, name, numbered)


@contextmanager
def looking_up(unit: UnitOfWork) -> Iterator[None]:
    """No other joins: without statistics of what is staged, the planner may read all events."""
    _allow_joins_of_whole_tables(unit, "off")
    yield
    _allow_joins_of_whole_tables(unit, "on")


def sorting(unit: UnitOfWork) -> AbstractContextManager[None]:  # noqa: ARG001
    """PostgreSQL sums without sorting."""
    return nullcontext()


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
    """COPY the rows into the table itself; raises Busy when one of their keys is taken."""
    import numpy as np

    count = _count(layout[source])
    same = {name: np.broadcast_to(value, count) for name, value in constants.items()}
    given = {name: same[name] if name in same else layout[source][name] for name in columns}
    _copy(unit, table, given, nullable)
    return count


def append_absent(unit: UnitOfWork, layout: Any, leading: Mapping[str, str]) -> Any:
    """COPY those rows of `staged_<table>` whose `leading` value no row of the table has.

    Returns the layout of the other rows. Nobody else may write rows of these keys meanwhile:
    raises Busy when somebody did.
    """
    import numpy as np

    rest = dict(layout)
    for table, column in leading.items():
        columns = layout[f"staged_{table}"]
        held = [
            value
            for value in np.unique(columns[column]).tolist()
            if unit.fetch_value(
                f"SELECT 1 FROM {table} WHERE {column} = :value LIMIT 1",  # noqa: S608 - our names
                value=value,
            )
        ]
        is_held = np.isin(columns[column], held)
        _copy(unit, table, {name: values[~is_held] for name, values in columns.items()})
        rest[f"staged_{table}"] = {name: values[is_held] for name, values in columns.items()}
    return rest


def _copy(unit: UnitOfWork, table: str, columns: Columns, nullable: str = "") -> None:
    unit.catch_up()
    with (
        _busy_when_taken(),
        translated_errors(),
        unit.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(_SIGNATURE)
        for block in _blocks(columns, nullable):
            copy.write(block)
        copy.write(_TRAILER)


@contextmanager
def _busy_when_taken() -> Iterator[None]:
    """Keys are looked up first: a taken one was written since, by another transaction."""
    try:
        yield
    except Exception as problem:
        if getattr(problem, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        raise Busy("another transaction has just written the same rows") from problem


def _count(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _allow_joins_of_whole_tables(unit: UnitOfWork, allowed: str) -> None:
    unit.run(
        """
        SELECT set_config('enable_hashjoin', :allowed, true),
               set_config('enable_mergejoin', :allowed, true)
        """,
        allowed=allowed,
    )


def _kind(values: Any) -> str:
    return "integer" if values.dtype.kind in "iu" else "binary"


def _blocks(columns: Columns, nullable: str) -> Iterator[bytes]:
    """Rows as COPY takes them; 0 is NULL in the column `nullable`, and such rows are together."""
    count = _count(columns)
    for first in range(0, count, _BLOCK_ROWS):
        block = {name: values[first : first + _BLOCK_ROWS] for name, values in columns.items()}
        if nullable and not block[nullable].all():
            is_null = block[nullable] == 0
            absent = {name: values[is_null] for name, values in block.items()}
            yield _rows(absent, nullable)
            block = {name: values[~is_null] for name, values in block.items()}
        yield _rows(block)


def _rows(columns: Columns, null: str = "") -> bytes:
    """The number of fields, then the length and the bytes of each; NULL has no bytes."""
    import numpy as np

    kinds = [("fields", ">i2")]
    for name, values in columns.items():
        kinds.append((f"{name} length", ">i4"))
        if name != null:
            kinds.append((name, ">i8" if _kind(values) == "integer" else values.dtype.str))
    rows = np.empty(_count(columns), np.dtype(kinds))
    rows["fields"] = len(columns)
    for name, values in columns.items():
        if name == null:
            rows[f"{name} length"] = -1
            continue
        rows[f"{name} length"] = rows.dtype[name].itemsize
        rows[name] = values
    return rows.tobytes()


def _make_temporary(
    unit: UnitOfWork, table: str, columns: Mapping[str, str], rows: int | None
) -> None:
    """An empty table; it stays for later transactions if those find it, and `rows` are few."""
    declared = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    staying, ending = f"({declared}){EMPTIED}", f"({declared}) ON COMMIT DROP"
    may_stay = unit.keeps_staged and rows is not None and rows <= _FEW_ROWS
    here, kept = unit.staged.get(table), kept_tables(unit.connection).get(table)
    if here is None and may_stay and kept == staying:
        unit.staged[table] = staying
        return
    # Not dropped by hand if possible: the driver would forget all statements that it prepared.
    if may_stay and here == staying:
        unit.run(f"DELETE FROM pg_temp.{table}")  # noqa: S608 - our names
        return
    if here == ending:
        unit.run(f"TRUNCATE pg_temp.{table}")
        return
    if here or kept:
        unit.run(f"DROP TABLE pg_temp.{table}")
        forget(unit.connection)
    made = staying if may_stay else ending
    unit.run(f"CREATE TEMP TABLE {table} {made}")
    unit.staged[table] = made


def fill_temporary(
    unit: UnitOfWork, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a temporary table hold exactly these rows; columns are name -> kind of value."""
    _make_temporary(unit, table, columns, None)
    append_rows(unit, table, tuple(columns), rows)
    # Without statistics the planner takes any join for a small one.
    unit.run(f"ANALYZE {table}")


def append_rows(
    unit: UnitOfWork, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    unit.catch_up()
    with (
        translated_errors(),
        unit.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
