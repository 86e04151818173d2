"""How much room a table takes in an SQLite file."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from .workspace import BenchmarkFailed

_PAGES = """
SELECT SUM(pgsize) FROM dbstat
WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = '{table}')
"""


def bytes_per_row(database: Path, table: str) -> float:
    """Of the table's and its indexes' pages, half-empty ones counted in full."""
    with closing(sqlite3.connect(database)) as connection:
        (rows,) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return _bytes_of(database, _PAGES.format(table=table)) / int(rows)


def _bytes_of(database: Path, query: str) -> int:
    try:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        # A Python whose SQLite was built without dbstat; the shell's has it.
        asked = subprocess.run(
            ["sqlite3", "-batch", database, query], capture_output=True, text=True, check=False
        )
    if asked.returncode != 0:
        raise BenchmarkFailed("neither Python's SQLite nor the sqlite3 shell has dbstat")
    return int(asked.stdout)
