"""Takes an import's events out of the books: found, subtracted from the rollups, deleted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.lineage import EntryRow, standing_entries
from creditctl.store.queries.usage_rollups import ROLLUPS, SUMS

_OF_EVENT = {
    "hour": "e.event_hour",
    "day": f"e.event_hour / {HOURS_PER_DAY}",
    "organization_id": "e.organization_id",
    "api_key_id": "COALESCE(e.api_key_id, 0)",
    "endpoint_id": "p.endpoint_id",
    "product_id": "n.product_id",
    "tier": "COALESCE(p.tier, '')",
    "status": "e.status",
}
"""A rollup's key column -> what it is of an event."""


@dataclass(frozen=True, slots=True)
class OwnerSpan:
    """An organization's events of a batch: from the first to the last one, and their cost."""

    organization_id: int
    first_at: datetime
    last_at: datetime
    events: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class AlikeEvents:
    """Events of a batch at one price that are alike."""

    day: int
    organization_id: int
    product_id: int
    price_id: int
    status: int
    units: int
    events: int


def owners_of_batch(unit: UnitOfWork, batch_id: int) -> list[OwnerSpan]:
    """Whose events a batch holds, by internal id."""
    return unit.fetch(
        OwnerSpan,
        """
        SELECT organization_id, MIN(occurred_at), MAX(occurred_at), COUNT(*), SUM(credits_micro)
        FROM usage_event WHERE batch_id = :batch_id GROUP BY organization_id
        ORDER BY organization_id
        """,
        batch_id=batch_id,
    )


def final_invoices_with(unit: UnitOfWork, batch_id: int, owner: OwnerSpan) -> list[str]:
    """Final invoices of an organization that list events of the batch.

    In their own period, unless all of the batch came too late for it, or as late usage.
    """
    rows = unit.fetch_rows(
        """
        SELECT i.public_id FROM invoice AS i
        WHERE i.organization_id = :organization_id AND i.status NOT IN ('draft', 'void')
          AND (EXISTS (SELECT 1 FROM late_usage AS l
                       WHERE l.batch_id = :batch_id AND l.invoice_id = i.id)
               OR (i.starts_at <= :last_at AND i.ends_at > :first_at
                   AND (SELECT COUNT(*) FROM usage_event AS e
                        WHERE e.event_hour >= i.starts_at / :hour
                          AND e.event_hour < i.ends_at / :hour
                          AND e.organization_id = i.organization_id AND e.batch_id = :batch_id)
                     > (SELECT COALESCE(SUM(l.events), 0) FROM late_usage AS l
                        WHERE l.organization_id = i.organization_id AND l.batch_id = :batch_id
                          AND l.starts_at < i.ends_at AND l.ends_at > i.starts_at)))
        ORDER BY i.starts_at
        """,
        organization_id=owner.organization_id,
        batch_id=batch_id,
        first_at=owner.first_at,
        last_at=owner.last_at,
        hour=MICROS_PER_HOUR,
    )
    return [str(public_id) for (public_id,) in rows]


def standing_bookings(unit: UnitOfWork, batch_id: int, organization_id: int) -> list[EntryRow]:
    """The batch's usage and overage entries that nothing has taken back, the newest first."""
    return standing_entries(
        unit,
        "e.batch_id = :batch_id AND e.organization_id = :organization_id"
        " AND e.kind IN ('usage', 'overage')",
        batch_id=batch_id,
        organization_id=organization_id,
    )


def was_paid_again(unit: UnitOfWork, batch_id: int) -> bool:
    """Whether some of its usage was taken back and paid anew: by a reallocation or a merge."""
    found = unit.fetch_value(
        """
        SELECT 1 FROM ledger_entry AS e JOIN ledger_entry AS u ON u.reverses_id = e.id
        WHERE e.batch_id = :batch_id AND e.kind IN ('usage', 'overage') LIMIT 1
        """,
        batch_id=batch_id,
    )
    return found is not None


def statuses_of_batch(unit: UnitOfWork, batch_id: int) -> list[tuple[int, int]]:
    """The distinct (price, status) of its events."""
    rows = unit.fetch_rows(
        "SELECT DISTINCT price_id, status FROM usage_event WHERE batch_id = :batch_id",
        batch_id=batch_id,
    )
    return [(int(price_id), int(status)) for price_id, status in rows]


def graduated_of_batch(unit: UnitOfWork, batch_id: int) -> list[AlikeEvents]:
    """Its events at prices that are graduated by the day's volume."""
    return unit.fetch(
        AlikeEvents,
        f"""
        SELECT e.event_hour / {HOURS_PER_DAY}, e.organization_id, n.product_id, e.price_id,
               e.status, e.units, COUNT(*)
        FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
             JOIN endpoint AS n ON n.id = p.endpoint_id
        WHERE e.batch_id = :batch_id AND p.volume_steps IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5, 6
        """,
        batch_id=batch_id,
    )


def subtract_events(unit: UnitOfWork, batch_id: int, failed: Iterable[tuple[int, int]]) -> None:
    """Take a batch's events off every rollup; `failed` are (price, status) that are not billed."""
    unbilled = as_given(failed)
    for table, key in ROLLUPS.items():
        columns = ", ".join(key)
        values = ", ".join(f"{_OF_EVENT[name]} AS {name}" for name in key)
        added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
        unit.run(
            f"""
            WITH {given(unit.dialect, "unbilled", "price_id", "status")}
            INSERT INTO {table} ({columns}, {", ".join(SUMS)})
            SELECT {values}, -COUNT(*), -SUM(CASE WHEN e.credits_micro > 0 THEN 1 ELSE 0 END),
                   -COUNT(f.price_id), -SUM(e.units), -SUM(e.credits_micro)
            FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
                 JOIN endpoint AS n ON n.id = p.endpoint_id
                 LEFT JOIN unbilled AS f ON f.price_id = e.price_id AND f.status = e.status
            WHERE e.batch_id = :batch_id
            GROUP BY {", ".join(str(place + 1) for place in range(len(key)))}
            ON CONFLICT ({columns}) DO UPDATE SET {added}
            """,
            unbilled=unbilled,
            batch_id=batch_id,
        )
        unit.run(f"DELETE FROM {table} WHERE requests = 0")


def delete_events(unit: UnitOfWork, batch_id: int) -> int:
    """Delete a batch's events, so that their ids are free; returns how many there were."""
    unit.run(
        """
        DELETE FROM usage_event_text WHERE EXISTS (
            SELECT 1 FROM usage_event AS e
            WHERE e.event_hour = usage_event_text.event_hour
              AND e.event_id = usage_event_text.event_id AND e.batch_id = :batch_id)
        """,
        batch_id=batch_id,
    )
    return unit.run("DELETE FROM usage_event WHERE batch_id = :batch_id", batch_id=batch_id)


def mark_undone(unit: UnitOfWork, batch_id: int, *, at: datetime, by: str, reason: str) -> None:
    """The batch is undone: its file may come again."""
    unit.run(
        """
        UPDATE usage_batch
        SET status = 'undone', undone_number = id, undone_at = :at, undone_by = :by,
            undone_reason = :reason
        WHERE id = :id
        """,
        id=batch_id,
        at=at,
        by=by,
        reason=reason,
    )
