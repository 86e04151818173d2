"""Connections that are kept open between transactions, for whoever makes many short ones."""

import os
import weakref
from collections import defaultdict
from threading import Lock
from typing import Any, TypeAlias

Kind: TypeAlias = tuple[str, bool]
"""A database's URL, and whether the connection only reads."""

MOST_KEPT = 32
"""Idle connections of a pool: what comes back beyond them is closed."""

_inherited: list[Any] = []
"""Of the process that this one was forked from: to close them here would end them there."""

_pools: "weakref.WeakSet[IdleConnections]" = weakref.WeakSet()


class IdleConnections:
    """Kept by a process or a block, shared by its threads; each uses one of its own at a time.

    Connections are closed by `close`, and at the latest when nobody has the pool any more.
    """

    def __init__(
        self,
        most: int = MOST_KEPT,
        *,
        keep_staged: bool = False,
        reads_where_it_writes: bool = False,
    ) -> None:
        """`reads_where_it_writes`: one connection for both, where that can tell what it does.

        What it wrote itself it need not read again, and it knows whether others wrote.
        """
        self._most = most
        self._keep_staged = keep_staged
        self.reads_where_it_writes = reads_where_it_writes
        self.is_settled = False
        """Whether somebody beside brings what is written from SQLite's log into the file."""

        self._idle: dict[Kind, list[Any]] = defaultdict(list)
        self._lock = Lock()
        self._is_open = True
        self._at_last = weakref.finalize(self, _close_all, self._idle)
        _pools.add(self)

    def keeps(self, *, has_staged: bool) -> bool:
        """Whether connections come back at all: what one has staged stays in memory with it."""
        return self._keep_staged or not has_staged

    def take(self, kind: Kind) -> Any | None:
        """The connection that was used last, or None; it may have died meanwhile."""
        with self._lock:
            some = self._idle.get(kind)
            return some.pop() if some else None

    def keep(self, kind: Kind, connection: Any) -> bool:
        """Put a connection back; False where it is not wanted any more."""
        with self._lock:
            is_wanted = self._is_open and self._count() < self._most
            if is_wanted:
                self._idle[kind].append(connection)
            return is_wanted

    def drop(self, kind: Kind) -> None:
        """Close the idle ones of a kind: one of them was dead, and so they may all be."""
        with self._lock:
            some = self._idle.pop(kind, [])
        _close_all({kind: some})

    def close(self) -> None:
        """Close what is idle, and from now on whatever comes back."""
        with self._lock:
            self._is_open = False
        self._at_last()

    def leave_to_parent(self) -> None:
        """In a process that was just forked: what is idle is its parent's."""
        # A thread that held the lock does not run here.
        self._lock = Lock()
        _inherited.extend(one for some in self._idle.values() for one in some)
        self._idle.clear()

    def _count(self) -> int:
        return sum(len(some) for some in self._idle.values())


def _close_all(idle: dict[Kind, list[Any]]) -> None:
    while idle:
        _, some = idle.popitem()
        for connection in some:
            connection.close()


def _forked() -> None:
    for pool in list(_pools):
        pool.leave_to_parent()


if hasattr(os, "register_at_fork"):  # where there are forks
    os.register_at_fork(after_in_child=_forked)
