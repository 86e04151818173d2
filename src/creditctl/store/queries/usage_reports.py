"""Usage, summed from the rollups; raw events are never read."""

from dataclasses import dataclass

from creditctl.rules.instants import HOURS_PER_DAY
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

_SUMS = ("requests", "billed", "failed", "units", "credits_micro")
_OWNER = "JOIN organization AS o ON o.id = s.organization_id"
_ENDPOINT_NAME = (
    "endpoint_id",
    "e.method || ' ' || e.path",
    "JOIN endpoint AS e ON e.id = s.endpoint_id",
)
_KEY_NAME = (
    "organization_id, api_key_id",
    "COALESCE(o.slug || '/' || k.name, o.slug || '/ (no key)')",
    f"{_OWNER} LEFT JOIN api_key AS k ON k.id = s.api_key_id",
)
_TIER_NAME = "CASE WHEN s.tier = '' THEN '(none)' ELSE s.tier END"
_PRODUCT_NAME = ("product_id", "p.name", "JOIN product AS p ON p.id = s.product_id")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a grouping is read: a rollup by day or hour, what it is grouped by, and its name."""

    table: str
    time: str
    key: str
    name: str
    joined: str


BY_DAY = {
    "key": Source("usage_key_day", "day", *_KEY_NAME),
    "org": Source("usage_key_day", "day", "organization_id", "o.slug", _OWNER),
    "product": Source("usage_day", "day", *_PRODUCT_NAME),
    "status": Source("usage_status_day", "day", "status", "CAST(s.status AS TEXT)", ""),
    "tier": Source("usage_day", "day", "tier", _TIER_NAME, ""),
}
"""Groupings that whole days answer."""

BY_HOUR = {
    "endpoint": Source("usage_hour", "hour", *_ENDPOINT_NAME),
    "key": Source("usage_hour", "hour", *_KEY_NAME),
    "org": Source("usage_hour", "hour", "organization_id", "o.slug", _OWNER),
    "product": Source("usage_hour", "hour", *_PRODUCT_NAME),
    "day": Source("usage_hour", "hour", "hour / 24", "s.key", ""),
    "hour": Source("usage_hour", "hour", "hour", "s.key", ""),
}
"""Groupings that hours answer, of an organization or where a day is cut."""

OF_EVERYBODY = {
    "endpoint": Source("usage_endpoint_hour", "hour", *_ENDPOINT_NAME),
    "product": Source("usage_endpoint_hour", "hour", *_PRODUCT_NAME),
    "tier": Source("usage_tier_day", "day", "tier", _TIER_NAME, ""),
    "day": Source("usage_endpoint_hour", "hour", "hour / 24", "s.key", ""),
    "hour": Source("usage_endpoint_hour", "hour", "hour", "s.key", ""),
}
"""Groupings that have a rollup of all organizations together."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Requests and credits of one group; days and hours are numbers since 1970."""

    group: str
    requests: int
    billed: int
    failed: int
    units: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, in hours since 1970, of one organization or of all."""

    first_hour: int
    end_hour: int
    organization_id: int | None

    @property
    def is_of_whole_days(self) -> bool:
        """Whether no day is cut."""
        return self.first_hour % HOURS_PER_DAY == 0 == self.end_hour % HOURS_PER_DAY


def source_of(grouping: str, span: Span) -> Source | None:
    """The smallest rollup that can tell; None when only whole days can be told."""
    if span.organization_id is None and grouping in OF_EVERYBODY:
        source = OF_EVERYBODY[grouping]
        return source if source.time == "hour" or span.is_of_whole_days else None
    if span.is_of_whole_days and grouping in BY_DAY:
        return BY_DAY[grouping]
    return BY_HOUR.get(grouping)


def usage_by(unit: UnitOfWork, source: Source, span: Span) -> list[UsageRow]:
    """Sums by group, the most credits first."""
    sums = ", ".join(f"SUM(u.{name}) AS {name}" for name in _SUMS)
    shown = ", ".join(f"s.{name}" for name in _SUMS)
    named = source.name if source.joined or source.name != "s.key" else "CAST(s.key AS TEXT)"
    return unit.fetch(
        UsageRow,
        f"""
        {_hours(source, span)}
        SELECT {named}, {shown}
        FROM (SELECT {_key(source)}, {sums} {_from(source, span)} GROUP BY {_places(source)}) AS s
             {source.joined}
        ORDER BY s.credits_micro DESC, 1
        """,
        **_bounds(source, span),
    )


def trend_by(
    unit: UnitOfWork, source: Source, span: Span, hours: int
) -> list[tuple[str, int, int]]:
    """Group, place of a stretch of so many hours since the span's first, micro-credits of both."""
    stretch = hours // HOURS_PER_DAY if source.time == "day" else hours
    first = span.first_hour // HOURS_PER_DAY if source.time == "day" else span.first_hour
    places = _places(source)
    count = len(places.split(","))
    rows = unit.fetch_rows(
        f"""
        {_hours(source, span)}
        SELECT {source.name}, s.place, s.credits_micro
        FROM (SELECT {_key(source)},
                     (u.{source.time} - CAST(:origin AS BIGINT)) / {stretch} AS place,
                     SUM(u.credits_micro) AS credits_micro
              {_from(source, span)} GROUP BY {places}, {count + 1}) AS s
             {source.joined}
        """,
        origin=first,
        **_bounds(source, span),
    )
    return [(str(group), int(place), int(credits)) for group, place, credits in rows]


