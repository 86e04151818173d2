"""The shell's side: sqlite3's bare `.import` of the same CSV, which types and bills nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from .dataset import COLUMNS, Sample
from .workspace import BenchmarkFailed, Timing, Workspace, settle

_TABLE = "imported"


def import_csv(workspace: Workspace, database: Path, file: Path, sample: Sample) -> Timing:
    """Import into a table of texts with unique ids, to the end of the checkpoint.

    IGNORE, for otherwise it prints a line for every known id and exits with 1; the time is the
    same with and without.
    """
    columns = ", ".join(f"{name} TEXT" for name in COLUMNS)
    script = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE {_TABLE} ({columns}, UNIQUE (id) ON CONFLICT IGNORE);
.import --csv --skip 1 "{file}" {_TABLE}
PRAGMA wal_checkpoint(TRUNCATE);
"""
    timing = workspace.timed(["sqlite3", "-batch", database], stdin=script)
    _verify(database, sample)
    return Timing(timing.seconds + settle(database), timing.peak_mib, timing.stdout)


def _verify(database: Path, sample: Sample) -> None:
    with closing(sqlite3.connect(database)) as connection:
        (rows,) = connection.execute(f"SELECT COUNT(*) FROM {_TABLE}").fetchone()
    if rows != sample.events - sample.duplicates:
        raise BenchmarkFailed(f"{sample.name}: the shell imported {rows} rows")
