"""Budgets and enforcement states."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import append_only
from creditctl.store.tables.columns import INT64

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("limit_micro", INT64, nullable=False),
        sa.Column("updated_at", INT64, nullable=False),
        sa.CheckConstraint("kind IN ('hard', 'notify')", name=op.f("ck_budget_kind_known")),
        sa.CheckConstraint("period IN ('day')", name=op.f("ck_budget_period_known")),
        sa.CheckConstraint(
            "scope IN ('all', 'beyond_allowance')", name=op.f("ck_budget_scope_known")
        ),
        sa.CheckConstraint("limit_micro >= 0", name=op.f("ck_budget_limit_not_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_budget_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
        sa.UniqueConstraint(
            "organization_id", "period", "kind", name=op.f("uq_budget_organization_id_period_kind")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_budget_public_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "enforcement",
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("limit_micro", INT64, nullable=True),
        sa.Column("usage_micro", INT64, nullable=True),
        sa.Column("since", INT64, nullable=False),
        sa.Column("until", INT64, nullable=True),
        sa.CheckConstraint(
            "state IN ('ok', 'notified', 'blocked')", name=op.f("ck_enforcement_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_enforcement_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_enforcement")),
        sqlite_strict=True,
    )
    op.create_table(
        "enforcement_change",
        sa.Column("id", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("limit_micro", INT64, nullable=True),
        sa.Column("usage_micro", INT64, nullable=True),
        sa.Column("changed_at", INT64, nullable=False),
        sa.Column("until", INT64, nullable=True),
        sa.CheckConstraint(
            "state IN ('ok', 'notified', 'blocked')", name=op.f("ck_enforcement_change_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_enforcement_change_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enforcement_change")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_enforcement_change_organization_id"),
        "enforcement_change",
        ["organization_id"],
        unique=False,
    )
    append_only("enforcement_change")


def downgrade() -> None:
    op.drop_table("enforcement_change")
    op.drop_table("enforcement")
    op.drop_table("budget")
