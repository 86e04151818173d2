"""Invoices and their lines."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.tables.columns import FLAG, INT64

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("starts_at", INT64, nullable=False),
        sa.Column("ends_at", INT64, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stale", FLAG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", INT64, nullable=False),
        sa.Column("generated_at", INT64, nullable=False),
        sa.CheckConstraint("status IN ('draft')", name=op.f("ck_invoice_status_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_invoice_period_not_empty")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_invoice_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint(
            "organization_id",
            "starts_at",
            "ends_at",
            name=op.f("uq_invoice_organization_id_starts_at_ends_at"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_invoice_public_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "invoice_line",
        sa.Column("id", INT64, nullable=False),
        sa.Column("invoice_id", INT64, nullable=False),
        sa.Column("position", INT64, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("requests", INT64, nullable=True),
        sa.Column("credits_micro", INT64, nullable=True),
        sa.Column("unit_price", sa.Text(), nullable=True),
        sa.Column("amount_minor", INT64, nullable=False),
        sa.CheckConstraint(
            "kind IN ('fee', 'usage', 'credits', 'covered', 'rounding')",
            name=op.f("ck_invoice_line_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint(
            "invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")
        ),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("invoice_line")
    op.drop_table("invoice")
