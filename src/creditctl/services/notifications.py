"""The outbox as people see it: what was told to whom, what waits, what was given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict, NotFound
from creditctl.rules.delivery_schedule import LIFETIME
from creditctl.rules.destinations import shown_address
from creditctl.services.audit import record_change
from creditctl.services.destinations import find_destination
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.destinations import update_destination
from creditctl.store.queries.notifications import (
    NotificationRow,
    attempts_of,
    dead_letters,
    notification_named,
    notification_rows,
    put_back,
)
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class Notification:
    """One line of the outbox."""

    id: str
    organization: str | None
    destination: str
    event: str
    summary: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt and how it went."""

    attempted_at: datetime
    outcome: str
    detail: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class NotificationCard:
    """A notification with all its attempts and what it says."""

    id: str
    organization: str | None
    destination: str
    channel: str
    address: str
    event: str
    summary: str
    status: str
    next_attempt_at: datetime | None
    created_at: datetime
    deadline_at: datetime
    delivered_at: datetime | None
    text: str
    attempts: tuple[DeliveryAttempt, ...]


def list_notifications(
    context: Context,
    organization: str | None = None,
    *,
    destination: str | None = None,
    status: str | None = None,
    limit: int = 50,
) -> list[Notification]:
    """The newest first; raises OrganizationNotFound, NotFound."""
    with reading(context.database) as unit:
        rows = notification_rows(
            unit,
            organization_id=find_organization(unit, organization).id if organization else None,
            destination_id=find_destination(unit, destination).id if destination else None,
            status=status,
            limit=limit,
        )
    return [_shown(row) for row in rows]


def show_notification(context: Context, notification: str) -> NotificationCard:
    """One with every attempt; raises NotFound."""
    with reading(context.database) as unit:
        row = _find(unit, notification)
        attempts = attempts_of(unit, row.id)
    return NotificationCard(
        id=row.public_id,
        organization=row.organization,
        destination=row.destination,
        channel=row.channel,
        address=shown_address(row.channel, row.address),
        event=row.event,
        summary=row.summary,
        status=row.status,
        next_attempt_at=row.next_attempt_at if row.status == "pending" else None,
        created_at=row.created_at,
        deadline_at=row.deadline_at,
        delivered_at=row.delivered_at,
        text=row.body_text,
        attempts=tuple(
            DeliveryAttempt(one.attempted_at, one.outcome, one.detail, one.duration_ms)
            for one in attempts
        ),
    )


def notification_payload(context: Context, notification: str) -> str:
    """The JSON document that is sent, byte for byte; raises NotFound."""
    with reading(context.database) as unit:
        return _find(unit, notification).payload


def retry_notifications(
    context: Context, notifications: Sequence[str], reason: str = ""
) -> list[Notification]:
    """Put these back: due at once, with another 24 hours; their destinations are tried again too.

    Raises NotFound, and Conflict for what was delivered or whose destination is gone.
    """
    with unit_of_work(context.database) as unit:
        rows = [_find(unit, notification) for notification in notifications]
        for row in rows:
            if row.status == "delivered":
                raise Conflict(f"{row.public_id} was delivered")
            find_destination(unit, row.destination)
        return _put_back(unit, context, rows, reason)


def retry_dead(
    context: Context, destination: str | None = None, reason: str = ""
) -> list[Notification]:
    """Put every dead letter back, of one destination or all; raises NotFound."""
    with unit_of_work(context.database) as unit:
        chosen = find_destination(unit, destination).id if destination else None
        return _put_back(unit, context, dead_letters(unit, chosen), reason)


def _put_back(
    unit: UnitOfWork, context: Context, rows: Sequence[NotificationRow], reason: str
) -> list[Notification]:
    for destination_id in sorted({row.destination_id for row in rows}):
        update_destination(unit, destination_id, failures=0, open_until=None)
    for row in rows:
        put_back(unit, row.id, now=context.now, deadline=context.now + LIFETIME)
        record_change(
            unit,
            context,
            "notification.retried",
            row.public_id,
            organization_id=row.organization_id,
            reason=reason,
            before={"status": row.status},
            after={"status": "pending"},
        )
    return [_shown(_find(unit, row.public_id)) for row in rows]


def _find(unit: UnitOfWork, notification: str) -> NotificationRow:
    row = notification_named(unit, notification)
    if row is None:
        raise NotFound(
            f"there is no notification {notification!r}",
            hint="'creditctl notifications list' shows them",
        )
    return row


def _shown(row: NotificationRow) -> Notification:
    return Notification(
        id=row.public_id,
        organization=row.organization,
        destination=row.destination,
        event=row.event,
        summary=row.summary,
        status=row.status,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at if row.status == "pending" else None,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
        last_error=row.last_error,
    )
