"""Events in quarantine: too late for any invoice, kept until somebody decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.staging import BULK

QUARANTINED, RELEASED, REJECTED = "quarantined", "released", "rejected"

_INSERTED = (
    "public_id",
    "batch_id",
    "line",
    "event_hour",
    "event_id",
    "id_text",
    "occurred_at",
    "organization_id",
    "api_key_id",
    "price_id",
    "status",
    "units",
    "credits_micro",
    "state",
    "quarantined_at",
)


@dataclass(frozen=True, slots=True)
class LateEventRow:
    """An event that came too late, with the words people know it by."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    batch_id: int
    batch: str
    file: str
    line: int
    event_id: bytes
    id_text: str | None
    occurred_at: int
    api_key_id: int | None
    price_id: int
    method: str
    path: str
    status: int
    units: int
    credits: Credits
    state: str
    quarantined_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


_SELECT = """
    SELECT l.id, l.public_id, l.organization_id, o.slug, l.batch_id, b.public_id, b.source_name,
           l.line, l.event_id, l.id_text, l.occurred_at, l.api_key_id, l.price_id, n.method,
           n.path, l.status, l.units, l.credits_micro, l.state, l.quarantined_at, l.decided_at,
           l.decided_by, l.reason
    FROM late_event AS l JOIN organization AS o ON o.id = l.organization_id
         JOIN usage_batch AS b ON b.id = l.batch_id
         JOIN endpoint_price AS p ON p.id = l.price_id JOIN endpoint AS n ON n.id = p.endpoint_id
"""


def insert_late_events(unit: UnitOfWork, rows: Iterable[tuple[Any, ...]]) -> None:
    """Keep events: public id, batch, line, hour, id, words, times and the rest of the columns."""
    BULK[unit.dialect].append_rows(unit, "late_event", _INSERTED, rows)


def has_late_events(unit: UnitOfWork) -> bool:
    """Whether there are any, whatever was decided."""
    return unit.fetch_value("SELECT 1 FROM late_event LIMIT 1") is not None


def late_event_named(unit: UnitOfWork, public_id: str) -> LateEventRow | None:
    """The one of that public id, or None."""
    return unit.fetch_one(LateEventRow, f"{_SELECT} WHERE l.public_id = :id", id=public_id)


def list_late_events(
    unit: UnitOfWork,
    *,
    organization_id: int | None = None,
    batch_id: int | None = None,
    state: str | None = None,
    limit: int | None = None,
) -> list[LateEventRow]:
    """In the order in which they came; of one organization, batch or state when given."""
    return unit.fetch(
        LateEventRow,
        f"""
        {_SELECT}
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR l.organization_id = :organization_id)
          AND (CAST(:batch_id AS BIGINT) IS NULL OR l.batch_id = :batch_id)
          AND (CAST(:state AS TEXT) IS NULL OR l.state = :state)
        ORDER BY l.id LIMIT :limit
        """,
        organization_id=organization_id,
        batch_id=batch_id,
        state=state,
        limit=2**62 if limit is None else limit,
    )


def move_late_events(unit: UnitOfWork, from_id: int, to_id: int) -> None:
    """Make the events of one organization another's, whatever was decided of them."""
    unit.run(
        "UPDATE late_event SET organization_id = :to_id WHERE organization_id = :from_id",
        from_id=from_id,
        to_id=to_id,
    )


def decide(
    unit: UnitOfWork, ids: Iterable[int], *, state: str, at: datetime, by: str, reason: str
) -> None:
    """The waiting events are `released` or `rejected` now."""
    decision = {"state": state, "at": at, "by": by, "reason": reason}
    unit.run_many(
        """
        UPDATE late_event
        SET state = :state, decided_at = :at, decided_by = :by, reason = :reason
        WHERE id = :id AND state = 'quarantined'
        """,
        [decision | {"id": one} for one in ids],
    )
