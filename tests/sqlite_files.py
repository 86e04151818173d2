"""Files with the same content at the start of every test, made so again under open connections.

What a test's connections know lives on: a new one has to read the schema, and each statement has
to be planned anew, which takes longer than most tests do.
"""

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from creditctl.store import driver_sqlite
from creditctl.store.engine import UnitOfWork
from kept_connections import KeptConnections

_numbers = itertools.count(1)


@dataclass
class LentFile:
    """A file, and the connection of its own that looks after it."""

    path: Path
    content: bytes
    kept: KeptConnections = field(default_factory=KeptConnections)

    def __post_init__(self) -> None:
        self.path.parent.mkdir()
        self.path.write_bytes(self.content)
        self.connection = driver_sqlite.connect(self.url, read_only=False)
        self.connection.execute("PRAGMA busy_timeout = 500")
        self.schema = self._schema()
        # Closed last: who closes a file gives up the locks that its connections have on it.
        self.file = os.open(self.path, os.O_RDWR)
        self.inodes = self._inodes()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A snapshot, as from `engine.reading`, on a connection that knows the schema already."""
        driver_sqlite.begin(self.connection, read_only=True)
        try:
            yield UnitOfWork("sqlite", self.connection)
        finally:
            driver_sqlite.ended(self.connection)

    def restored(self) -> bool:
        """Give it its content again; False where that cannot be done under open connections."""
        self.kept.drop_others(self.url)
        self.kept.drop_temporary()
        try:
            log = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if log[0] or log[1] < 0 or self._schema() != self.schema:
                return False
            if self._inodes() != self.inodes or len(list(self.path.parent.iterdir())) != 3:
                return False
        except (OSError, sqlite3.Error):
            return False
        os.pwrite(self.file, self.content, 0)
        os.ftruncate(self.file, len(self.content))
        # A new connection has seen nothing of what was there; what it writes, the same number
        # once more, tells the others that what they have seen is gone.
        fresh = sqlite3.connect(self.path, isolation_level=None)
        fresh.execute("PRAGMA synchronous = OFF")
        fresh.execute(f"PRAGMA user_version = {self.schema[1]}")
        fresh.close()
        return True

    def drop(self) -> None:
        self.kept.close()
        self.connection.close()
        os.close(self.file)
        for left in self.path.parent.iterdir():
            left.unlink()
        with suppress(OSError):
            self.path.parent.rmdir()

    def _schema(self) -> tuple[int, int]:
        versions = ("schema_version", "user_version")
        first, second = (
            int(self.connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in versions
        )
        return first, second

    def _inodes(self) -> list[int]:
        """Of the file, its log, and the index of that: another process may have made new ones."""
        names = (self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-shm"))
        return [name.stat().st_ino for name in names]


class SqliteFiles:
    """Lends files that begin as copies of templates."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free: dict[Path, list[LentFile]] = {}

    @contextmanager
    def lent(self, template: Path, *, again: bool = True) -> Iterator[LentFile]:
        """A file that nobody else has until the end of the block; `again`: and others after it."""
        free = self._free.setdefault(template, [])
        file = free.pop() if free else self._made(template)
        try:
            yield file
        finally:
            if again and file.restored():
                free.append(file)
            else:
                file.drop()

    def close(self) -> None:
        """Remove every file."""
        for free in self._free.values():
            while free:
                free.pop().drop()

    def _made(self, template: Path) -> LentFile:
        path = self._folder / str(next(_numbers)) / "creditctl.db"
        return LentFile(path, template.read_bytes())
