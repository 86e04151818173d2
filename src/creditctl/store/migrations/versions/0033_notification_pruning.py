"""Notifications that are over may be deleted with their attempts, once that is noted."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import (
    append_only,
    delete_only_while,
    drop_delete_guard,
    drop_guard,
    refuse_when,
)
from creditctl.store.tables.columns import INT64

revision = "0033"
down_revision = "0032"

_MESSAGES = {
    "notification": "notifications keep their history",
    "delivery_attempt": "delivery_attempt is append-only",
}
_OVER = """
    SELECT CASE WHEN {row}.status <> 'pending' AND COALESCE({row}.delivered_at, {row}.deadline_at)
                < (SELECT MAX(ended_before) FROM notification_pruning)
         THEN 'over' ELSE 'kept' END
"""
_QUERIES = {
    "notification": _OVER.format(row="OLD"),
    "delivery_attempt": (
        f"{_OVER.format(row='n')} FROM notification AS n WHERE n.id = OLD.notification_id"
    ),
}


def upgrade() -> None:
    op.create_table(
        "notification_pruning",
        sa.Column("id", INT64, nullable=False),
        sa.Column("ended_before", INT64, nullable=False),
        sa.Column("notifications", INT64, nullable=False),
        sa.Column("attempts", INT64, nullable=False),
        sa.Column("pruned_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_pruning")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_notification_pruning_ended_before", "notification_pruning", ["ended_before"]
    )
    append_only("notification_pruning")
    for table, query in _QUERIES.items():
        drop_guard(table, "delete")
        delete_only_while(table, query, "over", _MESSAGES[table])


def downgrade() -> None:
    for table, message in _MESSAGES.items():
        drop_delete_guard(table)
        refuse_when(table, "delete", "DELETE", "1 = 1", message)
    op.drop_table("notification_pruning")
