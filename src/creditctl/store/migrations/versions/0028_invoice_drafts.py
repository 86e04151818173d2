"""Invoices bill order forms, and overage that was corrected after its own invoice was final."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_check
from creditctl.store.migrations.guards import drop_row_guards, rows_only_while
from creditctl.store.tables.columns import INT64

revision = "0028"
down_revision = "0027"

_KINDS = "kind IN ('fee', 'usage', 'late', 'credits', 'covered', 'rounding'"
_BILLED = "invoice_id IS NULL OR (state = 'booked' AND amount_minor > 0)"
_OF_INVOICE = "SELECT status FROM invoice WHERE id = {row}.invoice_id"
_LISTED = sa.text("invoice_id IS NOT NULL")


def upgrade() -> None:
    add_column("invoice", "carried_from", "integer")
    replace_check("invoice_line", "kind_known", f"{_KINDS})", f"{_KINDS}, 'correction', 'order')")
    add_column("order_instalment", "invoice_id", "integer", refers_to="invoice")
    replace_check("order_instalment", "billed_when_booked", "", _BILLED)
    op.create_index(
        "ix_order_instalment_invoice",
        "order_instalment",
        ["invoice_id"],
        sqlite_where=_LISTED,
        postgresql_where=_LISTED,
    )
    op.create_index(
        "ix_subscription_organization", "subscription", ["organization_id", "started_at"]
    )
    op.create_table(
        "billed_correction",
        sa.Column("entry_id", INT64, nullable=False),
        sa.Column("invoice_id", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_billed_correction_invoice_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_billed_correction")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_billed_correction_invoice_id", "billed_correction", ["invoice_id"])


def downgrade() -> None:
    op.drop_table("billed_correction")
    op.drop_index("ix_subscription_organization", "subscription")
    op.drop_index("ix_order_instalment_invoice", "order_instalment")
    replace_check("order_instalment", "billed_when_booked", _BILLED, "")
    drop_column("order_instalment", "invoice_id", "integer", refers_to="invoice")
    drop_row_guards("invoice_line")
    # Lines of the new kinds keep their amounts: their invoices must go on adding up.
    op.execute("UPDATE invoice_line SET kind = 'late' WHERE kind = 'correction'")
    op.execute("UPDATE invoice_line SET kind = 'fee' WHERE kind = 'order'")
    replace_check("invoice_line", "kind_known", f"{_KINDS}, 'correction', 'order')", f"{_KINDS})")
    rows_only_while("invoice_line", _OF_INVOICE, "draft", "a final invoice never changes")
    # Not made anew: triggers of other tables look at it, and nothing else at the column.
    op.execute("ALTER TABLE invoice DROP COLUMN carried_from")
