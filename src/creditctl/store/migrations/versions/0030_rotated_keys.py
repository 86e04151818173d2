"""Rotated keys know the first of their chain: its counters and budgets go on."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column

revision = "0030"
down_revision = "0029"

_ROTATED = sa.text("first_key_id IS NOT NULL")


def upgrade() -> None:
    # Keys that were rotated before stay the first of their own: their budgets are drawn for them.
    add_column("api_key", "first_key_id", "integer", refers_to="api_key")
    op.create_index(
        "ix_api_key_first",
        "api_key",
        ["first_key_id"],
        sqlite_where=_ROTATED,
        postgresql_where=_ROTATED,
    )


def downgrade() -> None:
    op.drop_index("ix_api_key_first", "api_key")
    drop_column("api_key", "first_key_id", "integer", refers_to="api_key")
