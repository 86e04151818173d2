"""Destinations, the outbox of notifications, and the attempts to deliver them."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import append_only, keep_columns, keep_rows, refuse_change
from creditctl.store.tables.columns import INT64

revision = "0021"
down_revision = "0020"

_PENDING = sa.text("status = 'pending'")
_FROZEN = [
    "id",
    "public_id",
    "organization_id",
    "destination_id",
    "event",
    "dedup_key",
    "action",
    "severity",
    "occurred_at",
    "summary",
    "payload",
    "body_text",
    "body_html",
    "created_at",
]
"""What is told: the same on every attempt."""

_TABLES = ("destination", "destination_wish", "notification", "delivery_attempt")


def upgrade() -> None:
    op.create_table(
        "destination",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_secret_until", INT64, nullable=True),
        sa.Column("failures", INT64, nullable=False),
        sa.Column("open_until", INT64, nullable=True),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("claimed_until", INT64, nullable=True),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('active', 'disabled', 'removed')", name=op.f("ck_destination_state_known")
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_destination_failures_not_negative")),
        sa.CheckConstraint(
            "(claim IS NULL) = (claimed_until IS NULL)", name=op.f("ck_destination_claim_ends")
        ),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_until IS NULL)",
            name=op.f("ck_destination_previous_secret_ends"),
        ),
        sa.CheckConstraint(
            "state <> 'removed' OR (secret IS NULL AND previous_secret IS NULL)",
            name=op.f("ck_destination_removed_keeps_no_secret"),
        ),
        _reference("destination", "organization_id", "organization"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destination")),
        sa.UniqueConstraint("public_id", name=op.f("uq_destination_public_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_destination_organization", "destination", ["organization_id"])
    op.create_table(
        "destination_wish",
        sa.Column("destination_id", INT64, nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        _reference("destination_wish", "destination_id", "destination"),
        sa.PrimaryKeyConstraint("destination_id", "pattern", name=op.f("pk_destination_wish")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notification",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=True),
        sa.Column("destination_id", INT64, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("occurred_at", INT64, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", INT64, nullable=False),
        sa.Column("failures", INT64, nullable=False),
        sa.Column("next_attempt_at", INT64, nullable=False),
        sa.Column("deadline_at", INT64, nullable=False),
        sa.Column("delivered_at", INT64, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'delivered', 'dead', 'cancelled')",
            name=op.f("ck_notification_status_known"),
        ),
        sa.CheckConstraint(
            "action IN ('trigger', 'resolve', 'inform')", name=op.f("ck_notification_action_known")
        ),
        sa.CheckConstraint(
            "severity IN ('critical', 'error', 'warning', 'info')",
            name=op.f("ck_notification_severity_known"),
        ),
        sa.CheckConstraint(
            "failures >= 0 AND attempts >= failures", name=op.f("ck_notification_attempts_counted")
        ),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)",
            name=op.f("ck_notification_delivered_some_time"),
        ),
        sa.CheckConstraint(
            "status <> 'delivered' OR attempts > 0",
            name=op.f("ck_notification_delivered_by_an_attempt"),
        ),
        sa.CheckConstraint(
            "deadline_at > created_at", name=op.f("ck_notification_deadline_after_creation")
        ),
        _reference("notification", "organization_id", "organization"),
        _reference("notification", "destination_id", "destination"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint(
            "destination_id",
            "dedup_key",
            "action",
            name=op.f("uq_notification_destination_id_dedup_key_action"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_notification_public_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_notification_due",
        "notification",
        ["destination_id", "next_attempt_at"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_index("ix_notification_organization", "notification", ["organization_id", "id"])
    op.create_table(
        "delivery_attempt",
        sa.Column("id", INT64, nullable=False),
        sa.Column("notification_id", INT64, nullable=False),
        sa.Column("attempted_at", INT64, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("duration_ms", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'failed', 'refused')",
            name=op.f("ck_delivery_attempt_outcome_known"),
        ),
        sa.CheckConstraint(
            "duration_ms >= 0", name=op.f("ck_delivery_attempt_duration_not_negative")
        ),
        _reference("delivery_attempt", "notification_id", "notification"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
        sqlite_strict=True,
    )
    op.create_index("ix_delivery_attempt_notification", "delivery_attempt", ["notification_id"])
    keep_columns("notification", _FROZEN)
    keep_rows("notification", "notifications keep their history")
    refuse_change(
        "notification",
        "delivered",
        {"status": "''"},
        "OLD.status = 'delivered'",
        "what was delivered stays delivered",
    )
    append_only("delivery_attempt")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
