"""Audit entries are chained: each is sealed with the one before it."""

from creditctl.store.migrations.changes import add_column, drop_column

revision = "0011"
down_revision = "0010"

TEXTS = ("profile", "seal", "key_id")


def upgrade() -> None:
    for name in TEXTS:
        add_column("audit_entry", name, "text")


def downgrade() -> None:
    for name in reversed(TEXTS):
        drop_column("audit_entry", name, "text")
