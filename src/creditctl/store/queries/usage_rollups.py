"""The rollups of usage: sums that are kept beside the events, so that no report reads those."""

from collections.abc import Mapping, Sequence

from creditctl.store.engine import UnitOfWork
from creditctl.store.staging import Layout, append_absent, stage

SUMS = ("requests", "billed", "failed", "units", "credits_micro")
"""What every rollup adds up."""

ROLLUPS = {
    "usage_hour": ("hour", "organization_id", "api_key_id", "endpoint_id"),
    "usage_endpoint_hour": ("hour", "endpoint_id"),
    "usage_day": ("day", "organization_id", "product_id", "tier"),
    "usage_tier_day": ("day", "tier"),
    "usage_key_day": ("day", "organization_id", "api_key_id"),
    "usage_status_day": ("day", "organization_id", "status"),
}
"""Table -> its key."""

_OWNED = {
    table: key[0]
    for table, key in ROLLUPS.items()
    if "organization_id" in key and "tier" not in key
}
"""Rollups to which only those write who locked the organization, and which hold no words."""


def add_sums(unit: UnitOfWork, sums: Layout, tiers: Sequence[str]) -> None:
    """Add sums of locked organizations, laid out as `staged_<table>` for each rollup.

    Their keys are unique and ascending; tiers are their place in `tiers`.
    """
    stage(unit, append_absent(unit, sums, _OWNED))
    for table, key in ROLLUPS.items():
        names = {f"tier_{code}": tier for code, tier in enumerate(tiers)} if "tier" in key else {}
        columns = (*key, *SUMS)
        added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
        unit.run(
            f"""
            INSERT INTO {table} ({", ".join(columns)})
            SELECT {", ".join(_given(column, names) for column in columns)}
            FROM staged_{table} AS s WHERE true ORDER BY s.row
            ON CONFLICT ({", ".join(key)}) DO UPDATE SET {added}
            """,
            **names,
        )


def _given(column: str, tiers: Mapping[str, str]) -> str:
    if column != "tier":
        return f"s.{column}"
    cases = " ".join(f"WHEN {code} THEN CAST(:{name} AS TEXT)" for code, name in enumerate(tiers))
    return f"CASE s.tier {cases} END"
