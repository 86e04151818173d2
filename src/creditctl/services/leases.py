"""Leases: a job that must not overlap itself runs in one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from creditctl import clock
from creditctl.context import Context
from creditctl.errors import Busy
from creditctl.store.engine import unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.leases import drop_lease, take_lease

LIFETIME = timedelta(minutes=10)
"""A killed run blocks the next ones no longer than this."""

_RENEWED_AFTER = timedelta(minutes=1)
"""Seldom: each renewal is a transaction of its own."""


class Lease:
    """A lease that is held; a job that may outlast its lifetime renews it as it goes on."""

    def __init__(self, context: Context, name: str) -> None:
        # Leases are about processes, not about books: the real time counts, whatever --as-of says.
        self._taken_at = clock.now()
        self._database, self._name = context.database, name
        self._holder = new_public_id("lease", self._taken_at)
        self._take()

    def renew(self) -> None:
        """Hold it for a lifetime from now on; raises Busy once another process has taken over."""
        now = clock.now()
        if now - self._taken_at >= _RENEWED_AFTER:
            self._taken_at = now
            self._take()

    def drop(self) -> None:
        """Let go, so that another process need not wait."""
        with unit_of_work(self._database) as unit:
            drop_lease(unit, self._name, holder=self._holder)

    def _take(self) -> None:
        now = self._taken_at
        with unit_of_work(self._database) as unit:
            if not take_lease(
                unit, self._name, holder=self._holder, now=now, expires_at=now + LIFETIME
            ):
                raise Busy(
                    f"another '{self._name}' is running",
                    hint="try again when it is done; after a crash it takes at most 10 minutes",
                )


@contextmanager
def holding_lease(context: Context, name: str) -> Iterator[Lease]:
    """Hold the lease `name` for the block; raises Busy at once while another process does."""
    lease = Lease(context, name)
    try:
        yield lease
    finally:
        lease.drop()
