"""Single events of some hours, with the names that people know."""

from creditctl.store.engine import UnitOfWork

COLUMNS = {
    "id": "text",
    "time": "time",
    "org": "text",
    "key": "text",
    "endpoint": "text",
    "status": "count",
    "units": "count",
    "credits": "credits",
    "product": "text",
    "tier": "text",
    "batch": "text",
}
"""Column of an export -> its kind."""


def hours_with_usage(
    unit: UnitOfWork, first_hour: int, end_hour: int, organization_id: int | None
) -> list[int]:
    """Hours of [first_hour, end_hour) that hold events, of one organization or of all; in order."""
    if organization_id is None:
        rows = unit.fetch_rows(
            """
            SELECT DISTINCT hour FROM usage_endpoint_hour
            WHERE hour >= :first AND hour < :end ORDER BY hour
            """,
            first=first_hour,
            end=end_hour,
        )
    else:
        rows = unit.fetch_rows(
            """
            WITH RECURSIVE hours(hour) AS (
                SELECT CAST(:first AS BIGINT)
                UNION ALL SELECT hour + 1 FROM hours WHERE hour + 1 < :end)
            SELECT h.hour FROM hours AS h
            WHERE h.hour < :end AND EXISTS (
                SELECT 1 FROM usage_hour AS u
                WHERE u.hour = h.hour AND u.organization_id = :organization_id)
            ORDER BY h.hour
            """,
            first=first_hour,
            end=end_hour,
            organization_id=organization_id,
        )
    return [int(hour) for (hour,) in rows]


def events_of_hour(
    unit: UnitOfWork, hour: int, starts_at: int, ends_at: int, organization_id: int | None
) -> list[tuple[bytes, str | None, int, str, str | None, str, int, int, int, str, str | None, str]]:
    """An hour's events in [starts_at, ends_at), microseconds, by time and id.

    Id, its words, time, organization, key, endpoint, status, units, micro-credits, product, tier,
    import.
    """
    owner = "" if organization_id is None else "AND e.organization_id = :organization_id"
    given = {} if organization_id is None else {"organization_id": organization_id}
    return unit.fetch_rows(
        f"""
        SELECT e.event_id, t.id_text, e.occurred_at, o.slug, k.public_id,
               n.method || ' ' || n.path, e.status, e.units, e.credits_micro, r.name, p.tier,
               b.public_id
        FROM usage_event AS e JOIN organization AS o ON o.id = e.organization_id
             JOIN endpoint_price AS p ON p.id = e.price_id
             JOIN endpoint AS n ON n.id = p.endpoint_id JOIN product AS r ON r.id = n.product_id
             JOIN usage_batch AS b ON b.id = e.batch_id
             LEFT JOIN api_key AS k ON k.id = e.api_key_id
             LEFT JOIN usage_event_text AS t
                  ON t.event_hour = e.event_hour AND t.event_id = e.event_id
        WHERE e.event_hour = :hour AND e.occurred_at >= :starts_at AND e.occurred_at < :ends_at
              {owner}
        ORDER BY e.occurred_at, e.event_id
        """,
        hour=hour,
        starts_at=starts_at,
        ends_at=ends_at,
        **given,
    )
