"""Events that were pruned: their ids and rollups stay (DESIGN 3.5)."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.rules.instants import HOURS_PER_DAY, day_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.staging import looking_up

PRUNED = "pruned_event"
FIRST_KEPT_DAY = "(SELECT COALESCE(MAX(before_day), -1000000) FROM pruning)"
"""The day, in SQL, from which on no event was pruned; of days before it only sums are known."""

PRUNED_COUNTS = """
    SELECT 'pruned events', kept || ' ids are kept, batches count ' || counted
           || ', prunings ' || noted
    FROM (SELECT (SELECT COUNT(*) FROM pruned_event) AS kept,
                 (SELECT COALESCE(SUM(pruned), 0) FROM usage_batch) AS counted,
                 (SELECT COALESCE(SUM(events), 0) FROM pruning) AS noted) AS sums
    WHERE kept <> counted OR kept <> noted
"""
"""An invariant: no event was lost when it was pruned."""

_CLOSED_BEFORE = "event_hour < :end AND state <> 'open'"
_OF_DAYS = "event_hour >= :first AND event_hour < :end"


@dataclass(frozen=True, slots=True)
class BatchSum:
    """A batch's events among some."""

    batch_id: int
    events: int
    credits: Credits


def pruned_before(unit: UnitOfWork) -> date | None:
    """The first day of which all events are there; None when none was ever pruned."""
    found = unit.fetch_value("SELECT MAX(before_day) FROM pruning")
    return None if found is None else day_of(int(found))


def has_usage_before(unit: UnitOfWork, organization_id: int, day: date) -> bool:
    """Whether the organization used anything on an earlier day."""
    found = unit.fetch_value(
        "SELECT 1 FROM usage_day WHERE organization_id = :organization_id AND day < :day LIMIT 1",
        organization_id=organization_id,
        day=day,
    )
    return found is not None


def oldest_day(unit: UnitOfWork) -> int | None:
    """The day of the oldest event that is there, in days since 1970."""
    hour = unit.fetch_value("SELECT MIN(event_hour) FROM usage_event")
    return None if hour is None else int(hour) // HOURS_PER_DAY


def count_before(unit: UnitOfWork, end_day: int) -> tuple[int, int]:
    """On how many days before that one there are events, and how many."""
    ((days, events),) = unit.fetch_rows(
        """
        SELECT COUNT(DISTINCT event_hour / :per_day), COUNT(*) FROM usage_event
        WHERE event_hour < :end
        """,
        per_day=HOURS_PER_DAY,
        end=end_day * HOURS_PER_DAY,
    )
    return int(days), int(events)


def pruned_among_staged(unit: UnitOfWork, offset: int) -> list[int]:
    """Staged rows whose id was pruned from `offset` hours later."""
    with looking_up(unit):
        rows = unit.fetch_rows(
            """
            SELECT s.row FROM staged_event AS s CROSS JOIN pruned_event AS e
            WHERE e.event_hour = s.event_hour + CAST(:offset AS BIGINT) AND e.event_id = s.event_id
            """,
            offset=offset,
        )
    return [int(row) for (row,) in rows]


def keep_importers_out(unit: UnitOfWork) -> None:
    """Until this transaction ends, nobody else writes events."""
    if unit.dialect == "postgresql":  # SQLite has one writer anyway
        unit.run("LOCK TABLE usage_event IN SHARE ROW EXCLUSIVE MODE")


def batches_of_days(unit: UnitOfWork, first_day: int, end_day: int) -> list[BatchSum]:
    """The batches with events of [first_day, end_day)."""
    return unit.fetch(
        BatchSum,
        f"""
        SELECT batch_id, COUNT(*), SUM(credits_micro) FROM usage_event
        WHERE {_OF_DAYS} GROUP BY batch_id ORDER BY batch_id
        """,
        **_hours(first_day, end_day),
    )


def prune_days(unit: UnitOfWork, first_day: int, end_day: int, batches: list[BatchSum]) -> None:
    """Delete the events of [first_day, end_day); their ids are kept, and counted in `batches`."""
    hours = _hours(first_day, end_day)
    unit.run(
        f"""
        INSERT INTO pruned_event (event_hour, event_id)
        SELECT event_hour, event_id FROM usage_event WHERE {_OF_DAYS}
        ORDER BY event_hour, event_id
        """,
        **hours,
    )
    unit.run_many(
        """
        UPDATE usage_batch SET pruned = pruned + :events, pruned_micro = pruned_micro + :credits
        WHERE id = :id
        """,
        [{"id": one.batch_id, "events": one.events, "credits": one.credits} for one in batches],
    )
    for table in ("usage_event_text", "usage_event"):
        unit.run(f"DELETE FROM {table} WHERE {_OF_DAYS}", **hours)


def count_closed_holds(unit: UnitOfWork, end_day: int) -> int:
    """How many calls of before that day were captured or let go."""
    return int(
        unit.fetch_value(
            f"SELECT COUNT(*) FROM hold WHERE {_CLOSED_BEFORE}", end=end_day * HOURS_PER_DAY
        )
    )


def prune_closed_holds(unit: UnitOfWork, end_day: int) -> int:
    """Delete them; what a captured one cost is its event's. Returns how many there were."""
    end = end_day * HOURS_PER_DAY
    unit.run(
        f"DELETE FROM hold_part WHERE hold_id IN (SELECT id FROM hold WHERE {_CLOSED_BEFORE})",
        end=end,
    )
    return unit.run(f"DELETE FROM hold WHERE {_CLOSED_BEFORE}", end=end)


def note_pruning(
    unit: UnitOfWork, *, before_day: int, events: int, at: datetime, actor: str, reason: str
) -> None:
    """Remember that events before that day were pruned."""
    unit.insert(
        "pruning", before_day=before_day, events=events, pruned_at=at, actor=actor, reason=reason
    )


def _hours(first_day: int, end_day: int) -> dict[str, int]:
    return {"first": first_day * HOURS_PER_DAY, "end": end_day * HOURS_PER_DAY}
