"""The catalog: products, endpoints, prices and plans, with their history."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.facts import PLAN_FACTS, PRICE_FACTS
from creditctl.store.migrations.guards import append_only, keep_columns, keep_rows
from creditctl.store.tables.columns import FLAG, INT64

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "catalog_version",
        sa.Column("id", INT64, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("list_price", sa.Text(), nullable=False),
        sa.Column("effective_from", INT64, nullable=False),
        sa.Column("applied_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "plan",
        sa.Column("id", INT64, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("name", name=op.f("uq_plan_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "product",
        sa.Column("id", INT64, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("name", name=op.f("uq_product_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "endpoint",
        sa.Column("id", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_endpoint_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
        sa.UniqueConstraint("method", "path", name=op.f("uq_endpoint_method_path")),
        sqlite_strict=True,
    )
    op.create_table(
        "plan_version",
        sa.Column("id", INT64, nullable=False),
        sa.Column("plan_id", INT64, nullable=False),
        sa.Column("catalog_version_id", INT64, nullable=False),
        sa.Column("effective_from", INT64, nullable=False),
        sa.Column("effective_to", INT64, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fee_minor", INT64, nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("allowance_micro", INT64, nullable=False),
        sa.Column("rollover", sa.Text(), nullable=False),
        sa.Column("postpaid_limit_micro", INT64, nullable=False),
        sa.Column("overage_price", sa.Text(), nullable=True),
        sa.Column("unlimited", FLAG, nullable=False),
        sa.Column("tiers", sa.Text(), nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.Column("capabilities", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "interval IN ('month', 'year')", name=op.f("ck_plan_version_interval_known")
        ),
        sa.CheckConstraint(
            "rollover IN ('reset', 'carry')", name=op.f("ck_plan_version_rollover_known")
        ),
        sa.CheckConstraint(
            "effective_to > effective_from", name=op.f("ck_plan_version_validity_not_empty")
        ),
        sa.CheckConstraint(
            "fee_minor >= 0 AND allowance_micro >= 0 AND postpaid_limit_micro >= 0",
            name=op.f("ck_plan_version_amounts_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["catalog_version_id"],
            ["catalog_version.id"],
            name=op.f("fk_plan_version_catalog_version_id"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_version_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint(
            "plan_id", "effective_from", name=op.f("uq_plan_version_plan_id_effective_from")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "endpoint_price",
        sa.Column("id", INT64, nullable=False),
        sa.Column("endpoint_id", INT64, nullable=False),
        sa.Column("catalog_version_id", INT64, nullable=False),
        sa.Column("effective_from", INT64, nullable=False),
        sa.Column("effective_to", INT64, nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("base_micro", INT64, nullable=False),
        sa.Column("unit_micro", INT64, nullable=False),
        sa.Column("per_units", INT64, nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("rounding", sa.Text(), nullable=False),
        sa.Column("included_units", INT64, nullable=False),
        sa.Column("minimum_micro", INT64, nullable=False),
        sa.Column("maximum_micro", INT64, nullable=True),
        sa.Column("billed_statuses", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "rounding IN ('up', 'exact')", name=op.f("ck_endpoint_price_rounding_known")
        ),
        sa.CheckConstraint(
            "base_micro >= 0 AND unit_micro >= 0", name=op.f("ck_endpoint_price_costs_not_negative")
        ),
        sa.CheckConstraint(
            "effective_to > effective_from", name=op.f("ck_endpoint_price_validity_not_empty")
        ),
        sa.CheckConstraint(
            "maximum_micro >= minimum_micro", name=op.f("ck_endpoint_price_minimum_below_maximum")
        ),
        sa.CheckConstraint(
            "per_units > 0 AND included_units >= 0", name=op.f("ck_endpoint_price_units_sensible")
        ),
        sa.ForeignKeyConstraint(
            ["catalog_version_id"],
            ["catalog_version.id"],
            name=op.f("fk_endpoint_price_catalog_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoint.id"], name=op.f("fk_endpoint_price_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_price")),
        sa.UniqueConstraint(
            "endpoint_id",
            "effective_from",
            name=op.f("uq_endpoint_price_endpoint_id_effective_from"),
        ),
        sqlite_strict=True,
    )
    keep_columns("endpoint_price", PRICE_FACTS)
    keep_rows("endpoint_price", "prices keep their history")
    keep_columns("plan_version", PLAN_FACTS)
    keep_rows("plan_version", "plans keep their history")
    append_only("catalog_version")


def downgrade() -> None:
    op.drop_table("endpoint_price")
    op.drop_table("plan_version")
    op.drop_table("endpoint")
    op.drop_table("product")
    op.drop_table("plan")
    op.drop_table("catalog_version")
