"""The life cycle of invoices: taxes, numbers, payments, credit notes, and what is final stays."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import (
    add_column,
    add_unique,
    drop_column,
    drop_unique,
    replace_check,
)
from creditctl.store.migrations.guards import (
    append_only,
    drop_guard,
    drop_row_guards,
    refuse_change,
    refuse_when,
    rows_only_while,
)
from creditctl.store.tables.columns import INT64

revision = "0023"
down_revision = "0022"

_COLUMNS = {
    "subtotal_minor": ("integer", True),
    "tax_minor": ("integer", True),
    "prices_include_tax": ("flag", True),
    "treatment": ("text", False),
    "document": ("text", True),
    "number": ("text", False),
    "finalized_at": ("integer", False),
    "due_on": ("integer", False),
    "paid_minor": ("integer", True),
    "credited_minor": ("integer", True),
    "sent_at": ("integer", False),
    "paid_at": ("integer", False),
    "voided_at": ("integer", False),
    "voided_by": ("text", False),
    "void_reason": ("text", False),
}
"""Of `invoice`: their kinds, and whether every invoice has one."""

_INVOICE_CHECKS = {
    "status_known": (
        "status IN ('draft', 'finalized')",
        "status IN ('draft', 'finalized', 'sent', 'paid', 'void')",
    ),
    "net_and_tax_are_total": ("", "subtotal_minor + tax_minor = total_minor"),
    "not_negative": ("", "subtotal_minor >= 0 AND tax_minor >= 0 AND paid_minor >= 0"),
    "credited_within_total": ("", "credited_minor >= 0 AND credited_minor <= total_minor"),
    "numbered_unless_draft": (
        "",
        "(status = 'draft') = (number IS NULL) AND (status = 'draft') = (finalized_at IS NULL) AND (status = 'draft') = (due_on IS NULL)",
    ),
    "paid_in_full": (
        "",
        "(status = 'paid') = (paid_at IS NOT NULL) AND (status <> 'paid' OR paid_minor + credited_minor >= total_minor)",
    ),
    "voided_for_a_reason": (
        "",
        "(status = 'void') = (voided_at IS NOT NULL) AND (status = 'void') = (void_reason IS NOT NULL)",
    ),
}
_POSITIVE = "'grant', 'expiry_reversal', 'waiver'"
_SIGNS = (
    "WHEN kind IN ('rollover_reversal', 'unwind') THEN amount_micro <> 0 ELSE amount_micro < 0 END"
)
_KINDS = "'grant', 'usage', 'overage', 'expiry', 'expiry_reversal', 'repayment', 'rollover', 'rollover_reversal', 'reversal', 'waiver', 'unwind', 'transfer'"
_LEDGER_CHECKS = {
    "kind_known": (f"kind IN ({_KINDS})", f"kind IN ({_KINDS}, 'invoiced')"),
    "sign_fits_kind": (
        f"CASE WHEN kind IN ({_POSITIVE}) THEN amount_micro > 0 {_SIGNS}",
        f"CASE WHEN kind IN ({_POSITIVE}, 'invoiced') THEN amount_micro > 0 {_SIGNS}",
    ),
    "grant_unless_overage": (
        "kind = 'unwind' OR (kind IN ('overage', 'waiver')) = (grant_id IS NULL)",
        "kind = 'unwind' OR (kind IN ('overage', 'waiver', 'invoiced')) = (grant_id IS NULL)",
    ),
    "repays_overage": (
        "kind = 'unwind' OR (kind IN ('repayment', 'waiver')) = (settles_id IS NOT NULL)",
        "kind = 'unwind' OR (kind IN ('repayment', 'waiver', 'invoiced')) = (settles_id IS NOT NULL)",
    ),
    "invoiced_by_an_invoice": (
        "",
        "kind = 'unwind' OR (kind = 'invoiced') = (invoice_id IS NOT NULL)",
    ),
}
_PERIOD = ["organization_id", "starts_at", "ends_at"]
_INDEXES = {
    "uq_invoice_period": ("invoice", _PERIOD, "status <> 'void'"),
    "uq_invoice_number": ("invoice", ["number"], "number IS NOT NULL"),
    "ix_ledger_entry_invoice": ("ledger_entry", ["invoice_id"], "invoice_id IS NOT NULL"),
}
_FACTS = {
    "id": "0",
    "public_id": "''",
    "organization_id": "0",
    "month": "''",
    "starts_at": "0",
    "ends_at": "0",
    "currency": "''",
    "total_minor": "0",
    "generated_at": "0",
    "subtotal_minor": "0",
    "tax_minor": "0",
    "treatment": "''",
    "document": "''",
    "number": "''",
    "finalized_at": "0",
    "due_on": "0",
}
"""What a final invoice says, each with what stands for NULL."""

_FORWARD = {
    "draft": "'draft', 'finalized', 'paid'",
    "finalized": "'finalized', 'sent', 'paid', 'void'",
    "sent": "'sent', 'paid', 'void'",
    "paid": "'paid', 'void'",
    "void": "'void'",
}
"""Each status, and those that may follow; a draft of nothing is paid as soon as it is final."""

_NEW_TABLES = ("invoice_tax", "invoice_payment", "credit_note", "credit_note_tax")
_OF_INVOICE = "SELECT status FROM invoice WHERE id = {row}.invoice_id"


def upgrade() -> None:
    for name, (kind, required) in _COLUMNS.items():
        add_column("invoice", name, kind, required=required)
    # No command has made an invoice final yet: those that are were a test's.
    op.execute(
        "UPDATE invoice SET subtotal_minor = total_minor, document = '{}', status = 'draft',"
        " stale = true"
    )
    drop_unique("invoice", _PERIOD)
    for name, (old, new) in _INVOICE_CHECKS.items():
        replace_check("invoice", name, old, new)
    add_column("ledger_entry", "invoice_id", "integer", refers_to="invoice")
    for name, (old, new) in _LEDGER_CHECKS.items():
        replace_check("ledger_entry", name, old, new)
    for name, (table, columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(
            name,
            table,
            columns,
            unique=name.startswith("uq"),
            sqlite_where=where,
            postgresql_where=where,
        )
    _create_taxes("invoice_tax", "invoice_id", "invoice")
    _create_payments()
    _create_credit_notes()
    _create_taxes("credit_note_tax", "credit_note_id", "credit_note")
    _guard()


def downgrade() -> None:
    drop_row_guards("invoice_line")
    for table in reversed(_NEW_TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP FUNCTION creditctl_invoice_tax_{event}()")
    for name in ("final", "flags", "void", "forward", "grows", "delete"):
        drop_guard("invoice", name)
    if op.get_bind().dialect.name == "postgresql":
        drop_guard("invoice", "truncate")
    for name, (table, _, _) in reversed(_INDEXES.items()):
        op.drop_index(name, table)
    for name, (old, new) in reversed(_LEDGER_CHECKS.items()):
        replace_check("ledger_entry", name, new, old)
    drop_column("ledger_entry", "invoice_id", "integer", refers_to="invoice")
    op.execute("UPDATE invoice SET status = 'finalized' WHERE status IN ('sent', 'paid')")
    for name, (old, new) in reversed(_INVOICE_CHECKS.items()):
        replace_check("invoice", name, new, old)
    add_unique("invoice", _PERIOD)
    for name, (kind, required) in reversed(_COLUMNS.items()):
        drop_column("invoice", name, kind, required=required)


def _guard() -> None:
    is_final = "OLD.status <> 'draft'"
    refuse_change("invoice", "final", _FACTS, is_final, "a final invoice never changes")
    flags = "NEW.stale <> OLD.stale OR NEW.prices_include_tax <> OLD.prices_include_tax"
    refuse_when(
        "invoice",
        "flags",
        "UPDATE OF stale, prices_include_tax",
        f"{is_final} AND ({flags})",
        "a final invoice never changes",
    )
    refuse_when("invoice", "void", "UPDATE", "OLD.status = 'void'", "a void invoice never changes")
    steps = (
        f"(OLD.status = '{old}' AND NEW.status NOT IN ({new}))" for old, new in _FORWARD.items()
    )
    refuse_when(
        "invoice", "forward", "UPDATE OF status", " OR ".join(steps), "an invoice only goes forward"
    )
    refuse_when(
        "invoice",
        "grows",
        "UPDATE OF paid_minor, credited_minor",
        "NEW.paid_minor < OLD.paid_minor OR NEW.credited_minor < OLD.credited_minor",
        "what was paid or credited only grows",
    )
    refuse_when("invoice", "delete", "DELETE", is_final, "only drafts are deleted")
    if op.get_bind().dialect.name == "postgresql":
        refuse_when("invoice", "truncate", "TRUNCATE", "true", "only drafts are deleted")
    for table in ("invoice_line", "invoice_tax"):
        rows_only_while(table, _OF_INVOICE, "draft", "a final invoice never changes")
    for table in ("invoice_payment", "credit_note", "credit_note_tax"):
        append_only(table)


def _create_taxes(table: str, owner: str, owner_table: str) -> None:
    op.create_table(
        table,
        sa.Column(owner, INT64, nullable=False),
        sa.Column("position", INT64, nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("ppm", INT64, nullable=False),
        sa.Column("taxable_minor", INT64, nullable=False),
        sa.Column("tax_minor", INT64, nullable=False),
        sa.ForeignKeyConstraint([owner], [f"{owner_table}.id"], name=op.f(f"fk_{table}_{owner}")),
        sa.PrimaryKeyConstraint(owner, "position", name=op.f(f"pk_{table}")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_payments() -> None:
    op.create_table(
        "invoice_payment",
        sa.Column("id", INT64, nullable=False),
        sa.Column("invoice_id", INT64, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_minor", INT64, nullable=False),
        sa.Column("arrived_at", INT64, nullable=False),
        sa.Column("recorded_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_invoice_payment_amount_above_zero")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_payment_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_payment")),
        sa.UniqueConstraint(
            "invoice_id", "reference", name=op.f("uq_invoice_payment_invoice_id_reference")
        ),
        sqlite_strict=True,
    )


def _create_credit_notes() -> None:
    op.create_table(
        "credit_note",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("invoice_id", INT64, nullable=False),
        sa.Column("line_position", INT64, nullable=True),
        sa.Column("net_minor", INT64, nullable=False),
        sa.Column("tax_minor", INT64, nullable=False),
        sa.Column("total_minor", INT64, nullable=False),
        sa.Column("issued_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "net_minor + tax_minor = total_minor", name=op.f("ck_credit_note_net_and_tax_are_total")
        ),
        sa.CheckConstraint(
            "total_minor > 0 AND net_minor >= 0 AND tax_minor >= 0",
            name=op.f("ck_credit_note_credits"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_credit_note_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_note_public_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_credit_note_invoice", "credit_note", ["invoice_id"])
