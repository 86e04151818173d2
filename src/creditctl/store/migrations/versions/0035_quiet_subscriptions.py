"""What a subscription has booked already, so that calls need not work it out each time."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.tables.columns import FLAG, INT64

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    # Whatever draws credits of a subscription next writes its row.
    op.create_table(
        "quiet_subscription",
        sa.Column("subscription_id", INT64, nullable=False),
        sa.Column("catalog_id", INT64, nullable=False),
        sa.Column("starts_at", INT64, nullable=False),
        sa.Column("ends_at", INT64, nullable=False),
        sa.Column("pays_beyond", FLAG, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_quiet_subscription_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_quiet_subscription")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiet_subscription")
