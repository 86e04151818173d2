"""Audit log, idempotency keys and leases."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import append_only
from creditctl.store.tables.columns import INT64

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency")),
        sqlite_strict=True,
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", INT64, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", INT64, nullable=False),
        sa.Column("recorded_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_audit_entry_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_audit_entry_organization_id"), "audit_entry", ["organization_id"], unique=False
    )
    append_only("audit_entry")


def downgrade() -> None:
    op.drop_table("audit_entry")
    op.drop_table("lease")
    op.drop_table("idempotency")
