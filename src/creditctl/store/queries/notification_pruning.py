"""Notifications that are over: deleted with their attempts, in blocks, and the deletion noted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork

_OVER = "status <> 'pending' AND COALESCE(delivered_at, deadline_at) < :ended_before"
"""Delivered, given up or cancelled; what was not delivered ended when its time was up."""


@dataclass(frozen=True, slots=True)
class OverRow:
    """A notification that is over, and how often it was tried."""

    id: int
    attempts: int


def count_over(unit: UnitOfWork, ended_before: datetime) -> tuple[int, int]:
    """How many ended before that instant, and how many attempts they have."""
    ((notifications, attempts),) = unit.fetch_rows(
        f"SELECT COUNT(*), COALESCE(SUM(attempts), 0) FROM notification WHERE {_OVER}",
        ended_before=ended_before,
    )
    return int(notifications), int(attempts)


def lock_over(unit: UnitOfWork, ended_before: datetime, *, after: int, limit: int) -> list[OverRow]:
    """The next of them by id; until this transaction ends, nobody puts them back."""
    locked = "FOR UPDATE" if unit.dialect == "postgresql" else ""  # SQLite has one writer anyway
    return unit.fetch(
        OverRow,
        f"""
        SELECT id, attempts FROM notification WHERE id > :after AND {_OVER}
        ORDER BY id LIMIT :limit {locked}
        """,
        ended_before=ended_before,
        after=after,
        limit=limit,
    )


def note_notification_pruning(
    unit: UnitOfWork,
    *,
    ended_before: datetime,
    notifications: int,
    attempts: int,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Remember that some were deleted; the database lets nothing go that ended later than noted."""
    unit.insert(
        "notification_pruning",
        ended_before=ended_before,
        notifications=notifications,
        attempts=attempts,
        pruned_at=at,
        actor=actor,
        reason=reason,
    )


def delete_notifications(unit: UnitOfWork, rows: Sequence[OverRow]) -> None:
    """Delete these and their attempts."""
    ids = [{"id": row.id} for row in rows]
    unit.run_many("DELETE FROM delivery_attempt WHERE notification_id = :id", ids)
    unit.run_many("DELETE FROM notification WHERE id = :id", ids)
