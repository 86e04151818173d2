"""Rollups for reports, imports that can be undone, ids that outlive their events, saved mappings."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import (
    add_column,
    drop_column,
    replace_check,
    replace_unique,
)
from creditctl.store.tables.columns import INT64

revision = "0012"
down_revision = "0011"

_SUMS = ("requests", "billed", "failed", "units", "credits_micro")
_ROLLUPS = {
    "usage_endpoint_hour": ("hour", "endpoint_id"),
    "usage_tier_day": ("day", "tier"),
    "usage_key_day": ("day", "organization_id", "api_key_id"),
    "usage_status_day": ("day", "organization_id", "status"),
}
_STATUS = "status IN ('running', 'done')"
_STATUS_WITH_UNDO = "status IN ('running', 'done', 'undone')"
_FILE = ["sha256", "options"]
_BATCH_COLUMNS = {
    "reused": ("integer", True),
    "adjusted": ("integer", True),
    "quarantined": ("integer", True),
    "undone_number": ("integer", True),
    "undone_at": ("integer", False),
    "undone_by": ("text", False),
    "undone_reason": ("text", False),
}


def upgrade() -> None:
    for table, keys in _ROLLUPS.items():
        _create_clustered(table, keys, _SUMS)
    for statement in _BACKFILL:
        op.execute(statement)
    for name, (kind, required) in _BATCH_COLUMNS.items():
        add_column("usage_batch", name, kind, required=required)
    replace_check("usage_batch", "status_known", _STATUS, _STATUS_WITH_UNDO)
    replace_unique("usage_batch", _FILE, [*_FILE, "undone_number"])
    _index_reversals(sa.text("reverses_id IS NOT NULL"))
    op.create_table(
        "pruned_event",
        sa.Column("event_hour", INT64, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event_hour", "event_id", name=op.f("pk_pruned_event")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_mapping",
        sa.Column("id", INT64, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_mapping")),
        sa.UniqueConstraint("name", name=op.f("uq_usage_mapping_name")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("usage_mapping")
    op.drop_table("pruned_event")
    _index_reversals(None)
    # What was undone is gone from the books; without the column its file could not come again.
    op.execute(
        "DELETE FROM usage_batch_product WHERE batch_id IN (SELECT id FROM usage_batch WHERE status = 'undone')"
    )
    op.execute(
        "DELETE FROM usage_reject WHERE batch_id IN (SELECT id FROM usage_batch WHERE status = 'undone')"
    )
    op.execute(
        "UPDATE usage_batch SET status = 'done', sha256 = 'undone ' || id WHERE status = 'undone'"
    )
    replace_unique("usage_batch", [*_FILE, "undone_number"], _FILE)
    replace_check("usage_batch", "status_known", _STATUS_WITH_UNDO, _STATUS)
    for name, (kind, required) in reversed(_BATCH_COLUMNS.items()):
        drop_column("usage_batch", name, kind, required=required)
    for table in reversed(_ROLLUPS):
        op.drop_table(table)


_BACKFILL = (
    """
    INSERT INTO usage_endpoint_hour (hour, endpoint_id, requests, billed, failed, units, credits_micro)
    SELECT hour, endpoint_id, SUM(requests), SUM(billed), SUM(failed), SUM(units), SUM(credits_micro)
    FROM usage_hour GROUP BY 1, 2
    """,
    """
    INSERT INTO usage_tier_day (day, tier, requests, billed, failed, units, credits_micro)
    SELECT day, tier, SUM(requests), SUM(billed), SUM(failed), SUM(units), SUM(credits_micro)
    FROM usage_day GROUP BY 1, 2
    """,
    """
    INSERT INTO usage_key_day (day, organization_id, api_key_id, requests, billed, failed, units, credits_micro)
    SELECT hour / 24, organization_id, api_key_id, SUM(requests), SUM(billed), SUM(failed), SUM(units), SUM(credits_micro)
    FROM usage_hour GROUP BY 1, 2, 3
    """,
    # Which statuses a price bills is known to the rules alone: of old events without a cost, those
    # that are not 2xx count as failed here.
    """
    INSERT INTO usage_status_day (day, organization_id, status, requests, billed, failed, units, credits_micro)
    SELECT event_hour / 24, organization_id, status, COUNT(*),
           SUM(CASE WHEN credits_micro > 0 THEN 1 ELSE 0 END),
           SUM(CASE WHEN credits_micro = 0 AND status / 100 <> 2 THEN 1 ELSE 0 END),
           SUM(units), SUM(credits_micro)
    FROM usage_event GROUP BY 1, 2, 3
    """,
)


def _index_reversals(where: sa.TextClause | None) -> None:
    # Of the few entries that have one: every index costs an import time.
    op.drop_index("uq_ledger_entry_reverses", "ledger_entry")
    op.create_index(
        "uq_ledger_entry_reverses",
        "ledger_entry",
        ["reverses_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _create_clustered(table: str, keys: tuple[str, ...], sums: tuple[str, ...]) -> None:
    op.create_table(
        table,
        *(
            sa.Column(name, sa.Text() if name == "tier" else INT64, nullable=False)
            for name in (*keys, *sums)
        ),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
