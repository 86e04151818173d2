"""Usage events: who can be named in them, which are known, and the set-based booking of a chunk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import NamedTuple

from creditctl.rules.usage_duplicates import Sighting
from creditctl.rules.usage_events import Reject
from creditctl.store import bulk_postgres, bulk_sqlite
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_rollups import roll_up

_BULK = {"sqlite": bulk_sqlite, "postgresql": bulk_postgres}


class PricedEvent(NamedTuple):
    """An event with everything the database keeps of it; a row of `staged_event`."""

    line: int
    event_hour: int
    event_id: bytes
    id_text: str | None
    occurred_at: int
    organization_id: int
    api_key_id: int | None
    endpoint_id: int
    price_id: int
    product_id: int
    tier: str
    status: int
    units: int
    credits_micro: int
    billed: int
    failed: int
    volume_before: int = 0

    @property
    def sighting(self) -> Sighting:
        """When, and with what request: what makes two records one event."""
        request = (self.organization_id, self.api_key_id, self.endpoint_id, self.status, self.units)
        return Sighting(self.occurred_at, request)


_KINDS = {"event_id": "binary", "id_text": "text", "tier": "text"}
_STAGED = {name: _KINDS.get(name, "integer") for name in PricedEvent._fields}
_STAGED_KEY = {"event_hour": "integer", "event_id": "binary"}


@dataclass(frozen=True, slots=True)
class OrganizationName:
    """What an organization may be called in a usage file."""

    id: int
    public_id: str
    slug: str


@dataclass(frozen=True, slots=True)
class KeyName:
    """What an API key may be called in a usage file."""

    id: int
    organization_id: int
    public_id: str
    prefix: str
    name: str


def organization_names(unit: UnitOfWork) -> list[OrganizationName]:
    """Every organization; one that was merged stands for the one it was merged into."""
    return unit.fetch(
        OrganizationName,
        "SELECT COALESCE(merged_into_id, id), public_id, slug FROM organization",
    )


def key_names(unit: UnitOfWork) -> list[KeyName]:
    """Every API key, revoked ones too: their requests were served."""
    return unit.fetch(KeyName, "SELECT id, organization_id, public_id, prefix, name FROM api_key")


def known_events(
    unit: UnitOfWork, keys: Iterable[tuple[int, bytes]], hours: int
) -> Iterator[tuple[bytes, Sighting]]:
    """Booked events that have one of these (hour, id) pairs, up to `hours` earlier or later."""
    _bulk(unit).fill_temporary(unit, "staged_key", _STAGED_KEY, keys)
    for offset in range(-hours, hours + 1):
        # CROSS JOIN keeps SQLite from scanning the big table to look up in the small one.
        for event_id, occurred_at, *request in unit.fetch_rows(
            """
            SELECT e.event_id, e.occurred_at, e.organization_id, e.api_key_id, p.endpoint_id,
                   e.status, e.units
            FROM staged_key AS s CROSS JOIN usage_event AS e
                 JOIN endpoint_price AS p ON p.id = e.price_id
            WHERE e.event_hour = s.event_hour + CAST(:offset AS BIGINT)
              AND e.event_id = s.event_id
            """,
            offset=offset,
        ):
            organization_id, api_key_id, endpoint_id, status, units = request
            seen = (organization_id, api_key_id, endpoint_id, status, units)
            yield bytes(event_id), Sighting(occurred_at, seen)


def book_events(unit: UnitOfWork, batch_id: int, events: Iterable[PricedEvent]) -> int:
    """Insert the events with their id texts and add them to the rollups; returns how many."""
    _bulk(unit).fill_temporary(unit, "staged_event", _STAGED, events)
    booked = unit.run(
        """
        INSERT INTO usage_event (event_hour, event_id, occurred_at, organization_id, api_key_id,
                                 price_id, status, units, credits_micro, batch_id,
                                 volume_before)
        SELECT event_hour, event_id, occurred_at, organization_id, api_key_id, price_id, status,
               units, credits_micro, :batch_id, volume_before
        FROM staged_event WHERE true ORDER BY event_hour, event_id
        ON CONFLICT (event_hour, event_id) DO NOTHING
        """,
        batch_id=batch_id,
    )
    unit.run(
        """
        INSERT INTO usage_event_text (event_hour, event_id, id_text)
        SELECT event_hour, event_id, id_text FROM staged_event WHERE id_text IS NOT NULL
        ORDER BY event_hour, event_id ON CONFLICT (event_hour, event_id) DO NOTHING
        """
    )
    roll_up(unit)
    _roll_up_products(unit, batch_id)
    return booked


def mark_drafts_stale(unit: UnitOfWork) -> None:
    """Mark the draft invoices whose period holds an event that was just booked."""
    # An hour's first and last event decide for all of it: no period is shorter than an hour.
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE status = 'draft' AND NOT stale AND id IN (
            SELECT i.id
            FROM (SELECT organization_id, MIN(occurred_at) AS first, MAX(occurred_at) AS last
                  FROM staged_event GROUP BY organization_id, event_hour) AS s
                 JOIN invoice AS i ON i.organization_id = s.organization_id
            WHERE s.last >= i.starts_at AND s.first < i.ends_at)
        """
    )


def insert_rejects(unit: UnitOfWork, batch_id: int, rejects: Iterable[Reject]) -> None:
    """Keep the records that were not booked."""
    columns = ("batch_id", *Reject._fields)
    rows = ((batch_id, *reject) for reject in rejects)
    _bulk(unit).append_rows(unit, "usage_reject", columns, rows)


def _roll_up_products(unit: UnitOfWork, batch_id: int) -> None:
    unit.run(
        """
        INSERT INTO usage_batch_product (batch_id, product_id, requests, credits_micro)
        SELECT CAST(:batch_id AS BIGINT), product_id, COUNT(*), SUM(credits_micro)
        FROM staged_event WHERE true GROUP BY product_id ORDER BY product_id
        ON CONFLICT (batch_id, product_id) DO UPDATE
        SET requests = usage_batch_product.requests + excluded.requests,
            credits_micro = usage_batch_product.credits_micro + excluded.credits_micro
        """,
        batch_id=batch_id,
    )


def _bulk(unit: UnitOfWork) -> ModuleType:
    return _BULK[unit.dialect]
