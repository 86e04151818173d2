"""What ledger entries refer to: PostgreSQL proves it once for a statement, not for each row."""

from alembic import op

from creditctl.store.migrations.guards import (
    drop_guard,
    drop_reference_guard,
    keep_columns,
    keep_rows,
    prove_references,
)

revision = "0031"
down_revision = "0030"

_TABLE = "ledger_entry"
_REFERENCES = {
    "organization_id": "organization",
    "grant_id": "credit_grant",
    "product_id": "product",
    "batch_id": "usage_batch",
}
_KEPT = {
    "organization": "organizations keep their history",
    "product": "products keep their history",
    "usage_batch": "imports keep their history",
}
"""Beside grants, which keep theirs already."""


def upgrade() -> None:
    for table, message in _KEPT.items():
        keep_columns(table, ["id"])
        keep_rows(table, message)
    if _is_postgresql():
        for column in _REFERENCES:
            op.drop_constraint(op.f(f"fk_{_TABLE}_{column}"), _TABLE)
        prove_references(_TABLE, _REFERENCES)


def downgrade() -> None:
    if _is_postgresql():
        drop_reference_guard(_TABLE)
        for column, other in _REFERENCES.items():
            op.create_foreign_key(op.f(f"fk_{_TABLE}_{column}"), _TABLE, other, [column], ["id"])
    for table in _KEPT:
        for event in ("update", "delete", *(["truncate"] if _is_postgresql() else [])):
            drop_guard(table, event)


def _is_postgresql() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")
