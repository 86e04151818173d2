"""Brings SQLite's log into the file beside who writes, so that no commit of theirs has to.

The log only begins anew when all of it is in the file as the next transaction begins. Beside one
who always writes that never comes about: most is brought there by a thread, which keeps nobody
waiting, and the little that came meanwhile by the writer, in between.
"""

from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from creditctl.errors import CreditctlError
from creditctl.store import driver_sqlite

EVERY_SECONDS = 2.0
"""More often, commits wait for the disk beside it; more rarely, there is more to bring at once."""


class SettledLog:
    """Of one file, for the one thread that writes it; a context that ends the other thread."""

    def __init__(self, database: str, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._database, self._every = database, every_seconds
        self._is_over, self._is_nearly_settled = Event(), Event()
        self._connection: Any = None
        self._thread = Thread(target=self._run, name="settle", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def between(self) -> None:
        """Bring the rest there if the thread has just done its part; no transaction is open."""
        if self._is_nearly_settled.is_set():
            self._settle()
            self._is_nearly_settled.clear()

    def _run(self) -> None:
        # Until the writer has done its part, it alone uses the connection.
        while not self._is_over.wait(self._every):
            if not self._is_nearly_settled.is_set():
                self._settle()
                self._is_nearly_settled.set()

    def _settle(self) -> None:
        # A file that is away, full or restored: who writes is told, and this looks again.
        with suppress(CreditctlError), driver_sqlite.translated_errors():
            one = self._connection
            if one is None or not driver_sqlite.is_usable(one, self._database):
                if one is not None:
                    one.close()
                self._connection = None
                self._connection = driver_sqlite.connect(self._database, read_only=False)
            driver_sqlite.settle(self._connection)
