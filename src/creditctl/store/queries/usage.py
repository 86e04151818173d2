"""Usage events: who can be named in them, which are known, and how staged ones are booked."""

from collections.abc import Iterable, Iterator
from typing import Any

from creditctl.rules.usage_duplicates import Sighting
from creditctl.rules.usage_events import Reject
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.staging import BULK, Layout, append, looking_up


def organization_names(unit: UnitOfWork) -> list[tuple[int, str, str]]:
    """Id, public id and slug of each; one that was merged stands for the one it was merged into."""
    return unit.fetch_rows("SELECT COALESCE(merged_into_id, id), public_id, slug FROM organization")


def key_names(unit: UnitOfWork) -> list[tuple[int, int, str, str, str]]:
    """Id, organization, public id, prefix and name of each key, also of revoked ones."""
    return unit.fetch_rows("SELECT id, organization_id, public_id, prefix, name FROM api_key")


_EVENT_COLUMNS = (
    "event_hour",
    "event_id",
    "occurred_at",
    "organization_id",
    "api_key_id",
    "price_id",
    "status",
    "units",
    "credits_micro",
    "batch_id",
    "volume_before",
)
"""In the table's order: SQLite then inserts what it reads, without copying every value first."""

BOOKED, LATE = "usage_event", "late_event"
"""Where events are known: booked ones, and those that came too late, whatever was decided."""

_ENDPOINT = "(SELECT p.endpoint_id FROM endpoint_price AS p WHERE p.id = e.price_id)"


def ids_of_hours(
    unit: UnitOfWork, hours: Iterable[int], table: str = BOOKED
) -> dict[int, tuple[bytes, bytes]]:
    """The first and the last id of each of the hours that hold events."""
    first_id, last_id = (
        f"""
        (SELECT event_id FROM {table} WHERE event_hour = h.hour
         ORDER BY event_hour {order}, event_id {order} LIMIT 1)
        """
        for order in ("ASC", "DESC")
    )
    rows = unit.fetch_rows(
        f"WITH {given(unit.dialect, 'hours', 'hour')} SELECT h.hour, {first_id}, {last_id} "
        "FROM hours AS h ORDER BY h.hour",
        hours=as_given((hour,) for hour in hours),
    )
    return {
        int(hour): (bytes(first), bytes(last)) for hour, first, last in rows if first is not None
    }


def matches_of_staged(
    unit: UnitOfWork, offset: int, window: int, table: str = BOOKED
) -> Iterator[int]:
    """Known events with the id of a staged one, `offset` hours later: twice the staged row.

    And 1 if the event is near (the same hour, or within `window` microseconds) and tells of the
    same request. One number for each, for there may be as many as events are staged.
    """
    found = _matches(
        unit,
        f"""
        2 * s.row +
        CASE WHEN (e.event_hour = s.event_hour OR ABS(e.occurred_at - s.occurred_at) <= :window)
                  AND e.organization_id = s.organization_id AND {_ENDPOINT} = s.endpoint_id
                  AND COALESCE(e.api_key_id, 0) = s.api_key_id AND e.status = s.status
                  AND e.units = s.units
             THEN 1 ELSE 0 END
        """,
        offset,
        table,
        window=window,
    )
    return (number for (number,) in found)


def sightings_of_staged(
    unit: UnitOfWork, offset: int, table: str = BOOKED
) -> Iterator[tuple[int, Sighting]]:
    """Known events with the id of a staged one, `offset` hours later, each with its row."""
    found = _matches(
        unit,
        f"s.row, e.occurred_at, e.organization_id, e.api_key_id, {_ENDPOINT}, e.status, e.units",
        offset,
        table,
    )
    for row, occurred_at, organization_id, api_key_id, endpoint_id, status, units in found:
        request = (organization_id, api_key_id, endpoint_id, status, units)
        yield row, Sighting(occurred_at, request)


def _matches(
    unit: UnitOfWork, columns: str, offset: int, table: str, **parameters: int
) -> list[Any]:
    # CROSS JOIN keeps SQLite from scanning the big table to look up in the small one.
    with looking_up(unit):
        return unit.fetch_rows(
            f"""
            SELECT {columns}
            FROM staged_event AS s CROSS JOIN {table} AS e
            WHERE e.event_hour = s.event_hour + CAST(:offset AS BIGINT) AND e.event_id = s.event_id
            """,
            offset=offset,
            **parameters,
        )


def insert_events(unit: UnitOfWork, rows: Layout, batch_id: int) -> int:
    """Insert the events that are laid out as `staged_event`; returns how many were new.

    On PostgreSQL raises Busy when one of them was not.
    """
    return append(
        unit,
        rows,
        "staged_event",
        BOOKED,
        columns=_EVENT_COLUMNS,
        nullable="api_key_id",
        constants={"batch_id": batch_id},
    )


def insert_texts(unit: UnitOfWork, rows: Iterable[tuple[int, bytes, str]]) -> None:
    """Keep the words of ids that were hashed: hour, id, text."""
    columns = ("event_hour", "event_id", "id_text")
    BULK[unit.dialect].append_rows(unit, "usage_event_text", columns, rows)


def mark_drafts_stale(unit: UnitOfWork) -> None:
    """Mark the draft invoices whose period holds usage of `staged_span`.

    A span is an organization's first and last event of an hour: no period is shorter.
    """
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE status = 'draft' AND NOT stale AND id IN (
            SELECT i.id
            FROM staged_span AS s JOIN invoice AS i ON i.organization_id = s.organization_id
            WHERE s.last_at >= i.starts_at AND s.first_at < i.ends_at)
        """
    )


def has_fresh_drafts(unit: UnitOfWork) -> bool:
    """Whether there is any draft that usage could make stale."""
    found = unit.fetch_value("SELECT 1 FROM invoice WHERE status = 'draft' AND NOT stale LIMIT 1")
    return found is not None


def insert_rejects(unit: UnitOfWork, batch_id: int, rejects: Iterable[Reject]) -> None:
    """Keep the records that were not booked."""
    columns = ("batch_id", *Reject._fields)
    rows = ((batch_id, *reject) for reject in rejects)
    BULK[unit.dialect].append_rows(unit, "usage_reject", columns, rows)


def add_batch_products(
    unit: UnitOfWork, batch_id: int, products: Iterable[tuple[int, int, int]]
) -> None:
    """Add to what the import brought: product, requests, micro-credits."""
    unit.run_many(
        """
        INSERT INTO usage_batch_product (batch_id, product_id, requests, credits_micro)
        VALUES (:batch_id, :product_id, :requests, :credits_micro)
        ON CONFLICT (batch_id, product_id) DO UPDATE
        SET requests = usage_batch_product.requests + excluded.requests,
            credits_micro = usage_batch_product.credits_micro + excluded.credits_micro
        """,
        [
            {
                "batch_id": batch_id,
                "product_id": product_id,
                "requests": requests,
                "credits_micro": credits_micro,
            }
            for product_id, requests, credits_micro in products
        ],
    )
