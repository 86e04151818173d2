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


@contextmanager
def holding_lease(context: Context, name: str) -> Iterator[None]:
    """Hold the lease `name` for the block; raises Busy at once while another process does."""
    # Leases are about processes, not about books: the real time counts, whatever --as-of says.
    now = clock.now()
    holder = new_public_id("lease", now)
    with unit_of_work(context.database) as unit:
        if not take_lease(unit, name, holder=holder, now=now, expires_at=now + LIFETIME):
            raise Busy(
                f"another '{name}' is running",
                hint="try again when it is done; after a crash it takes at most 10 minutes",
            )
    try:
        yield
    finally:
        with unit_of_work(context.database) as unit:
            drop_lease(unit, name, holder=holder)
