"""Credit grants and the append-only ledger."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.facts import GRANT_FACTS
from creditctl.store.migrations.guards import append_only, keep_columns, keep_rows
from creditctl.store.tables.columns import INT64

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "credit_grant",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("amount_micro", INT64, nullable=False),
        sa.Column("remaining_micro", INT64, nullable=False),
        sa.Column("expired_micro", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=True),
        sa.Column("priority", INT64, nullable=False),
        sa.Column("effective_at", INT64, nullable=False),
        sa.Column("expires_at", INT64, nullable=True),
        sa.Column("unit_cost", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("subscription_id", INT64, nullable=True),
        sa.Column("period_starts_at", INT64, nullable=True),
        sa.Column("promotion", sa.Text(), nullable=True),
        sa.Column("created_at", INT64, nullable=False),
        sa.CheckConstraint(
            "source IN ('promotion', 'trial', 'guest', 'subscription', 'purchase', 'auto_recharge', 'order_form', 'goodwill', 'correction')",
            name=op.f("ck_credit_grant_source_known"),
        ),
        sa.CheckConstraint("amount_micro > 0", name=op.f("ck_credit_grant_amount_above_zero")),
        sa.CheckConstraint("expired_micro >= 0", name=op.f("ck_credit_grant_expired_not_negative")),
        sa.CheckConstraint(
            "expires_at > effective_at", name=op.f("ck_credit_grant_expires_after_effective")
        ),
        sa.CheckConstraint(
            "priority BETWEEN 0 AND 100", name=op.f("ck_credit_grant_priority_in_range")
        ),
        sa.CheckConstraint(
            "remaining_micro + expired_micro <= amount_micro",
            name=op.f("ck_credit_grant_never_above_amount"),
        ),
        sa.CheckConstraint("remaining_micro >= 0", name=op.f("ck_credit_grant_never_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_credit_grant_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_credit_grant_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_credit_grant_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_grant")),
        sa.UniqueConstraint(
            "organization_id", "promotion", name=op.f("uq_credit_grant_organization_id_promotion")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_grant_public_id")),
        sa.UniqueConstraint(
            "subscription_id",
            "period_starts_at",
            name=op.f("uq_credit_grant_subscription_id_period_starts_at"),
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_credit_grant_expiry", "credit_grant", ["expires_at"], unique=False)
    op.create_index(
        "ix_credit_grant_organization",
        "credit_grant",
        ["organization_id", "effective_at"],
        unique=False,
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("grant_id", INT64, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_micro", INT64, nullable=False),
        sa.Column("event_at", INT64, nullable=False),
        sa.Column("recorded_at", INT64, nullable=False),
        sa.Column("posting_day", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=True),
        sa.Column("batch_id", INT64, nullable=True),
        sa.Column("overage_reason", sa.Text(), nullable=True),
        sa.Column("settles_id", INT64, nullable=True),
        sa.Column("first_event_at", INT64, nullable=True),
        sa.Column("first_event_id", sa.LargeBinary(), nullable=True),
        sa.Column("last_event_at", INT64, nullable=True),
        sa.Column("last_event_id", sa.LargeBinary(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'overage') = (grant_id IS NULL)",
            name=op.f("ck_ledger_entry_grant_unless_overage"),
        ),
        sa.CheckConstraint(
            "(kind = 'overage') = (overage_reason IS NOT NULL)",
            name=op.f("ck_ledger_entry_overage_has_reason"),
        ),
        sa.CheckConstraint(
            "(kind = 'repayment') = (settles_id IS NOT NULL)",
            name=op.f("ck_ledger_entry_repays_overage"),
        ),
        sa.CheckConstraint(
            "CASE WHEN kind IN ('grant', 'expiry_reversal') THEN amount_micro > 0 ELSE amount_micro < 0 END",
            name=op.f("ck_ledger_entry_sign_fits_kind"),
        ),
        sa.CheckConstraint(
            "kind IN ('grant', 'usage', 'overage', 'expiry', 'expiry_reversal', 'repayment')",
            name=op.f("ck_ledger_entry_kind_known"),
        ),
        sa.CheckConstraint(
            "overage_reason IN ('postpaid', 'overshoot', 'late', 'correction')",
            name=op.f("ck_ledger_entry_overage_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["usage_batch.id"], name=op.f("fk_ledger_entry_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["credit_grant.id"], name=op.f("fk_ledger_entry_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ledger_entry_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_ledger_entry_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["settles_id"], ["ledger_entry.id"], name=op.f("fk_ledger_entry_settles_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sqlite_strict=True,
    )
    op.create_index("ix_ledger_entry_grant", "ledger_entry", ["grant_id"], unique=False)
    op.create_index(
        "ix_ledger_entry_organization", "ledger_entry", ["organization_id", "id"], unique=False
    )
    op.create_index(
        "ix_ledger_entry_overage",
        "ledger_entry",
        ["organization_id"],
        unique=False,
        sqlite_where=sa.text("kind = 'overage'"),
        postgresql_where=sa.text("kind = 'overage'"),
    )
    op.create_index(
        "ix_ledger_entry_settles",
        "ledger_entry",
        ["settles_id"],
        unique=False,
        sqlite_where=sa.text("settles_id IS NOT NULL"),
        postgresql_where=sa.text("settles_id IS NOT NULL"),
    )
    append_only("ledger_entry")
    keep_columns("credit_grant", GRANT_FACTS)
    keep_rows("credit_grant", "grants keep their history")


def downgrade() -> None:
    op.drop_table("ledger_entry")
    op.drop_table("credit_grant")
