"""Usage, summed from the rollups; raw events are never read."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

_HOURLY = """
    FROM usage_hour AS u JOIN organization AS o ON o.id = u.organization_id
         JOIN endpoint AS e ON e.id = u.endpoint_id JOIN product AS p ON p.id = e.product_id
         LEFT JOIN api_key AS k ON k.id = u.api_key_id
    WHERE u.hour >= :first_hour AND u.hour < :end_hour
"""
_DAILY = """
    FROM usage_day AS u JOIN organization AS o ON o.id = u.organization_id
         JOIN product AS p ON p.id = u.product_id
    WHERE u.day >= :first_hour / 24 AND u.day < (:end_hour + 23) / 24
"""
GROUPINGS = {
    "endpoint": ("e.method || ' ' || e.path", _HOURLY),
    "key": ("COALESCE(o.slug || '/' || k.name, o.slug || '/ (no key)')", _HOURLY),
    "org": ("o.slug", _DAILY),
    "product": ("p.name", _DAILY),
    "tier": ("CASE WHEN u.tier = '' THEN '(none)' ELSE u.tier END", _DAILY),
}
"""What usage may be summed by: the group's SQL, and the rollup that can answer."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Requests and credits of one group."""

    group: str
    requests: int
    billed: int
    failed: int
    units: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class UsageDayRow:
    """Requests and credits of one UTC day."""

    day: date
    requests: int
    billed: int
    failed: int
    units: int
    credits: Credits


def usage_by(
    unit: UnitOfWork,
    grouping: str,
    starts_at: datetime,
    ends_at: datetime,
    organization_id: int | None,
) -> list[UsageRow]:
    """Usage within [starts_at, ends_at) by one of GROUPINGS, the most credits first."""
    group, source = GROUPINGS[grouping]
    return unit.fetch(
        UsageRow,
        f"""
        SELECT {group} AS grouped, SUM(u.requests), SUM(u.billed), SUM(u.failed), SUM(u.units),
               SUM(u.credits_micro) AS credits
        {source}
          AND (CAST(:organization_id AS BIGINT) IS NULL OR u.organization_id = :organization_id)
        GROUP BY 1 ORDER BY credits DESC, grouped
        """,
        **_hours(starts_at, ends_at),
        organization_id=organization_id,
    )


def usage_by_day(
    unit: UnitOfWork, starts_at: datetime, ends_at: datetime, organization_id: int | None
) -> list[UsageDayRow]:
    """Usage within [starts_at, ends_at) by UTC day, in order."""
    return unit.fetch(
        UsageDayRow,
        f"""
        SELECT u.day, SUM(u.requests), SUM(u.billed), SUM(u.failed), SUM(u.units),
               SUM(u.credits_micro)
        {_DAILY}
          AND (CAST(:organization_id AS BIGINT) IS NULL OR u.organization_id = :organization_id)
        GROUP BY 1 ORDER BY 1
        """,
        **_hours(starts_at, ends_at),
        organization_id=organization_id,
    )


def _hours(starts_at: datetime, ends_at: datetime) -> dict[str, int]:
    """Half-open bounds in hours since 1970, the last hour counted whole."""
    return {
        "first_hour": micros_of(starts_at) // MICROS_PER_HOUR,
        "end_hour": -(-micros_of(ends_at) // MICROS_PER_HOUR),
    }
