"""Whether a gate can decide, and what is in flight."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from creditctl.adapters.counters.interface import CountersDown
from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.services.gate import Gate
from creditctl.store.engine import kept_open, reading
from creditctl.store.queries.holds import count_open_holds


@dataclass(frozen=True, slots=True)
class GateStanding:
    """What answers; `open_holds` is None where the books do not."""

    open_holds: int | None
    counters: bool


@contextmanager
def books_kept_open(context: Context) -> Iterator[None]:
    """Spare each call the tidying up of SQLite's last close; without books it does nothing.

    Entered and left in the same thread.
    """
    with ExitStack() as stack:
        with suppress(CreditctlError):
            stack.enter_context(kept_open(context.database))
        yield


def gate_standing(gate: Gate, context: Context) -> GateStanding:
    """Ask the books and the counters; never raises."""
    try:
        with reading(context.database) as unit:
            held = count_open_holds(unit)
    except CreditctlError:
        held = None
    try:
        gate.counters.open_connections(0, context.now)
    except CountersDown:
        return GateStanding(held, counters=False)
    return GateStanding(held, counters=True)
