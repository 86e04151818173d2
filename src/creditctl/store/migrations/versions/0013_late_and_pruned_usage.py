"""Late usage: final invoices, their adjustments, events in quarantine; and events pruned."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_check
from creditctl.store.tables.columns import INT64

revision = "0013"
down_revision = "0012"

_CHECKS = {
    "invoice": ("status_known", "status IN ('draft')", "status IN ('draft', 'finalized')"),
    "invoice_line": (
        "kind_known",
        "kind IN ('fee', 'usage', 'credits', 'covered', 'rounding')",
        "kind IN ('fee', 'usage', 'late', 'credits', 'covered', 'rounding')",
    ),
}
_PRUNED = ("pruned", "pruned_micro")
_FINAL = sa.text("status <> 'draft'")


def upgrade() -> None:
    for table, (name, old, new) in _CHECKS.items():
        replace_check(table, name, old, new)
    op.create_index(
        "ix_invoice_final", "invoice", ["ends_at"], sqlite_where=_FINAL, postgresql_where=_FINAL
    )
    op.create_table(
        "late_usage",
        sa.Column("id", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("batch_id", INT64, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("starts_at", INT64, nullable=False),
        sa.Column("ends_at", INT64, nullable=False),
        sa.Column("events", INT64, nullable=False),
        sa.Column("invoice_id", INT64, nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_late_usage_period_not_empty")),
        _reference("late_usage", "organization_id", "organization"),
        _reference("late_usage", "batch_id", "usage_batch"),
        _reference("late_usage", "invoice_id", "invoice"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_usage")),
        sqlite_strict=True,
    )
    for column in ("organization_id", "invoice_id"):
        op.create_index(f"ix_late_usage_{column}", "late_usage", [column])
    op.create_table(
        "late_usage_day",
        sa.Column("late_usage_id", INT64, nullable=False),
        sa.Column("day", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("requests", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        _reference("late_usage_day", "late_usage_id", "late_usage"),
        sa.PrimaryKeyConstraint(
            "late_usage_id", "day", "product_id", "tier", name=op.f("pk_late_usage_day")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "late_usage_entry",
        sa.Column("entry_id", INT64, nullable=False),
        sa.Column("late_usage_id", INT64, nullable=False),
        _reference("late_usage_entry", "late_usage_id", "late_usage"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_late_usage_entry")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_late_usage_entry_late_usage_id", "late_usage_entry", ["late_usage_id"])
    _create_late_event()
    op.create_table(
        "pruning",
        sa.Column("id", INT64, nullable=False),
        sa.Column("before_day", INT64, nullable=False),
        sa.Column("events", INT64, nullable=False),
        sa.Column("pruned_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pruning")),
        sqlite_strict=True,
    )
    for name in _PRUNED:
        add_column("usage_batch", name, "integer", required=True)


def downgrade() -> None:
    for name in reversed(_PRUNED):
        drop_column("usage_batch", name, "integer", required=True)
    for table in ("pruning", "late_event", "late_usage_entry", "late_usage_day", "late_usage"):
        op.drop_table(table)
    op.drop_index("ix_invoice_final", "invoice")
    op.execute("UPDATE invoice_line SET kind = 'usage' WHERE kind = 'late'")
    op.execute("UPDATE invoice SET status = 'draft' WHERE status = 'finalized'")
    for table, (name, old, new) in reversed(_CHECKS.items()):
        replace_check(table, name, new, old)


def _create_late_event() -> None:
    op.create_table(
        "late_event",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("batch_id", INT64, nullable=False),
        sa.Column("line", INT64, nullable=False),
        sa.Column("event_hour", INT64, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("id_text", sa.Text(), nullable=True),
        sa.Column("occurred_at", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("api_key_id", INT64, nullable=True),
        sa.Column("price_id", INT64, nullable=False),
        sa.Column("status", INT64, nullable=False),
        sa.Column("units", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("quarantined_at", INT64, nullable=False),
        sa.Column("decided_at", INT64, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('quarantined', 'released', 'rejected')",
            name=op.f("ck_late_event_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'quarantined') = (decided_at IS NULL)",
            name=op.f("ck_late_event_decided_when_not_waiting"),
        ),
        _reference("late_event", "batch_id", "usage_batch"),
        _reference("late_event", "organization_id", "organization"),
        _reference("late_event", "price_id", "endpoint_price"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_event")),
        sa.UniqueConstraint(
            "event_hour", "event_id", name=op.f("uq_late_event_event_hour_event_id")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_late_event_public_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_late_event_organization_id", "late_event", ["organization_id"])


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
