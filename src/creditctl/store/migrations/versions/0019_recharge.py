"""Auto-recharge: one per organization, and at most one purchase of it open at a time."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.tables.columns import INT64

revision = "0019"
down_revision = "0018"

_OPEN_RECHARGE = sa.text("source = 'auto_recharge' AND status = 'pending'")


def upgrade() -> None:
    op.create_index(
        "uq_purchase_open_recharge",
        "purchase",
        ["organization_id"],
        unique=True,
        sqlite_where=_OPEN_RECHARGE,
        postgresql_where=_OPEN_RECHARGE,
    )
    op.create_table(
        "recharge",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("below_micro", INT64, nullable=False),
        sa.Column("up_to_micro", INT64, nullable=False),
        sa.Column("cap_minor", INT64, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method_id", INT64, nullable=False),
        sa.Column("cool_down_seconds", INT64, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("state_at", INT64, nullable=False),
        sa.Column("state_by", sa.Text(), nullable=False),
        sa.Column("declines", INT64, nullable=False),
        sa.Column("next_try_at", INT64, nullable=True),
        sa.Column("last_at", INT64, nullable=True),
        sa.Column("crossings", INT64, nullable=False),
        sa.Column("purchase_id", INT64, nullable=True),
        sa.Column("capped_month", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_recharge_state_known")),
        sa.CheckConstraint(
            "below_micro > 0 AND up_to_micro > below_micro", name=op.f("ck_recharge_target_above")
        ),
        sa.CheckConstraint("cap_minor > 0", name=op.f("ck_recharge_cap_above_zero")),
        sa.CheckConstraint(
            "cool_down_seconds >= 0 AND declines >= 0 AND crossings >= 0",
            name=op.f("ck_recharge_not_negative"),
        ),
        _reference("organization_id", "organization"),
        _reference("method_id", "payment_method"),
        _reference("purchase_id", "purchase"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recharge")),
        sa.UniqueConstraint("organization_id", name=op.f("uq_recharge_organization_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_recharge_public_id")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("recharge")
    op.drop_index("uq_purchase_open_recharge", "purchase")


def _reference(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_recharge_{column}"))
