"""Counters of the gate, and what a plan's gate does without them."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_check
from creditctl.store.migrations.facts import PLAN_FACTS
from creditctl.store.migrations.guards import drop_guard, keep_columns
from creditctl.store.tables.columns import INT64

revision = "0022"
down_revision = "0021"

_PLAN_FACTS = [*PLAN_FACTS, "carry_cap_micro", "trial_days", "trial_micro"]
_WHEN_DOWN = "gate_when_down IN ('open', 'closed')"


def upgrade() -> None:
    drop_guard("plan_version", "update")
    add_column("plan_version", "gate_when_down", "text")
    replace_check("plan_version", "gate_when_down_known", "", _WHEN_DOWN)
    keep_columns("plan_version", [*_PLAN_FACTS, "gate_when_down"])
    _create_table(
        "gate_counter",
        ("limit_name", "starts_at"),
        ("ends_at", "used"),
        sa.CheckConstraint("used >= 0", name=op.f("ck_gate_counter_not_negative")),
    )
    _create_table(
        "gate_moment",
        ("limit_name", "used_at"),
        ("used",),
        sa.CheckConstraint("used > 0", name=op.f("ck_gate_moment_above_zero")),
    )
    _create_table("gate_connection", ("lease",), ("opened_at", "expires_at"))


def downgrade() -> None:
    for table in ("gate_connection", "gate_moment", "gate_counter"):
        op.drop_table(table)
    drop_guard("plan_version", "update")
    replace_check("plan_version", "gate_when_down_known", _WHEN_DOWN, "")
    drop_column("plan_version", "gate_when_down", "text")
    keep_columns("plan_version", _PLAN_FACTS)


def _create_table(
    table: str, key: tuple[str, ...], facts: tuple[str, ...], *checks: sa.CheckConstraint
) -> None:
    names = ("api_key_id", *key, *facts)
    texts = ("limit_name", "lease")
    op.create_table(
        table,
        *(sa.Column(name, sa.Text() if name in texts else INT64, nullable=False) for name in names),
        *checks,
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_key.id"], name=op.f(f"fk_{table}_api_key_id")
        ),
        sa.PrimaryKeyConstraint("api_key_id", *key, name=op.f(f"pk_{table}")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
