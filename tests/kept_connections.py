"""Connections that tests keep open between transactions: opening one costs more than it does."""

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

    def processes(self) -> list[int]:
        """Of the PostgreSQL server, at the other end."""
        kept = [one for some in self._idle.values() for one in some]
        return [one.info.backend_pid for one in kept if not one.closed]
