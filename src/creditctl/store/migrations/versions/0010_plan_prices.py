"""Prices of a plan's own, graduated by the day's volume; trials and carried allowances."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_unique
from creditctl.store.migrations.facts import PLAN_FACTS, PRICE_FACTS
from creditctl.store.migrations.guards import drop_guard, keep_columns
from creditctl.store.tables.columns import INT64

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_column("endpoint_price", "plan_id", "integer", required=True)
    add_column("endpoint_price", "volume_steps", "text")
    replace_unique(
        "endpoint_price",
        ["endpoint_id", "effective_from"],
        ["endpoint_id", "plan_id", "effective_from"],
    )
    drop_guard("endpoint_price", "update")
    keep_columns("endpoint_price", [*PRICE_FACTS, "plan_id", "volume_steps"])
    add_column("plan_version", "carry_cap_micro", "integer")
    add_column("plan_version", "trial_days", "integer", required=True)
    add_column("plan_version", "trial_micro", "integer", required=True)
    drop_guard("plan_version", "update")
    keep_columns("plan_version", [*PLAN_FACTS, "carry_cap_micro", "trial_days", "trial_micro"])
    add_column("usage_event", "volume_before", "integer", required=True)
    op.create_table(
        "volume_day",
        sa.Column("day", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("units", INT64, nullable=False),
        sa.PrimaryKeyConstraint("day", "organization_id", "product_id", name=op.f("pk_volume_day")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("volume_day")
    drop_column("usage_event", "volume_before", "integer", required=True)
    drop_guard("plan_version", "update")
    drop_column("plan_version", "trial_micro", "integer", required=True)
    drop_column("plan_version", "trial_days", "integer", required=True)
    drop_column("plan_version", "carry_cap_micro", "integer")
    keep_columns("plan_version", PLAN_FACTS)
    drop_guard("endpoint_price", "update")
    replace_unique(
        "endpoint_price",
        ["endpoint_id", "plan_id", "effective_from"],
        ["endpoint_id", "effective_from"],
    )
    drop_column("endpoint_price", "volume_steps", "text")
    drop_column("endpoint_price", "plan_id", "integer", required=True)
    keep_columns("endpoint_price", PRICE_FACTS)
