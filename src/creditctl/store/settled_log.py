"""Brings SQLite's log into the file beside who writes, so that no commit of theirs has to.

The log only begins anew when all of it is in the file as the next transaction begins. Beside one
who always writes that never comes about: most is brought there by a thread, which keeps nobody
waiting, and the little that came meanwhile by the writer, in between.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from creditctl.errors import CreditctlError
from creditctl.store import driver_sqlite

EVERY_SECONDS = 2.0
"""More often, commits wait for the disk beside it; more rarely, there is more to bring at once."""


@contextmanager
def settled_log(
    database: str, *, every_seconds: float = EVERY_SECONDS
) -> Iterator[Callable[[], None]]:
    """While the block lasts; yields what the writer does between two transactions."""
    log, is_over = _Log(database), Event()
    thread = Thread(target=log.settle, args=(is_over, every_seconds), name="settle", daemon=True)
    thread.start()
    try:
        yield log.between
    finally:
        is_over.set()
        thread.join()
        log.close()


class _Log:
    """Of one file; whose turn it is uses the connection."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._is_nearly_settled = Event()
        self._connection: Any = None

    def settle(self, is_over: Event, every_seconds: float) -> None:
        """What the thread does."""
        while not is_over.wait(every_seconds):
            if not self._is_nearly_settled.is_set():
                self._settle()
                self._is_nearly_settled.set()

    def between(self) -> None:
        """Bring the rest there if the thread has just done its part; no transaction is open."""
        if self._is_nearly_settled.is_set():
            self._settle()
            self._is_nearly_settled.clear()

    def close(self) -> None:
        """Nobody settles it any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _settle(self) -> None:
        # A file that is away, full or restored: who writes is told, and this looks again.
        with suppress(CreditctlError), driver_sqlite.translated_errors():
            one = self._connection
            if one is None or not driver_sqlite.is_usable(one, self._database):
                self.close()
                self._connection = driver_sqlite.connect(self._database, read_only=False)
            driver_sqlite.settle(self._connection)
