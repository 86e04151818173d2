"""Whether a gate can decide, what is in flight, and its way to the books."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from creditctl.adapters.counters.interface import CountersDown
from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.services.gate import Gate
from creditctl.store.connections import IdleConnections
from creditctl.store.engine import dialect_of, reading, reusing_connections
from creditctl.store.queries.holds import count_open_holds
from creditctl.store.settled_log import settled_log


@dataclass(frozen=True, slots=True)
class GateStanding:
    """What answers; `open_holds` is None where the books do not."""

    open_holds: int | None
    counters: bool
    failed_groups: Mapping[str, int]
    """Transactions of several calls that were taken back since this gate began, by the reason."""


def has_one_writer(database: str) -> bool:
    """Whether the books are one file: then one thread with many calls outruns many threads."""
    return dialect_of(database) == "sqlite"


class KeptBooks:
    """Connections to the books that stay open from call to call, for the threads of a process."""

    def __init__(self) -> None:
        self._idle = IdleConnections(reads_where_it_writes=True)

    def open(self) -> AbstractContextManager[None]:
        """What this thread does in the block uses them."""
        return reusing_connections(self._idle)

    @contextmanager
    def settled(self, database: str) -> Iterator[Callable[[], None]]:
        """In the block a thread moves what is written to its place: no call waits for that.

        Yields what moves the rest, which the one thread that calls does between two of them.
        """
        self._idle.is_settled = True
        with settled_log(database) as between:
            yield between

    def close(self) -> None:
        """Close them; what is done later opens its own."""
        self._idle.close()


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
        return GateStanding(held, counters=False, failed_groups=gate.failures())
    return GateStanding(held, counters=True, failed_groups=gate.failures())
