"""Single usage events: looked up, or all of an organization's in the order of their time."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, instant_of, micros_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """An event that cost something; time in microseconds."""

    occurred_at: int
    event_id: bytes
    product_id: int
    credits_micro: int


@dataclass(frozen=True, slots=True)
class CostRow:
    """What an event cost, and the import it came in."""

    occurred_at: int
    event_id: bytes
    credits_micro: int
    batch_id: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with its endpoint, product and price version; `key` is its name."""

    event_id: bytes
    id_text: str | None
    occurred_at: int
    organization_id: int
    key: str | None
    price_id: int
    endpoint_id: int
    method: str
    path: str
    product_id: int
    product: str
    status: int
    units: int
    credits_micro: int
    volume_before: int
    batch_id: int
    batch: str
    source_name: str


def charges_between(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> list[ChargeRow]:
    """Events of [starts_at, ends_at) that cost something, in (time, event id) order."""
    return unit.fetch(
        ChargeRow,
        """
        SELECT e.occurred_at, e.event_id, n.product_id, e.credits_micro
        FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
             JOIN endpoint AS n ON n.id = p.endpoint_id
        WHERE e.organization_id = :organization_id AND e.credits_micro > 0
          AND e.event_hour BETWEEN :first AND :last
          AND e.occurred_at >= :starts_at AND e.occurred_at < :ends_at
        ORDER BY e.occurred_at, e.event_id
        """,
        organization_id=organization_id,
        first=micros_of(starts_at) // MICROS_PER_HOUR,
        last=micros_of(ends_at) // MICROS_PER_HOUR,
        starts_at=starts_at,
        ends_at=ends_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which of an organization's events are asked for; times in microseconds, None is any."""

    organization_id: int
    starts_at: int
    ends_at: int
    key: str | None = None
    """A key's name, prefix or id."""

    endpoint: str | None = None
    """Method and path pattern, as the catalog has them."""

    status: int | None = None
    event_id: bytes | None = None
    at_least: Credits | None = None


_EVENTS = """
    SELECT e.event_id, t.id_text, e.occurred_at, e.organization_id, k.name, e.price_id, n.id,
           n.method, n.path, r.id, r.name, e.status, e.units, e.credits_micro,
           e.volume_before, e.batch_id, b.public_id, b.source_name
    FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
         JOIN endpoint AS n ON n.id = p.endpoint_id JOIN product AS r ON r.id = n.product_id
         JOIN usage_batch AS b ON b.id = e.batch_id
         LEFT JOIN api_key AS k ON k.id = e.api_key_id
         LEFT JOIN usage_event_text AS t
              ON t.event_hour = e.event_hour AND t.event_id = e.event_id
"""
_CONDITIONS = {
    "key": "(k.name = :key OR k.prefix = :key OR k.public_id = :key)",
    "endpoint": "n.method || ' ' || n.path = :endpoint",
    "status": "e.status = :status",
    "event_id": "e.event_id = :event_id",
    "at_least": "e.credits_micro >= :at_least",
}


def events_of_hour(unit: UnitOfWork, hour: int, chosen: EventFilter, limit: int) -> list[EventRow]:
    """An hour's events that fit, the newest first."""
    given = {name: getattr(chosen, name) for name in _CONDITIONS}
    asked = {name: value for name, value in given.items() if value is not None}
    conditions = "".join(f" AND {_CONDITIONS[name]}" for name in asked)
    return unit.fetch(
        EventRow,
        f"""
        {_EVENTS}
        WHERE e.event_hour = :hour AND e.organization_id = :organization_id
          AND e.occurred_at >= :starts_at AND e.occurred_at < :ends_at{conditions}
        ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT :limit
        """,
        hour=hour,
        organization_id=chosen.organization_id,
        starts_at=chosen.starts_at,
        ends_at=chosen.ends_at,
        limit=limit,
        **asked,
    )


def events_with_id(unit: UnitOfWork, organization_id: int, event_id: bytes) -> list[EventRow]:
    """The organization's events of that id, the newest first: an id may come again much later."""
    return unit.fetch(
        EventRow,
        f"""
        {_EVENTS}
        WHERE e.organization_id = :organization_id AND e.event_id = :event_id
        ORDER BY e.occurred_at DESC
        """,
        organization_id=organization_id,
        event_id=event_id,
    )


def costs_of_day(
    unit: UnitOfWork, organization_id: int, product_id: int, day: int
) -> list[CostRow]:
    """A product's events of that day that cost something, in (time, event id) order."""
    return unit.fetch(
        CostRow,
        """
        SELECT e.occurred_at, e.event_id, e.credits_micro, e.batch_id
        FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
             JOIN endpoint AS n ON n.id = p.endpoint_id
        WHERE e.organization_id = :organization_id AND n.product_id = :product_id
          AND e.event_hour BETWEEN :first AND :last AND e.credits_micro > 0
        ORDER BY e.occurred_at, e.event_id
        """,
        organization_id=organization_id,
        product_id=product_id,
        first=day * HOURS_PER_DAY,
        last=day * HOURS_PER_DAY + HOURS_PER_DAY - 1,
    )


def last_usage(unit: UnitOfWork, organization_id: int) -> datetime | None:
    """When the organization's newest event happened; found by its newest day, from the rollups."""
    day = unit.fetch_value(
        """
        SELECT day FROM usage_day WHERE organization_id = :id ORDER BY day DESC LIMIT 1
        """,
        id=organization_id,
    )
    if day is None:
        return None
    newest = unit.fetch_value(
        """
        SELECT MAX(occurred_at) FROM usage_event
        WHERE event_hour = (
            SELECT MAX(hour) FROM usage_hour
            WHERE organization_id = :id AND hour BETWEEN :first AND :last
        ) AND organization_id = :id
        """,
        id=organization_id,
        first=int(day) * HOURS_PER_DAY,
        last=int(day) * HOURS_PER_DAY + HOURS_PER_DAY - 1,
    )
    return None if newest is None else instant_of(int(newest))
