"""Receivables are posted: one row for each invoice, payment, credit note and void."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column
from creditctl.store.migrations.guards import append_only
from creditctl.store.tables.columns import INT64

revision = "0026"
down_revision = "0025"

_DAY = 86400000000
_REFERENCES = {
    "organization_id": "organization",
    "invoice_id": "invoice",
    "payment_id": "invoice_payment",
    "credit_note_id": "credit_note",
}
_HISTORY = f"""
    INSERT INTO receivable_entry (organization_id, invoice_id, kind, amount_minor, posting_day,
                                  payment_id, credit_note_id)
    SELECT organization_id, invoice_id, kind, amount_minor,
           CASE WHEN day < (SELECT MAX(first_open_day) FROM period_closing)
                THEN (SELECT MAX(first_open_day) FROM period_closing) ELSE day END,
           payment_id, credit_note_id
    FROM (
        SELECT organization_id, id AS invoice_id, 'invoiced' AS kind, total_minor AS amount_minor,
               finalized_at / {_DAY} AS day, CAST(NULL AS BIGINT) AS payment_id,
               CAST(NULL AS BIGINT) AS credit_note_id, finalized_at AS at
        FROM invoice WHERE status <> 'draft'
        UNION ALL
        SELECT i.organization_id, i.id, 'paid', -p.amount_minor, p.arrived_at / {_DAY}, p.id, NULL,
               p.recorded_at
        FROM invoice_payment AS p JOIN invoice AS i ON i.id = p.invoice_id
        UNION ALL
        SELECT i.organization_id, i.id, 'credited', -n.total_minor, n.issued_at / {_DAY}, NULL,
               n.id, n.issued_at
        FROM credit_note AS n JOIN invoice AS i ON i.id = n.invoice_id
        UNION ALL
        SELECT organization_id, id, 'voided', -total_minor, voided_at / {_DAY}, NULL, NULL,
               voided_at
        FROM invoice WHERE status = 'void'
    ) AS document
    ORDER BY at, invoice_id
"""  # noqa: S608 - our own number
"""What there is already, on its own day unless that is closed."""


def upgrade() -> None:
    op.create_table(
        "receivable_entry",
        sa.Column("id", INT64, nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("invoice_id", INT64, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", INT64, nullable=False),
        sa.Column("posting_day", INT64, nullable=False),
        sa.Column("payment_id", INT64, nullable=True),
        sa.Column("credit_note_id", INT64, nullable=True),
        sa.CheckConstraint(
            "kind IN ('invoiced', 'paid', 'credited', 'voided')",
            name=op.f("ck_receivable_entry_kind_known"),
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'invoiced' THEN amount_minor >= 0 WHEN 'voided' THEN amount_minor <= 0 "
            "ELSE amount_minor < 0 END",
            name=op.f("ck_receivable_entry_sign_fits_kind"),
        ),
        sa.CheckConstraint(
            "kind <> 'paid' OR payment_id IS NOT NULL",
            name=op.f("ck_receivable_entry_paid_by_a_payment"),
        ),
        sa.CheckConstraint(
            "kind <> 'credited' OR credit_note_id IS NOT NULL",
            name=op.f("ck_receivable_entry_credited_by_a_note"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{other}.id"], name=op.f(f"fk_receivable_entry_{column}")
            )
            for column, other in _REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receivable_entry")),
        sqlite_strict=True,
    )
    op.create_index("ix_receivable_entry_invoice", "receivable_entry", ["invoice_id"])
    op.create_index("ix_receivable_entry_posting", "receivable_entry", ["posting_day"])
    op.execute(_HISTORY)
    append_only("receivable_entry")
    add_column("period_closing", "last_receivable_id", "integer", required=True)


def downgrade() -> None:
    drop_column("period_closing", "last_receivable_id", "integer", required=True)
    op.drop_table("receivable_entry")
