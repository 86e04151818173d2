"""The outbox: written once, read by people, put back when they say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.store.engine import UnitOfWork

_SELECT = """
    SELECT n.id, n.public_id, o.slug, d.public_id, d.channel, d.address, n.destination_id, n.event,
           n.summary, n.status, n.attempts, n.next_attempt_at, n.created_at, n.deadline_at,
           n.delivered_at, n.last_error, n.payload, n.body_text, n.body_html, n.organization_id
    FROM notification AS n JOIN destination AS d ON d.id = n.destination_id
         LEFT JOIN organization AS o ON o.id = n.organization_id
"""


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification as people look at it."""

    id: int
    public_id: str
    organization: str | None
    destination: str
    channel: str
    address: str
    destination_id: int
    event: str
    summary: str
    status: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    deadline_at: datetime
    delivered_at: datetime | None
    last_error: str | None
    payload: str
    body_text: str
    body_html: str
    organization_id: int | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt to deliver it."""

    attempted_at: datetime
    outcome: str
    detail: str
    duration_ms: int


def insert_notification(unit: UnitOfWork, columns: Mapping[str, Any]) -> int:
    """Write one that waits for its first attempt; 0 when its destination was told already."""
    values = {"status": "pending", "attempts": 0, "failures": 0, **columns}
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    return unit.run(
        f"""
        INSERT INTO notification ({names}) VALUES ({places})
        ON CONFLICT (destination_id, dedup_key, action) DO NOTHING
        """,
        **values,
    )


def notification_named(unit: UnitOfWork, public_id: str) -> NotificationRow | None:
    """The notification of that id, or None."""
    return unit.fetch_one(NotificationRow, f"{_SELECT} WHERE n.public_id = :id", id=public_id)


def notification_rows(
    unit: UnitOfWork,
    *,
    organization_id: int | None,
    destination_id: int | None,
    status: str | None,
    limit: int,
) -> list[NotificationRow]:
    """The newest first."""
    return unit.fetch(
        NotificationRow,
        f"""
        {_SELECT}
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR n.organization_id = :organization_id)
          AND (CAST(:destination_id AS BIGINT) IS NULL OR n.destination_id = :destination_id)
          AND (CAST(:status AS TEXT) IS NULL OR n.status = :status)
        ORDER BY n.id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        destination_id=destination_id,
        status=status,
        limit=limit,
    )


def attempts_of(unit: UnitOfWork, notification_id: int) -> list[AttemptRow]:
    """Every attempt, in order."""
    return unit.fetch(
        AttemptRow,
        """
        SELECT attempted_at, outcome, detail, duration_ms FROM delivery_attempt
        WHERE notification_id = :id ORDER BY id
        """,
        id=notification_id,
    )


def put_back(unit: UnitOfWork, notification_id: int, *, now: datetime, deadline: datetime) -> int:
    """Let it be tried at once, with a lifetime of its own; 0 where it was delivered."""
    return unit.run(
        """
        UPDATE notification SET status = 'pending', failures = 0, next_attempt_at = :now,
               deadline_at = :deadline
        WHERE id = :id AND status <> 'delivered'
        """,
        id=notification_id,
        now=now,
        deadline=deadline,
    )


def dead_letters(unit: UnitOfWork, destination_id: int | None) -> list[NotificationRow]:
    """Those given up, of destinations that are still there, the oldest first."""
    return unit.fetch(
        NotificationRow,
        f"""
        {_SELECT}
        WHERE n.status = 'dead' AND d.state <> 'removed'
          AND (CAST(:id AS BIGINT) IS NULL OR n.destination_id = :id)
        ORDER BY n.id
        """,
        id=destination_id,
    )


def cancel_pending(unit: UnitOfWork, destination_id: int) -> int:
    """Give up what waits for a destination that is removed; returns how many."""
    return unit.run(
        """
        UPDATE notification SET status = 'cancelled'
        WHERE destination_id = :id AND status = 'pending'
        """,
        id=destination_id,
    )


DELIVERED_BY_NOBODY = """
    SELECT n.public_id, 'is delivered, and no attempt succeeded'
    FROM notification AS n
    WHERE n.status = 'delivered' AND NOT EXISTS (
        SELECT 1 FROM delivery_attempt AS a
        WHERE a.notification_id = n.id AND a.outcome = 'delivered')
"""
UNDELIVERED_THOUGH_ACCEPTED = """
    SELECT n.public_id, 'is ' || n.status || ', though an attempt succeeded'
    FROM notification AS n
    WHERE n.status IN ('pending', 'dead') AND EXISTS (
        SELECT 1 FROM delivery_attempt AS a
        WHERE a.notification_id = n.id AND a.outcome = 'delivered')
"""
MISCOUNTED_ATTEMPTS = """
    SELECT n.public_id, 'counts ' || n.attempts || ' attempts, there are ' || COUNT(a.id)
    FROM notification AS n LEFT JOIN delivery_attempt AS a ON a.notification_id = n.id
    GROUP BY n.id, n.public_id, n.attempts HAVING n.attempts <> COUNT(a.id)
"""
TOLD_OF_OTHERS = """
    SELECT n.public_id, 'tells ' || d.public_id || ' of another organization'
    FROM notification AS n JOIN destination AS d ON d.id = n.destination_id
         JOIN organization AS told ON told.id = d.organization_id
         LEFT JOIN organization AS o ON o.id = n.organization_id
    WHERE COALESCE(o.merged_into_id, n.organization_id) <> COALESCE(told.merged_into_id, told.id)
"""
