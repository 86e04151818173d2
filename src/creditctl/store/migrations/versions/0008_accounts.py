"""Accounts: who an organization is, its duplicates, and plans that change over time."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column
from creditctl.store.tables.columns import INT64

revision = "0008"
down_revision = "0007"

TEXTS = ("region", "currency", "tax_id", "payment_fingerprint", "device_id")


def upgrade() -> None:
    for name in TEXTS:
        add_column("organization", name, "text")
    add_column("organization", "aligned", "flag", required=True)
    add_column("organization", "merged_into_id", "integer", refers_to="organization")
    add_column("subscription", "trial_ends_at", "integer")
    op.create_table(
        "organization_signal",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.CheckConstraint(
            "kind IN ('email', 'tax_id', 'payment_fingerprint', 'domain', 'legal_name', 'device')",
            name=op.f("ck_organization_signal_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_organization_signal_organization_id"),
        ),
        sa.PrimaryKeyConstraint(
            "kind", "value", "organization_id", name=op.f("pk_organization_signal")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "promotion_claim",
        sa.Column("promotion", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_promotion_claim_organization_id"),
        ),
        sa.PrimaryKeyConstraint("promotion", "kind", "value", name=op.f("pk_promotion_claim")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription_change",
        sa.Column("id", INT64, nullable=False),
        sa.Column("subscription_id", INT64, nullable=False),
        sa.Column("plan_id", INT64, nullable=False),
        sa.Column("effective_at", INT64, nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_subscription_change_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_subscription_change_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_change")),
        sa.UniqueConstraint(
            "subscription_id",
            "effective_at",
            name=op.f("uq_subscription_change_subscription_id_effective_at"),
        ),
        sqlite_strict=True,
    )
    _find_signals()


def downgrade() -> None:
    op.drop_table("subscription_change")
    op.drop_table("promotion_claim")
    op.drop_table("organization_signal")
    drop_column("subscription", "trial_ends_at", "integer")
    drop_column("organization", "merged_into_id", "integer", refers_to="organization")
    drop_column("organization", "aligned", "flag", required=True)
    for name in reversed(TEXTS):
        drop_column("organization", name, "text")


def _find_signals() -> None:
    """What organizations made before this tell about themselves."""
    bind = op.get_bind()
    found = bind.execute(sa.text("SELECT id, legal_name, billing_email FROM organization")).all()
    if not found:
        return
    from creditctl.rules.duplicates import signals_of

    for organization_id, legal_name, billing_email in found:
        for kind, value in signals_of(
            legal_name=legal_name,
            billing_email=billing_email,
            tax_id=None,
            payment_fingerprint=None,
            device_id=None,
        ):
            bind.execute(
                sa.text("INSERT INTO organization_signal VALUES (:kind, :value, :organization_id)"),
                {"kind": str(kind), "value": value, "organization_id": organization_id},
            )
