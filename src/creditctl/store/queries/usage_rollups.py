"""The rollups of usage: sums that are kept beside the events, so that no report reads those."""

from creditctl.store.engine import UnitOfWork

SUMS = ("requests", "billed", "failed", "units", "credits_micro")
"""What every rollup adds up."""

ROLLUPS = {
    "usage_hour": {
        "hour": "event_hour",
        "organization_id": "organization_id",
        "api_key_id": "COALESCE(api_key_id, 0)",
        "endpoint_id": "endpoint_id",
    },
    "usage_endpoint_hour": {"hour": "event_hour", "endpoint_id": "endpoint_id"},
    "usage_day": {
        "day": "event_hour / 24",
        "organization_id": "organization_id",
        "product_id": "product_id",
        "tier": "tier",
    },
    "usage_key_day": {
        "day": "event_hour / 24",
        "organization_id": "organization_id",
        "api_key_id": "COALESCE(api_key_id, 0)",
    },
    "usage_status_day": {
        "day": "event_hour / 24",
        "organization_id": "organization_id",
        "status": "status",
    },
}
"""Table -> its key, each column with what it is of a staged event."""


def roll_up(unit: UnitOfWork) -> None:
    """Add the events in `staged_event` to every rollup."""
    for table, key in ROLLUPS.items():
        columns = ", ".join(key)
        added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
        unit.run(
            f"""
            INSERT INTO {table} ({columns}, {", ".join(SUMS)})
            SELECT {", ".join(key.values())}, COUNT(*), SUM(billed), SUM(failed), SUM(units),
                   SUM(credits_micro)
            FROM staged_event WHERE true
            GROUP BY {", ".join(str(place + 1) for place in range(len(key)))}
            ORDER BY {", ".join(str(place + 1) for place in range(len(key)))}
            ON CONFLICT ({columns}) DO UPDATE SET {added}
            """
        )
