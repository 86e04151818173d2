"""Closed months: a table that only grows, and what fees had earned by each close."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import append_only
from creditctl.store.tables.columns import INT64

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "period_closing",
        sa.Column("id", INT64, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("first_open_day", INT64, nullable=False),
        sa.Column("last_entry_id", INT64, nullable=False),
        sa.Column("closed_at", INT64, nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "last_entry_id >= 0", name=op.f("ck_period_closing_last_entry_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_closing")),
        sa.UniqueConstraint("first_open_day", name=op.f("uq_period_closing_first_open_day")),
        sa.UniqueConstraint("month", name=op.f("uq_period_closing_month")),
        sqlite_strict=True,
    )
    op.create_table(
        "recognised_fee",
        sa.Column("closing_id", INT64, nullable=False),
        sa.Column("subscription_id", INT64, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("earned_minor", INT64, nullable=False),
        sa.CheckConstraint("earned_minor >= 0", name=op.f("ck_recognised_fee_earned_not_negative")),
        _reference("closing_id", "period_closing"),
        _reference("subscription_id", "subscription"),
        sa.PrimaryKeyConstraint(
            "closing_id", "subscription_id", "currency", name=op.f("pk_recognised_fee")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    append_only("period_closing")
    append_only("recognised_fee")


def downgrade() -> None:
    op.drop_table("recognised_fee")
    op.drop_table("period_closing")


def _reference(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_recognised_fee_{column}")
    )
