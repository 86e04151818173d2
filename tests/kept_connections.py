"""Connections that tests keep open between transactions: opening one costs more than it does."""

import sqlite3
from typing import Any

from creditctl.store.connections import IdleConnections, Kind


class KeptConnections(IdleConnections):
    """Idle ones, which live long enough for a statement to be planned once.

    What imports have staged is little, and the next ones stage theirs in its place.
    """

    def __init__(self) -> None:
        super().__init__(keep_staged=True)

    def keep(self, kind: Kind, connection: Any) -> bool:
        """Put a connection back."""
        if kind[0].startswith("postgresql:"):
            connection.prepare_threshold, connection.prepared_max = 0, None
        return super().keep(kind, connection)

    def drop_others(self, database: str) -> None:
        """Close all but those to one database."""
        for kind in [kind for kind in self._idle if kind[0] != database]:
            self.drop(kind)

    def drop_temporary(self) -> None:
        """Close those to SQLite that made temporary tables: for the next test they would be there.

        Even without rows they keep sorts where they are (see `driver_sqlite.sorting`).
        """
        for some in self._idle.values():
            for connection in [one for one in some if _has_temporary(one)]:
                some.remove(connection)
                connection.close()

    def processes(self) -> list[int]:
        """Of the PostgreSQL server, at the other end."""
        kept = [one for some in self._idle.values() for one in some]
        return [one.info.backend_pid for one in kept if not one.closed]


def _has_temporary(connection: sqlite3.Connection) -> bool:
    return "temp" in (name for _, name, _ in connection.execute("PRAGMA database_list"))
