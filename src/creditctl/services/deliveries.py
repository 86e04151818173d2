"""`notifications deliver`, and the end of `limits check`: send what is due, to each in its turn.

A few threads take one destination at a time: one message, then the next destination. A destination
that fails is left for the next run, so one that hangs costs a run at most its time limit.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock, Thread
from time import monotonic_ns

from creditctl import clock
from creditctl.context import Context
from creditctl.services.delivery_steps import deliver_next
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.deliveries import (
    due_destinations,
    give_up_expired,
    has_expired,
    waiting,
)

BUDGET = timedelta(seconds=50)
"""A run begins nothing new after this: cron starts the next one within the minute."""

_WORKERS = 4
_LONGEST_ATTEMPT = timedelta(seconds=15)
"""A channel's own 10 seconds, and time to write down how it went."""


@dataclass(frozen=True, slots=True)
class DeliveryRun:
    """What one run sent."""

    sent: int
    failed: int
    """Tried again later."""

    dead: int
    """Given up: refused for good, or too old."""

    waiting: int
    """Still in the outbox."""

    @property
    def has_news(self) -> bool:
        """Whether anything was tried or given up."""
        return bool(self.sent or self.failed or self.dead)


def deliver_due(
    context: Context, *, limit: int = 10_000, budget: timedelta = BUDGET
) -> DeliveryRun:
    """Send what is due, at most `limit` messages; delivers outside of any transaction.

    Several runs at once share the work: a destination is served by one of them at a time. Raises
    Busy or DatabaseUnreadable where the database does not answer; what was sent is sent again then.
    """
    real = clock.now()
    with reading(context.database) as unit:
        due = due_destinations(unit, now=context.now, clock=real)
        overdue = has_expired(unit, context.now)
    expired = 0
    if overdue:
        with unit_of_work(context.database) as unit:
            expired = give_up_expired(unit, now=context.now, clock=real)
    outcomes = _Round(context, due, limit, budget).run() if due else Counter[str]()
    with reading(context.database) as unit:
        return DeliveryRun(
            sent=outcomes["delivered"],
            failed=outcomes["failed"],
            dead=outcomes["refused"] + expired,
            waiting=waiting(unit),
        )


class _Round:
    """The destinations still to be served in one run, shared by its threads."""

    def __init__(
        self, context: Context, destinations: Iterable[int], limit: int, budget: timedelta
    ) -> None:
        self._context = context
        self._queue = deque(destinations)
        self._left = limit
        self._ends_at = monotonic_ns() + _nanoseconds(budget)
        self._lock = Lock()
        self._outcomes: Counter[str] = Counter()
        self._troubles: list[Exception] = []

    def run(self) -> Counter[str]:
        """Serve them all; returns how many attempts ended in what way."""
        count = min(_WORKERS, len(self._queue))
        # Daemons: a channel that breaks its promise must not keep the process from ending.
        threads = [Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        last = self._ends_at + _nanoseconds(_LONGEST_ATTEMPT)
        for thread in threads:
            thread.join(max(last - monotonic_ns(), 0) // 1_000_000_000)
        with self._lock:
            if self._troubles:
                raise self._troubles[0]
            return Counter(self._outcomes)

    def _work(self) -> None:
        while (destination := self._take()) is not None:
            try:
                outcome = deliver_next(self._context, destination)
            except Exception as trouble:  # told by the thread that waits for this one
                with self._lock:
                    self._troubles.append(trouble)
                return
            self._note(destination, outcome)

    def _take(self) -> int | None:
        with self._lock:
            if not self._queue or not self._left or monotonic_ns() >= self._ends_at:
                return None
            self._left -= 1
            return self._queue.popleft()

    def _note(self, destination: int, outcome: str | None) -> None:
        with self._lock:
            if outcome is None:
                self._left += 1
                return
            self._outcomes[outcome] += 1
            if outcome == "delivered":
                self._queue.append(destination)


def _nanoseconds(time: timedelta) -> int:
    return time // timedelta(microseconds=1) * 1000
