"""`notifications prune`: what is over and was told long ago goes, with its attempts.

No guard against telling twice is lost: crossings, blocks, recharges and invoices each remember
themselves what was told of them. What waits to be told stays.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.services.audit import record_change
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.notification_pruning import (
    OverRow,
    count_over,
    delete_notifications,
    lock_over,
    note_notification_pruning,
)

SHORTEST_STAY = timedelta(days=7)
"""Somebody may still ask what was told, or put a dead letter back."""

_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class PrunedNotifications:
    """How many notifications were deleted, and how many attempts to deliver them."""

    before: date
    notifications: int
    attempts: int
    dry_run: bool = False


def prune_notifications(
    context: Context, before: date, *, reason: str, dry_run: bool = False, block: int = _BLOCK
) -> PrunedNotifications:
    """Delete what was delivered, given up or cancelled before that UTC day.

    One transaction for each `block` of them, noted and audited with its counts; run again, it goes
    on. Raises InvalidInput without a reason, or for a day of the last week.
    """
    if not reason.strip():
        raise InvalidInput("pruning needs a reason", hint='add --reason "why"')
    latest = (context.now - SHORTEST_STAY).date()
    if before > latest:
        raise InvalidInput(
            f"notifications from {latest} on may still be asked for or put back",
            hint=f"--before {latest} is the latest day there is",
        )
    ended_before = datetime.combine(before, time.min, UTC)
    if dry_run:
        with reading(context.database) as unit:
            return PrunedNotifications(before, *count_over(unit, ended_before), dry_run=True)
    notifications = attempts = after = 0
    while True:
        with unit_of_work(context.database) as unit:
            rows = lock_over(unit, ended_before, after=after, limit=block)
            if rows:
                _prune(unit, context, ended_before, rows, reason)
        if not rows:
            return PrunedNotifications(before, notifications, attempts)
        notifications += len(rows)
        attempts += sum(row.attempts for row in rows)
        after = rows[-1].id


def _prune(
    unit: UnitOfWork, context: Context, ended_before: datetime, rows: list[OverRow], reason: str
) -> None:
    """The step: note it, delete them, audit it; the database refuses what was not noted first."""
    attempts = sum(row.attempts for row in rows)
    note_notification_pruning(
        unit,
        ended_before=ended_before,
        notifications=len(rows),
        attempts=attempts,
        at=context.now,
        actor=context.actor,
        reason=reason,
    )
    delete_notifications(unit, rows)
    record_change(
        unit,
        context,
        "notification.pruned",
        f"{ended_before:%Y-%m-%d}",
        reason=reason,
        before={"notifications": len(rows), "attempts": attempts},
    )
