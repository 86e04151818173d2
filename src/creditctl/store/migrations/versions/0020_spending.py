"""Lines of every kind, what was crossed, and which organizations a check has to look at."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column
from creditctl.store.tables.columns import INT64

revision = "0020"
down_revision = "0019"

_HARD = sa.text("kind = 'hard'")
_OPEN = sa.text("recovered_at IS NULL")
_BAD = sa.text("state <> 'ok'")
_SCHEDULED = sa.text("next_check_at IS NOT NULL")
_KNOWN = {
    "kind": "kind IN ('hard', 'notify')",
    "scope": "scope IN ('all', 'beyond_allowance')",
}


def upgrade() -> None:
    op.execute("CREATE TABLE budget_before AS SELECT * FROM budget")
    op.drop_table("budget")
    _create_budget(
        [
            sa.Column("product_id", INT64, nullable=False),
            sa.Column("api_key_id", INT64, nullable=False),
            sa.Column("period", sa.Text(), nullable=False),
            sa.Column("measure", sa.Text(), nullable=False),
        ],
        [
            sa.Column("percent_ppm", INT64, nullable=False),
            sa.Column("revision", INT64, nullable=False),
        ],
        {
            "period_known": "period IN ('day', 'month', 'none')",
            "measure_known": "measure IN "
            "('usage', 'allowance', 'quota', 'balance', 'days_left', 'expiring')",
            "percent_in_range": "percent_ppm BETWEEN 0 AND 1000000",
            "amount_or_percent": "percent_ppm = 0 OR limit_micro = 0",
            "hard_is_an_amount": "kind = 'notify' OR (measure = 'usage' AND percent_ppm = 0)",
            "usage_has_a_period": "(measure = 'usage') = (period <> 'none')",
            "product_or_key": "product_id = 0 OR api_key_id = 0",
            "revision_above_zero": "revision > 0",
        },
    )
    target = ["organization_id", "product_id", "api_key_id", "period"]
    op.create_index(
        "uq_budget_hard", "budget", target, unique=True, sqlite_where=_HARD, postgresql_where=_HARD
    )
    line = [*target, "measure", "kind", "percent_ppm", "limit_micro"]
    op.create_index("uq_budget_line", "budget", line, unique=True)
    op.execute(
        """
        INSERT INTO budget (id, public_id, organization_id, product_id, api_key_id, period, measure,
                            kind, scope, limit_micro, percent_ppm, revision, updated_at)
        SELECT id, public_id, organization_id, 0, 0, period, 'usage', kind, scope, limit_micro, 0,
               1, updated_at
        FROM budget_before
        """
    )
    op.execute("DROP TABLE budget_before")
    _go_on_counting()
    add_column("enforcement", "next_check_at", "integer")
    op.create_index(
        "ix_enforcement_next_check",
        "enforcement",
        ["next_check_at"],
        sqlite_where=_SCHEDULED,
        postgresql_where=_SCHEDULED,
    )
    op.create_index(
        "ix_enforcement_not_ok",
        "enforcement",
        ["state"],
        sqlite_where=_BAD,
        postgresql_where=_BAD,
    )
    _create_crossing()
    op.create_table(
        "limit_mark",
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("revision", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_limit_mark_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_limit_mark")),
        sqlite_strict=True,
    )
    # Nobody was checked by these rules yet.
    op.execute("INSERT INTO limit_mark (organization_id, revision) SELECT id, 1 FROM organization")
    op.create_table(
        "limits_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("ran_at", INT64, nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_limits_run")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("limits_run")
    op.drop_table("limit_mark")
    op.drop_table("crossing")
    op.drop_index("ix_enforcement_not_ok", "enforcement")
    op.drop_index("ix_enforcement_next_check", "enforcement")
    drop_column("enforcement", "next_check_at", "integer")
    # What was unknown before is lost: other measures, months, products and keys.
    op.execute(
        """
        CREATE TABLE budget_before AS SELECT * FROM budget AS b
        WHERE period = 'day' AND product_id = 0 AND api_key_id = 0 AND percent_ppm = 0
          AND NOT EXISTS (
              SELECT 1 FROM budget AS o
              WHERE o.organization_id = b.organization_id AND o.period = 'day' AND o.kind = b.kind
                AND o.product_id = 0 AND o.api_key_id = 0 AND o.percent_ppm = 0 AND o.id < b.id)
        """
    )
    op.drop_table("budget")
    _create_budget(
        [sa.Column("period", sa.Text(), nullable=False)],
        [],
        {"period_known": "period IN ('day')"},
        sa.UniqueConstraint(
            "organization_id", "period", "kind", name=op.f("uq_budget_organization_id_period_kind")
        ),
    )
    op.execute(
        """
        INSERT INTO budget
            (id, public_id, organization_id, period, kind, scope, limit_micro, updated_at)
        SELECT id, public_id, organization_id, period, kind, scope, limit_micro, updated_at
        FROM budget_before
        """
    )
    op.execute("DROP TABLE budget_before")
    _go_on_counting()


def _create_budget(
    target: list[sa.Column[object]],
    more: list[sa.Column[object]],
    checks: dict[str, str],
    *constraints: sa.UniqueConstraint,
) -> None:
    known = {f"{column}_known": condition for column, condition in _KNOWN.items()}
    op.create_table(
        "budget",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        *target,
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("limit_micro", INT64, nullable=False),
        *more,
        sa.Column("updated_at", INT64, nullable=False),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_budget_{name}"))
            for name, condition in (
                known | checks | {"limit_not_negative": "limit_micro >= 0"}
            ).items()
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_budget_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
        sa.UniqueConstraint("public_id", name=op.f("uq_budget_public_id")),
        *constraints,
        sqlite_strict=True,
    )


def _go_on_counting() -> None:
    """Rows that kept their ids did not move PostgreSQL's sequence."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('budget', 'id'), "
            "(SELECT COALESCE(MAX(id), 0) + 1 FROM budget), false)"
        )


def _create_crossing() -> None:
    op.create_table(
        "crossing",
        sa.Column("id", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("revision", INT64, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("product_id", INT64, nullable=False),
        sa.Column("api_key_id", INT64, nullable=False),
        sa.Column("window_starts_at", INT64, nullable=False),
        sa.Column("window_ends_at", INT64, nullable=True),
        sa.Column("usage_micro", INT64, nullable=False),
        sa.Column("limit_micro", INT64, nullable=False),
        sa.Column("crossed_at", INT64, nullable=False),
        sa.Column("recovered_at", INT64, nullable=True),
        sa.CheckConstraint(
            "window_ends_at > window_starts_at", name=op.f("ck_crossing_window_not_empty")
        ),
        sa.CheckConstraint("recovered_at >= crossed_at", name=op.f("ck_crossing_recovers_later")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_crossing_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crossing")),
        sa.UniqueConstraint(
            "line",
            "revision",
            "window_starts_at",
            name=op.f("uq_crossing_line_revision_window_starts_at"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_crossing_open",
        "crossing",
        ["organization_id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_crossing_window", "crossing", ["organization_id", "window_ends_at"])
