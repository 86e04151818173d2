"""Columns of values laid beside the database, for statements that read them by the thousand."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, TypeAlias

from creditctl.store import bulk_postgres, bulk_sqlite
from creditctl.store.engine import UnitOfWork

BULK: Mapping[str, ModuleType] = {"sqlite": bulk_sqlite, "postgresql": bulk_postgres}

Tables: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Table -> column -> numpy array of 64-bit integers, or of bytes of one length."""

Layout: TypeAlias = Any
"""Tables in the form in which a database takes them."""


def chunk_rows(dialect: str) -> int:
    """How many events one transaction books best."""
    return int(BULK[dialect].CHUNK_ROWS)


def laid_out(dialect: str, tables: Tables) -> Layout:
    """The tables ready to be staged: the part that needs no database, and may run beside it."""
    return BULK[dialect].laid_out(tables)


def stage(unit: UnitOfWork, layout: Layout) -> None:
    """Make the tables temporary ones, in place of those staged before.

    Each has a column `row` beside its own, counted from `sqlite_image.FIRST_ROW`.
    """
    BULK[unit.dialect].stage(unit, layout)


def stage_tables(unit: UnitOfWork, tables: Tables) -> None:
    """Both steps at once."""
    stage(unit, laid_out(unit.dialect, tables))


def looking_up(unit: UnitOfWork) -> AbstractContextManager[None]:
    """Statements inside look the staged rows up by key, however much there is to look through."""
    lookup: AbstractContextManager[None] = BULK[unit.dialect].looking_up(unit)
    return lookup


def sorting(unit: UnitOfWork) -> AbstractContextManager[None]:
    """Statements inside sort many short rows, to sum them."""
    sorted_so: AbstractContextManager[None] = BULK[unit.dialect].sorting(unit)
    return sorted_so


def append(
    unit: UnitOfWork,
    layout: Layout,
    source: str,
    table: str,
    *,
    columns: Sequence[str],
    nullable: str,
    constants: Mapping[str, int],
) -> int:
    """Insert the rows that are laid out as `source`, with the same constants in each of them.

    The constants are among the columns, which best stand in the table's order. 0 becomes NULL in
    the column `nullable`. Returns how many keys were not taken; PostgreSQL cannot go on after a
    taken one: raises Busy.
    """
    return int(
        BULK[unit.dialect].append(
            unit, layout, source, table, columns=columns, nullable=nullable, constants=constants
        )
    )


def append_absent(unit: UnitOfWork, layout: Layout, leading: Mapping[str, str]) -> Layout:
    """Insert rows of `staged_<table>` that are new at a glance; returns the layout of the others.

    `leading` names the first column of each table's key: where no row has its value, all are new.
    Nobody else may write rows of these keys meanwhile. Raises Busy when somebody did.
    """
    return BULK[unit.dialect].append_absent(unit, layout, leading)
