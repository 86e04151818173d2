"""Usage events, their rollups and the imports they came in."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.tables.columns import INT64

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "debit_day",
        sa.Column("day", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "organization_id", "product_id", "source", name=op.f("pk_debit_day")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_batch",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cursor", INT64, nullable=False),
        sa.Column("billed", INT64, nullable=False),
        sa.Column("free", INT64, nullable=False),
        sa.Column("failed", INT64, nullable=False),
        sa.Column("duplicate", INT64, nullable=False),
        sa.Column("rejected", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("started_at", INT64, nullable=False),
        sa.Column("finished_at", INT64, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('running', 'done')", name=op.f("ck_usage_batch_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_batch")),
        sa.UniqueConstraint("public_id", name=op.f("uq_usage_batch_public_id")),
        sa.UniqueConstraint("sha256", "options", name=op.f("uq_usage_batch_sha256_options")),
        sqlite_strict=True,
    )
    op.create_table(
        "usage_batch_product",
        sa.Column("batch_id", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("requests", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["usage_batch.id"], name=op.f("fk_usage_batch_product_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "product_id", name=op.f("pk_usage_batch_product")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_day",
        sa.Column("day", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("requests", INT64, nullable=False),
        sa.Column("billed", INT64, nullable=False),
        sa.Column("failed", INT64, nullable=False),
        sa.Column("units", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "organization_id", "product_id", "tier", name=op.f("pk_usage_day")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_event",
        sa.Column("event_hour", INT64, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("api_key_id", INT64, nullable=True),
        sa.Column("price_id", INT64, nullable=False),
        sa.Column("status", INT64, nullable=False),
        sa.Column("units", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("batch_id", INT64, nullable=False),
        sa.CheckConstraint(
            "credits_micro >= 0 AND units >= 0", name=op.f("ck_usage_event_amounts_not_negative")
        ),
        sa.PrimaryKeyConstraint("event_hour", "event_id", name=op.f("pk_usage_event")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_event_text",
        sa.Column("event_hour", INT64, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("id_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_hour", "event_id", name=op.f("pk_usage_event_text")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_hour",
        sa.Column("hour", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("api_key_id", INT64, nullable=False),
        sa.Column("endpoint_id", INT64, nullable=False),
        sa.Column("requests", INT64, nullable=False),
        sa.Column("billed", INT64, nullable=False),
        sa.Column("failed", INT64, nullable=False),
        sa.Column("units", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "organization_id", "api_key_id", "endpoint_id", name=op.f("pk_usage_hour")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_reject",
        sa.Column("id", INT64, nullable=False),
        sa.Column("batch_id", INT64, nullable=False),
        sa.Column("line", INT64, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["usage_batch.id"], name=op.f("fk_usage_reject_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_reject")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_usage_reject_batch_id"), "usage_reject", ["batch_id"], unique=False)


def downgrade() -> None:
    op.drop_table("usage_reject")
    op.drop_table("usage_hour")
    op.drop_table("usage_event_text")
    op.drop_table("usage_event")
    op.drop_table("usage_day")
    op.drop_table("usage_batch_product")
    op.drop_table("usage_batch")
    op.drop_table("debit_day")
