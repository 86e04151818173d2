"""Purchases of credits: documents, taxes, payments, payment methods, numbers."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import append_only, keep_columns, keep_rows
from creditctl.store.tables.columns import FLAG, INT64

revision = "0014"
down_revision = "0013"

_DOCUMENT = [
    "id",
    "public_id",
    "organization_id",
    "source",
    "package",
    "credits_micro",
    "lifetime_days",
    "currency",
    "unit_price",
    "unit_cost",
    "net_minor",
    "tax_minor",
    "gross_minor",
    "treatment",
    "document",
    "reference",
    "created_at",
    "actor",
    "reason",
]
"""What was agreed on: it never changes, whatever becomes of the payment."""

_ASKED = [
    "id",
    "public_id",
    "purchase_id",
    "provider",
    "idempotency_key",
    "amount_minor",
    "currency",
    "method_id",
    "requested_at",
]
_TABLES = (
    "number_series",
    "payment_method",
    "purchase",
    "payment",
    "purchase_tax",
    "payment_arrival",
    "payment_notice",
)


def upgrade() -> None:
    op.create_table(
        "number_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", INT64, nullable=False),
        sa.Column("last", INT64, nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_number_series")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_method",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("buyer_reference", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("expires", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("is_default", FLAG, nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("removed_at", INT64, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_payment_method_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_method")),
        sa.UniqueConstraint(
            "organization_id",
            "provider",
            "reference",
            name=op.f("uq_payment_method_organization_id_provider_reference"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_method_public_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "purchase",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("package", sa.Text(), nullable=True),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("lifetime_days", INT64, nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Text(), nullable=False),
        sa.Column("unit_cost", sa.Text(), nullable=False),
        sa.Column("net_minor", INT64, nullable=False),
        sa.Column("tax_minor", INT64, nullable=False),
        sa.Column("gross_minor", INT64, nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("grant_id", INT64, nullable=True),
        sa.Column("paid_at", INT64, nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.Column("voided_at", INT64, nullable=True),
        sa.Column("voided_by", sa.Text(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'paid') = (grant_id IS NOT NULL) AND (status = 'paid') = (paid_at IS NOT NULL) AND (status = 'paid') = (receipt_number IS NOT NULL)",
            name=op.f("ck_purchase_paid_is_granted"),
        ),
        sa.CheckConstraint(
            "source IN ('purchase', 'auto_recharge')", name=op.f("ck_purchase_source_known")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'paid', 'void')", name=op.f("ck_purchase_status_known")
        ),
        sa.CheckConstraint("credits_micro > 0", name=op.f("ck_purchase_buys_credits")),
        sa.CheckConstraint(
            "gross_minor > 0 AND net_minor >= 0 AND tax_minor >= 0", name=op.f("ck_purchase_priced")
        ),
        sa.CheckConstraint(
            "net_minor + tax_minor = gross_minor", name=op.f("ck_purchase_net_and_tax_are_gross")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["credit_grant.id"], name=op.f("fk_purchase_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_purchase_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("public_id", name=op.f("uq_purchase_public_id")),
        sa.UniqueConstraint("receipt_number", name=op.f("uq_purchase_receipt_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_purchase_organization", "purchase", ["organization_id", "id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("purchase_id", INT64, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("amount_minor", INT64, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("received_minor", INT64, nullable=False),
        sa.Column("fee_minor", INT64, nullable=True),
        sa.Column("method_id", INT64, nullable=True),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("decline_code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("requested_at", INT64, nullable=False),
        sa.Column("answered_at", INT64, nullable=True),
        sa.CheckConstraint(
            "status IN ('created', 'pending', 'requires_action', 'succeeded', 'declined', 'cancelled', 'expired', 'charged_back', 'unknown')",
            name=op.f("ck_payment_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_amount_above_zero")),
        sa.CheckConstraint("received_minor >= 0", name=op.f("ck_payment_received_not_negative")),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_method.id"], name=op.f("fk_payment_method_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_payment_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_idempotency_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_public_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_payment_provider", "payment", ["provider", "provider_reference"], unique=False
    )
    op.create_index("ix_payment_purchase", "payment", ["purchase_id"], unique=False)
    op.create_table(
        "purchase_tax",
        sa.Column("purchase_id", INT64, nullable=False),
        sa.Column("position", INT64, nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ppm", INT64, nullable=False),
        sa.Column("taxable_minor", INT64, nullable=False),
        sa.Column("tax_minor", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_tax_purchase_id")
        ),
        sa.PrimaryKeyConstraint("purchase_id", "position", name=op.f("pk_purchase_tax")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_arrival",
        sa.Column("id", INT64, nullable=False),
        sa.Column("payment_id", INT64, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_minor", INT64, nullable=False),
        sa.Column("arrived_at", INT64, nullable=False),
        sa.Column("recorded_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_arrival_amount_above_zero")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_arrival_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_arrival")),
        sa.UniqueConstraint(
            "payment_id", "reference", name=op.f("uq_payment_arrival_payment_id_reference")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "payment_notice",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payment_id", INT64, nullable=True),
        sa.Column("received_at", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_notice_payment_id")
        ),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_payment_notice")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    keep_columns("purchase", _DOCUMENT)
    keep_rows("purchase", "purchases keep their history")
    keep_columns("payment", _ASKED)
    keep_rows("payment", "payments keep their history")
    for table in ("purchase_tax", "payment_arrival", "payment_notice"):
        append_only(table)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
