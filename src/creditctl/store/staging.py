"""Columns of values laid beside the database, for statements that read them by the thousand."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, TypeAlias

from creditctl.store import bulk_postgres, bulk_sqlite
from creditctl.store.engine import UnitOfWork

BULK: Mapping[str, ModuleType] = {"sqlite": bulk_sqlite, "postgresql": bulk_postgres}

Tables: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Table -> column -> numpy array of 64-bit integers, or of bytes of one length."""

Layout: TypeAlias = Any
"""Tables in the form in which a database takes them."""


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
