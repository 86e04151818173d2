"""Organizations, API keys and subscriptions."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.tables.columns import INT64

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "organization",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("billing_email", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.CheckConstraint(
            "kind IN ('registered', 'guest')", name=op.f("ck_organization_kind_known")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'closed')", name=op.f("ck_organization_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("public_id", name=op.f("uq_organization_public_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_organization_slug")),
        sqlite_strict=True,
    )
    op.create_table(
        "api_key",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("plan_id", INT64, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("expires_at", INT64, nullable=True),
        sa.Column("revoked_at", INT64, nullable=True),
        sa.CheckConstraint("status IN ('active', 'revoked')", name=op.f("ck_api_key_status_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_api_key_organization_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_api_key_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint(
            "organization_id", "name", name=op.f("uq_api_key_organization_id_name")
        ),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_key_public_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "subscription",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("plan_id", INT64, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", INT64, nullable=False),
        sa.Column("ended_at", INT64, nullable=True),
        sa.Column("created_at", INT64, nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'ended')", name=op.f("ck_subscription_status_known")
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_subscription_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_subscription_organization_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_subscription_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscription_public_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_subscription_active",
        "subscription",
        ["organization_id"],
        unique=True,
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    )


def downgrade() -> None:
    op.drop_table("subscription")
    op.drop_table("api_key")
    op.drop_table("organization")
