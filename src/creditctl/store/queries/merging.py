"""Moves an organization's usage, events and rollups, to another one, with those merged before."""

from creditctl.store.engine import UnitOfWork

_SUMS = ("requests", "billed", "failed", "units", "credits_micro")
_ROLLUPS = {
    "usage_hour": (("hour", "api_key_id", "endpoint_id"), _SUMS),
    "usage_day": (("day", "product_id", "tier"), _SUMS),
    "usage_key_day": (("day", "api_key_id"), _SUMS),
    "usage_status_day": (("day", "status"), _SUMS),
    "volume_day": (("day", "product_id"), ("units",)),
}
"""Table -> its key beside the organization, and what is summed."""


def move_usage(unit: UnitOfWork, from_id: int, to_id: int) -> int:
    """Make all usage of one organization another's; returns how many events moved.

    Rated credits stay what they were: booked events are never priced again.
    """
    events = unit.run(
        "UPDATE usage_event SET organization_id = :to_id WHERE organization_id = :from_id",
        from_id=from_id,
        to_id=to_id,
    )
    for table, (key, sums) in _ROLLUPS.items():
        _move_rollup(unit, table, key, sums, from_id, to_id)
    return events


def move_merged(unit: UnitOfWork, from_id: int, to_id: int) -> None:
    """Let what was merged into one organization before be the other one's."""
    unit.run(
        "UPDATE organization SET merged_into_id = :to_id WHERE merged_into_id = :from_id",
        from_id=from_id,
        to_id=to_id,
    )


def _move_rollup(
    unit: UnitOfWork,
    table: str,
    key: tuple[str, ...],
    sums: tuple[str, ...],
    from_id: int,
    to_id: int,
) -> None:
    columns = ", ".join((*key, *sums))
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    unit.run(
        f"""
        INSERT INTO {table} (organization_id, {columns})
        SELECT CAST(:to_id AS BIGINT), {columns} FROM {table}
        WHERE organization_id = :from_id
        ON CONFLICT (organization_id, {", ".join(key)}) DO UPDATE SET {added}
        """,
        from_id=from_id,
        to_id=to_id,
    )
    unit.run(f"DELETE FROM {table} WHERE organization_id = :from_id", from_id=from_id)