def _key(source: Source) -> str:
    if source.name == "s.key":
        return f"u.{source.key} AS key"
    parts = [part.strip() for part in source.key.split(",")]
    return ", ".join(
        "e.product_id" if part in _needed_endpoint(source) else f"u.{part}" for part in parts
    )


def _places(source: Source) -> str:
    return ", ".join(str(place + 1) for place in range(source.key.count(",") + 1))


def _hours(source: Source, span: Span) -> str:
    """The hours one by one: the key of `usage_hour` begins with them, then the organization."""
    if not _is_probed(source, span):
        return ""
    return """
        WITH RECURSIVE hours(hour) AS (
            SELECT CAST(:first AS BIGINT)
            UNION ALL SELECT hour + 1 FROM hours WHERE hour + 1 < :end)
    """


def _from(source: Source, span: Span) -> str:
    products = "JOIN endpoint AS e ON e.id = u.endpoint_id" if _needed_endpoint(source) else ""
    if _is_probed(source, span):
        return f"""
            FROM hours AS h CROSS JOIN usage_hour AS u {products}
            WHERE u.hour = h.hour AND u.organization_id = :organization_id AND h.hour < :end
        """
    owner = "" if span.organization_id is None else "AND u.organization_id = :organization_id"
    return f"""
        FROM {source.table} AS u {products}
        WHERE u.{source.time} >= :first AND u.{source.time} < :end {owner}
    """


def _needed_endpoint(source: Source) -> tuple[str, ...]:
    """The columns of the key that only the endpoint has."""
    return ("product_id",) if source.time == "hour" and source.key == "product_id" else ()


def _is_probed(source: Source, span: Span) -> bool:
    return source.table == "usage_hour" and span.organization_id is not None


def _bounds(source: Source, span: Span) -> dict[str, int]:
    unit = HOURS_PER_DAY if source.time == "day" else 1
    bounds = {"first": span.first_hour // unit, "end": -(-span.end_hour // unit)}
    if span.organization_id is not None:
        bounds["organization_id"] = span.organization_id
    return bounds


def credits_by_product_and_day(
    unit: UnitOfWork, organization_id: int, first_day: int, last_day: int
) -> list[tuple[int, int, int]]:
    """Product, UTC day and micro-credits of the days from the first to the last one."""
    rows = unit.fetch_rows(
        """
        SELECT product_id, day, SUM(credits_micro) FROM usage_day
        WHERE day >= :first_day AND day <= :last_day AND organization_id = :organization_id
        GROUP BY product_id, day ORDER BY product_id, day
        """,
        first_day=first_day,
        last_day=last_day,
        organization_id=organization_id,
    )
    return [(int(product), int(day), int(micro)) for product, day, micro in rows]
