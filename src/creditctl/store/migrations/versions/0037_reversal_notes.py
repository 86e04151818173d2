"""Reversed paid grants have credit notes, of receipts too; and charge-backs are posted."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import (
    add_column,
    allow_null,
    drop_column,
    forbid_null,
    replace_check,
)

revision = "0037"
down_revision = "0036"

_PAID_BEFORE = "kind <> 'paid' OR payment_id IS NOT NULL"
_PAID_AFTER = "kind <> 'paid' OR (payment_id IS NULL) <> (charged_back_id IS NULL)"
_CHECKS = {
    "credit_note": {
        "corrects_one_document": "(invoice_id IS NULL) <> (purchase_id IS NULL)",
        "receipts_by_reversal": "purchase_id IS NULL OR grant_id IS NOT NULL",
    },
    "receivable_entry": {
        "of_a_document": "invoice_id IS NOT NULL OR credit_note_id IS NOT NULL OR charged_back_id IS NOT NULL",
    },
}
_COLUMNS = (
    ("credit_note", "purchase_id", "purchase"),
    ("credit_note", "grant_id", "credit_grant"),
    ("receivable_entry", "charged_back_id", "payment"),
)


def upgrade() -> None:
    for table, column, other in _COLUMNS:
        add_column(table, column, "integer", refers_to=other)
    for table, checks in _CHECKS.items():
        allow_null(table, "invoice_id")
        for name, text in checks.items():
            replace_check(table, name, "", text)
    replace_check("receivable_entry", "paid_by_a_payment", _PAID_BEFORE, _PAID_AFTER)
    granted = sa.text("grant_id IS NOT NULL")
    op.create_index(
        "ix_credit_note_grant",
        "credit_note",
        ["grant_id"],
        sqlite_where=granted,
        postgresql_where=granted,
    )


def downgrade() -> None:
    op.drop_index("ix_credit_note_grant", "credit_note")
    replace_check("receivable_entry", "paid_by_a_payment", _PAID_AFTER, _PAID_BEFORE)
    for table, checks in _CHECKS.items():
        for name, text in checks.items():
            replace_check(table, name, text, "")
        forbid_null(table, "invoice_id")
    for table, column, other in reversed(_COLUMNS):
        drop_column(table, column, "integer", refers_to=other)
