"""What is committed gets from SQLite's log into the file while the database is kept open."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from creditctl.store.driver_sqlite import connect, settling


def rows_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM kept").fetchone()[0])


def test_the_file_alone_holds_what_was_settled(tmp_path: Path) -> None:
    path, alone = tmp_path / "a.db", tmp_path / "alone.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE kept (number INTEGER)")
    with (
        closing(connect(f"sqlite:///{path}", read_only=False)) as one,
        closing(connect(f"sqlite:///{path}", read_only=False)) as writer,
    ):
        writer.execute("INSERT INTO kept VALUES (1)")
        shutil.copyfile(path, alone)
        assert rows_of(alone) == 0
        with settling(one) as settle:
            settle()
            settle()
        shutil.copyfile(path, alone)
        assert rows_of(alone) == 1
