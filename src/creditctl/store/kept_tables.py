"""Temporary tables that a connection to PostgreSQL keeps, for the next transaction to fill."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

EMPTIED = " ON COMMIT DELETE ROWS"
"""How temporary tables are declared that stay."""

_kept: "WeakKeyDictionary[Any, dict[str, str]]" = WeakKeyDictionary()


def kept_tables(connection: Any) -> dict[str, str]:
    """Those that earlier transactions left, emptied, and how they were declared."""
    return _kept.setdefault(connection, {})


def remember_tables(connection: Any, staged: Mapping[str, str]) -> None:
    """A transaction that had these is committed."""
    kept = kept_tables(connection) if staged else {}
    for table, declared in staged.items():
        if declared.endswith(EMPTIED):
            kept[table] = declared
        else:
            kept.pop(table, None)
