"""Promotions count what they give, so that a budget holds whoever asks at the same time."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.tables.columns import INT64

revision = "0016"
down_revision = "0015"

_INDEXES = {
    "ix_credit_grant_promotion": ("credit_grant", "promotion"),
    "ix_credit_grant_moved_from": ("credit_grant", "moved_from_id"),
    "ix_organization_merged_into": ("organization", "merged_into_id"),
}
"""Each of the few rows that have the column: what was given, and where merges moved it."""


def upgrade() -> None:
    op.create_table(
        "promotion",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("budget_micro", INT64, nullable=True),
        sa.Column("budget_redemptions", INT64, nullable=True),
        sa.Column("given_micro", INT64, nullable=False),
        sa.Column("redemptions", INT64, nullable=False),
        sa.CheckConstraint(
            "given_micro >= 0 AND redemptions >= 0", name=op.f("ck_promotion_given_not_negative")
        ),
        sa.CheckConstraint("given_micro <= budget_micro", name=op.f("ck_promotion_within_credits")),
        sa.CheckConstraint(
            "redemptions <= budget_redemptions", name=op.f("ck_promotion_within_redemptions")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_promotion")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO promotion (name, given_micro, redemptions)"
        " SELECT promotion, SUM(amount_micro), COUNT(*) FROM credit_grant"
        " WHERE promotion IS NOT NULL GROUP BY promotion"
    )
    # Until now a refused organization claimed what it did not get.
    op.execute(
        "DELETE FROM promotion_claim WHERE kind <> 'device' AND NOT EXISTS ("
        "SELECT 1 FROM credit_grant AS g WHERE g.promotion = promotion_claim.promotion"
        " AND g.organization_id = promotion_claim.organization_id)"
    )
    for name, (table, column) in _INDEXES.items():
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    for name, (table, _) in reversed(_INDEXES.items()):
        op.drop_index(name, table)
    op.drop_table("promotion")
