"""Postal addresses of organizations and the seller; which invoices were found overdue."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column
from creditctl.store.migrations.guards import drop_guard, keep_columns

revision = "0027"
down_revision = "0026"

_COLUMNS = (
    ("organization", "street", "text"),
    ("organization", "postcode", "text"),
    ("organization", "city", "text"),
    ("seller", "street", "text"),
    ("seller", "postcode", "text"),
    ("seller", "city", "text"),
    ("seller", "phone", "text"),
    ("seller", "bank", "text"),
    ("invoice", "overdue_told_at", "integer"),
)
"""Table, column, kind."""

_SELLER = [
    "id",
    "catalog_version_id",
    "effective_from",
    "legal_name",
    "address",
    "country",
    "region",
    "tax_id",
    "email",
    "prices_include_tax",
    "trusts_check_digits",
    "registrations",
]
"""What a version of the seller kept before."""


def upgrade() -> None:
    for table, name, kind in _COLUMNS:
        add_column(table, name, kind)
    drop_guard("seller", "update")
    keep_columns("seller", [*_SELLER, *(name for table, name, _ in _COLUMNS if table == "seller")])
    untold = sa.text("status IN ('finalized', 'sent') AND overdue_told_at IS NULL")
    op.create_index(
        "ix_invoice_overdue", "invoice", ["due_on"], sqlite_where=untold, postgresql_where=untold
    )


def downgrade() -> None:
    op.drop_index("ix_invoice_overdue", "invoice")
    drop_guard("seller", "update")
    for table, name, _ in reversed(_COLUMNS):
        # Both know this for a column that nothing refers to; other tables' guards name `invoice`.
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    keep_columns("seller", _SELLER)
