"""The rollups of usage: sums that are kept beside the events, so that no report reads those."""

from collections.abc import Mapping, Sequence

from creditctl.store.engine import UnitOfWork

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


def add_staged_sums(unit: UnitOfWork, tiers: Sequence[str]) -> None:
    """Add the rows of each `staged_<table>`, whose key is unique and ascending, to its rollup.

    Tiers are staged as their place in `tiers`.
    """
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
