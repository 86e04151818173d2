"""Corrections: what the ledger unwinds, waives, rolls over and reverses; approvals."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_check
from creditctl.store.migrations.facts import GRANT_FACTS
from creditctl.store.migrations.guards import drop_guard, keep_columns, only_earlier
from creditctl.store.tables.columns import INT64

revision = "0009"
down_revision = "0008"

_KINDS = "'grant', 'usage', 'overage', 'expiry', 'expiry_reversal', 'repayment'"
CHECKS = {
    "kind_known": (
        f"kind IN ({_KINDS})",
        f"kind IN ({_KINDS}, 'rollover', 'rollover_reversal', 'reversal', 'waiver', 'unwind', 'transfer')",
    ),
    "sign_fits_kind": (
        "CASE WHEN kind IN ('grant', 'expiry_reversal') THEN amount_micro > 0 ELSE amount_micro < 0 END",
        "CASE WHEN kind IN ('grant', 'expiry_reversal', 'waiver') THEN amount_micro > 0 WHEN kind IN ('rollover_reversal', 'unwind') THEN amount_micro <> 0 ELSE amount_micro < 0 END",
    ),
    "grant_unless_overage": (
        "(kind = 'overage') = (grant_id IS NULL)",
        "kind = 'unwind' OR (kind IN ('overage', 'waiver')) = (grant_id IS NULL)",
    ),
    "repays_overage": (
        "(kind = 'repayment') = (settles_id IS NOT NULL)",
        "kind = 'unwind' OR (kind IN ('repayment', 'waiver')) = (settles_id IS NOT NULL)",
    ),
    "unwinds_an_entry": ("", "(kind = 'unwind') = (reverses_id IS NOT NULL)"),
}


def upgrade() -> None:
    add_column("ledger_entry", "reverses_id", "integer", refers_to="ledger_entry")
    for name, (old, new) in CHECKS.items():
        replace_check("ledger_entry", name, old, new)
    op.create_index("uq_ledger_entry_reverses", "ledger_entry", ["reverses_id"], unique=True)
    for name in ("rolled_from_id", "moved_from_id"):
        add_column("credit_grant", name, "integer", refers_to="credit_grant")
    add_column("credit_grant", "reversed_at", "integer")
    op.create_index("ix_credit_grant_rolled_from", "credit_grant", ["rolled_from_id"])
    drop_guard("credit_grant", "update")
    facts = [name for name in GRANT_FACTS if name != "expires_at"]
    keep_columns("credit_grant", [*facts, "rolled_from_id", "moved_from_id"])
    only_earlier("credit_grant", "expires_at", "a grant may only end earlier")
    op.create_table(
        "approval",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("amount_micro", INT64, nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", INT64, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", INT64, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected')", name=op.f("ck_approval_status_known")
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR decided_by <> requested_by",
            name=op.f("ck_approval_second_person"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_by IS NULL)",
            name=op.f("ck_approval_decided_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_approval_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("public_id", name=op.f("uq_approval_public_id")),
        sa.UniqueConstraint(
            "verb", "idempotency_key", name=op.f("uq_approval_verb_idempotency_key")
        ),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("approval")
    drop_guard("credit_grant", "earlier")
    drop_guard("credit_grant", "update")
    op.drop_index("ix_credit_grant_rolled_from", "credit_grant")
    drop_column("credit_grant", "reversed_at", "integer")
    for name in ("moved_from_id", "rolled_from_id"):
        drop_column("credit_grant", name, "integer", refers_to="credit_grant")
    keep_columns("credit_grant", GRANT_FACTS)
    op.drop_index("uq_ledger_entry_reverses", "ledger_entry")
    for name, (old, new) in reversed(CHECKS.items()):
        replace_check("ledger_entry", name, new, old)
    drop_column("ledger_entry", "reverses_id", "integer", refers_to="ledger_entry")
