"""What is committed gets from SQLite's log into the file while the database is kept open."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from creditctl.store.driver_sqlite import connect, settling
from creditctl.store.settled_log import settled_log
from waiting import in_time


def rows_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM kept").fetchone()[0])


def made_at(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE kept (number INTEGER)")
    return path


def test_the_file_alone_holds_what_was_settled(tmp_path: Path) -> None:
    path, alone = made_at(tmp_path / "a.db"), tmp_path / "alone.db"
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


def frames_of(writer: sqlite3.Connection) -> int:
    """Pages in the log."""
    return int(writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])


def test_a_log_is_settled_beside_who_writes_and_begins_anew(tmp_path: Path) -> None:
    path, alone = made_at(tmp_path / "a.db"), tmp_path / "alone.db"
    with closing(connect(f"sqlite:///{path}", read_only=False)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        with settled_log(f"sqlite:///{path}", every_seconds=0.01) as between:
            rows = 0

            def is_settled() -> bool:
                nonlocal rows
                writer.execute("INSERT INTO kept VALUES (1)")
                rows += 1
                between()
                shutil.copyfile(path, alone)
                return rows_of(alone) == rows

            assert in_time(is_settled)
            assert in_time(is_settled)
        # Each row was a page of the log.
        writer.execute("INSERT INTO kept VALUES (1)")
        assert frames_of(writer) < rows


def test_a_log_whose_file_is_away_or_restored_is_settled_when_it_can_be(tmp_path: Path) -> None:
    path, other = made_at(tmp_path / "a.db"), made_at(tmp_path / "b.db")
    with settled_log(f"sqlite:///{path}", every_seconds=0.01) as between:
        time.sleep(0.05)
        between()
        path.rename(tmp_path / "away.db")
        time.sleep(0.05)
        between()
        with closing(connect(f"sqlite:///{other}", read_only=False)) as writer:
            writer.execute("INSERT INTO kept VALUES (1)")
            for part in ("", "-wal", "-shm"):
                Path(f"{other}{part}").rename(f"{path}{part}")
            alone = tmp_path / "alone.db"

            def is_settled() -> bool:
                between()
                shutil.copyfile(path, alone)
                return rows_of(alone) == 1

            assert in_time(is_settled)
