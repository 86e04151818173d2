"""Connections that tests keep open between transactions: opening one costs more than it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from creditctl.store import engine
from creditctl.store.driver_sqlite import path_of

Kind = tuple[str, bool]
_LEFT_BEHIND = "SELECT 1 FROM temp.sqlite_schema"
_STAGED = "SELECT 1 FROM staging.sqlite_schema"


class KeptConnections(dict[Kind, Any]):
    """The idle ones, by database and whether they only read; it refuses what is not as new."""

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[Kind, tuple[int, int] | None] = {}

    def pop(self, kind: Kind, default: Any = None) -> Any:
        """An idle connection to what the URL names now, not to a file that was replaced."""
        connection = super().pop(kind, default)
        if connection is None or (
            not _is_closed(connection) and self._files.pop(kind) == _file_of(kind)
        ):
            return connection
        connection.close()
        return default

    def __setitem__(self, kind: Kind, connection: Any) -> None:
        if _is_as_new(kind, connection):
            self._files[kind] = _file_of(kind)
            super().__setitem__(kind, connection)
        else:
            connection.close()

    def close(self, *, except_to: str = "") -> None:
        """Close all but those to one database."""
        for kind in [kind for kind in self if kind[0] != except_to]:
            dict.pop(self, kind).close()

    def processes(self) -> list[int]:
        """Of the PostgreSQL server, at the other end."""
        return [one.info.backend_pid for one in self.values() if not one.closed]


@contextmanager
def kept_connections(kept: KeptConnections) -> Iterator[None]:
    """Transactions of this block use what is kept, and leave their connections there."""
    before = engine._IDLE.set(kept)
    try:
        yield
    finally:
        engine._IDLE.reset(before)


def _is_closed(connection: Any) -> bool:
    """Of PostgreSQL; SQLite's end with whoever has them."""
    return bool(getattr(connection, "closed", False))


def _file_of(kind: Kind) -> tuple[int, int] | None:
    if not kind[0].startswith("sqlite:"):
        return None
    path: Path = path_of(kind[0])
    if not path.exists():
        return 0, 0
    found = path.stat()
    return found.st_dev, found.st_ino


def _is_as_new(kind: Kind, connection: Any) -> bool:
    if not kind[0].startswith("sqlite:"):
        return not _is_closed(connection)
    questions = [_LEFT_BEHIND] if kind[1] else [_LEFT_BEHIND, _STAGED]
    return all(connection.execute(question).fetchone() is None for question in questions)
