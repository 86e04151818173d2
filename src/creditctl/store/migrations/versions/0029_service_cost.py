"""What serving requests costs the company, in versions."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import keep_columns, keep_rows
from creditctl.store.tables.columns import INT64

revision = "0029"
down_revision = "0028"

_TABLE = "service_cost"
_KEY = ("product", "method", "path", "effective_from")
_KEPT = [
    "id",
    "catalog_version_id",
    "effective_from",
    "product",
    "method",
    "path",
    "currency",
    "request_micro",
    "unit_micro",
]
"""All but the end of a version, which the next one writes."""


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", INT64, nullable=False),
        sa.Column("catalog_version_id", INT64, nullable=False),
        sa.Column("effective_from", INT64, nullable=False),
        sa.Column("effective_to", INT64, nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("request_micro", INT64, nullable=False),
        sa.Column("unit_micro", INT64, nullable=False),
        sa.CheckConstraint(
            "effective_to > effective_from", name=op.f("ck_service_cost_validity_not_empty")
        ),
        sa.CheckConstraint(
            "request_micro >= 0 AND unit_micro >= 0",
            name=op.f("ck_service_cost_costs_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["catalog_version_id"],
            ["catalog_version.id"],
            name=op.f("fk_service_cost_catalog_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_cost")),
        sa.UniqueConstraint(*_KEY, name=op.f("uq_service_cost_product_method_path_effective_from")),
        sqlite_strict=True,
    )
    keep_columns(_TABLE, _KEPT)
    keep_rows(_TABLE, "service_cost versions keep their history")


def downgrade() -> None:
    op.drop_table(_TABLE)
