"""Destinations, the outbox of notifications to them, and every attempt to deliver one."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

_PENDING = sql("status = 'pending'")


class Destination(SQLModel, table=True):
    """Where notifications go; without an organization it is told about everybody.

    `failures` are those in a row; until `open_until` nothing is sent. Whoever holds the claim is
    the only one to send there, until its time is up.
    """

    __tablename__ = "destination"
    __table_args__ = (
        one_of("state", "active", "disabled", "removed"),
        CheckConstraint("failures >= 0", name="failures_not_negative"),
        CheckConstraint("(claim IS NULL) = (claimed_until IS NULL)", name="claim_ends"),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_until IS NULL)",
            name="previous_secret_ends",
        ),
        CheckConstraint(
            "state <> 'removed' OR (secret IS NULL AND previous_secret IS NULL)",
            name="removed_keeps_no_secret",
        ),
        Index("ix_destination_organization", "organization_id"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int | None = maybe_integer(refers_to="organization.id")
    channel: str = text()
    address: str = text()
    state: str = text()
    secret: str | None = maybe_text()
    previous_secret: str | None = maybe_text()
    previous_secret_until: int | None = maybe_integer()
    failures: int = integer()
    open_until: int | None = maybe_integer()
    claim: str | None = maybe_text()
    claimed_until: int | None = maybe_integer()
    created_at: int = integer()
    created_by: str = text()


class DestinationWish(SQLModel, table=True):
    """What a destination is told: a level, an event or a family of events."""

    __tablename__ = "destination_wish"
    __table_args__ = (CLUSTERED,)

    destination_id: int = integer(key=True, refers_to="destination.id")
    pattern: str = text(key=True)


class Notification(SQLModel, table=True):
    """The outbox: written with the change it tells of, delivered later; its content is frozen.

    `failures` are those since it was last put back; at `deadline_at` it is a dead letter.
    """

    __tablename__ = "notification"
    __table_args__ = (
        one_of("status", "pending", "delivered", "dead", "cancelled"),
        one_of("action", "trigger", "resolve", "inform"),
        one_of("severity", "critical", "error", "warning", "info"),
        CheckConstraint("failures >= 0 AND attempts >= failures", name="attempts_counted"),
        CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_some_time"
        ),
        CheckConstraint("status <> 'delivered' OR attempts > 0", name="delivered_by_an_attempt"),
        CheckConstraint("deadline_at > created_at", name="deadline_after_creation"),
        UniqueConstraint("destination_id", "dedup_key", "action"),
        Index(
            "ix_notification_due",
            "destination_id",
            "next_attempt_at",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index("ix_notification_organization", "organization_id", "id"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int | None = maybe_integer(refers_to="organization.id")
    destination_id: int = integer(refers_to="destination.id")
    event: str = text()
    dedup_key: str = text()
    action: str = text()
    severity: str = text()
    occurred_at: int = integer()
    summary: str = text()
    payload: str = text()
    body_text: str = text()
    body_html: str = text()
    created_at: int = integer()
    status: str = text()
    attempts: int = integer()
    failures: int = integer()
    next_attempt_at: int = integer()
    deadline_at: int = integer()
    delivered_at: int | None = maybe_integer()
    last_error: str | None = maybe_text()


class DeliveryAttempt(SQLModel, table=True):
    """One attempt and how it went; append-only."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        one_of("outcome", "delivered", "failed", "refused"),
        CheckConstraint("duration_ms >= 0", name="duration_not_negative"),
        Index("ix_delivery_attempt_notification", "notification_id"),
        STRICT,
    )

    id: int | None = identity()
    notification_id: int = integer(refers_to="notification.id")
    attempted_at: int = integer()
    outcome: str = text()
    detail: str = text()
    duration_ms: int = integer()
    actor: str = text()


class NotificationPruning(SQLModel, table=True):
    """Notifications that ended before `ended_before` were deleted with their attempts; append-only.

    What ended later than any of these says is refused to be deleted.
    """

    __tablename__ = "notification_pruning"
    __table_args__ = STRICT

    id: int | None = identity()
    ended_before: int = integer(index=True)
    notifications: int = integer()
    attempts: int = integer()
    pruned_at: int = integer()
    actor: str = text()
    reason: str = text()
