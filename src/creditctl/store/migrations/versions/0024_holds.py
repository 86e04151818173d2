"""Holds: calls in flight reserve named credits, which nothing else may draw."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_check
from creditctl.store.tables.columns import INT64

revision = "0024"
down_revision = "0023"

_OPEN = sa.text("state = 'open'")
_WITHIN = "held_micro = 0 OR (held_micro > 0 AND held_micro <= remaining_micro)"


def upgrade() -> None:
    add_column("credit_grant", "held_micro", "integer", required=True)
    replace_check("credit_grant", "held_within_remaining", "", _WITHIN)
    op.create_table(
        "hold",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("api_key_id", INT64, nullable=True),
        sa.Column("price_id", INT64, nullable=False),
        sa.Column("event_hour", INT64, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("id_text", sa.Text(), nullable=True),
        sa.Column("authorized_at", INT64, nullable=False),
        sa.Column("expires_at", INT64, nullable=False),
        sa.Column("estimated_units", INT64, nullable=True),
        sa.Column("estimate_micro", INT64, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", INT64, nullable=True),
        sa.Column("captured_micro", INT64, nullable=True),
        sa.Column("batch_id", INT64, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'captured', 'released', 'expired')",
            name=op.f("ck_hold_state_known"),
        ),
        sa.CheckConstraint(
            "expires_at > authorized_at", name=op.f("ck_hold_expires_after_authorized")
        ),
        sa.CheckConstraint("estimate_micro >= 0", name=op.f("ck_hold_estimate_not_negative")),
        sa.CheckConstraint("captured_micro >= 0", name=op.f("ck_hold_captured_not_negative")),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL)", name=op.f("ck_hold_closed_unless_open")
        ),
        sa.CheckConstraint(
            "(state = 'captured') = (captured_micro IS NOT NULL)"
            " AND (state = 'captured') = (batch_id IS NOT NULL)",
            name=op.f("ck_hold_captured_with_its_event"),
        ),
        _reference("hold", "organization_id", "organization"),
        _reference("hold", "api_key_id", "api_key"),
        _reference("hold", "price_id", "endpoint_price"),
        _reference("hold", "batch_id", "usage_batch"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hold_public_id")),
        sa.UniqueConstraint("event_hour", "event_id", name=op.f("uq_hold_event_hour_event_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_hold_event", "hold", ["event_id"])
    op.create_index(
        "ix_hold_open",
        "hold",
        ["organization_id", "expires_at"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "hold_part",
        sa.Column("hold_id", INT64, nullable=False),
        sa.Column("place", INT64, nullable=False),
        sa.Column("grant_id", INT64, nullable=True),
        sa.Column("amount_micro", INT64, nullable=False),
        sa.CheckConstraint("amount_micro > 0", name=op.f("ck_hold_part_amount_above_zero")),
        _reference("hold_part", "hold_id", "hold"),
        _reference("hold_part", "grant_id", "credit_grant"),
        sa.PrimaryKeyConstraint("hold_id", "place", name=op.f("pk_hold_part")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("hold_part")
    op.drop_table("hold")
    replace_check("credit_grant", "held_within_remaining", _WITHIN, "")
    drop_column("credit_grant", "held_micro", "integer", required=True)


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
