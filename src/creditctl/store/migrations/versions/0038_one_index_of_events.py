"""Holds are unique by event and asked for by its id: one index serves both."""

from alembic import op

from creditctl.store.migrations.changes import replace_unique

revision = "0038"
down_revision = "0037"

_BEFORE, _AFTER = ("event_hour", "event_id"), ("event_id", "event_hour")


def upgrade() -> None:
    op.drop_index("ix_hold_event", "hold")
    replace_unique("hold", _BEFORE, _AFTER)


def downgrade() -> None:
    replace_unique("hold", _AFTER, _BEFORE)
    op.create_index("ix_hold_event", "hold", ["event_id"])
