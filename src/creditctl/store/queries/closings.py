"""Closed months, and the days on which movements are posted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from creditctl.rules.instants import instant_of
from creditctl.store.engine import UnitOfWork

FIRST_OPEN_DAY = "(SELECT MAX(first_open_day) FROM period_closing)"
"""NULL while no month was closed. Asked in the statement that writes, so that no close gets by."""


def posted_day(event_day: str) -> str:
    """`rules.posting.posting_day` as SQL, of the SQL for the day of the event."""
    # Compared with NULL it is the day of the event.
    return f"CASE WHEN {event_day} < {FIRST_OPEN_DAY} THEN {FIRST_OPEN_DAY} ELSE {event_day} END"


@dataclass(frozen=True, slots=True)
class ClosingRow:
    """A month that was closed, and when and by whom."""

    id: int
    month: str
    first_open_day: date
    closed_at: datetime
    closed_by: str


@dataclass(frozen=True, slots=True)
class EarnedRow:
    """What a subscription's fees had earned when a month was closed, in minor units."""

    subscription_id: int
    currency: str
    earned_minor: int


def last_closing(unit: UnitOfWork, until: date | None = None) -> ClosingRow | None:
    """The newest close, or the newest of the months before `until`."""
    return unit.fetch_one(
        ClosingRow,
        """
        SELECT id, month, first_open_day, closed_at, closed_by FROM period_closing
        WHERE CAST(:until AS BIGINT) IS NULL OR first_open_day <= :until
        ORDER BY first_open_day DESC LIMIT 1
        """,
        until=until,
    )


def all_closings(unit: UnitOfWork) -> list[ClosingRow]:
    """Every close, the newest month first."""
    return unit.fetch(
        ClosingRow,
        """
        SELECT id, month, first_open_day, closed_at, closed_by FROM period_closing
        ORDER BY first_open_day DESC
        """,
    )


def lock_postings(unit: UnitOfWork) -> None:
    """Wait for whoever is posting, and let nobody post until this is committed."""
    if unit.dialect == "postgresql":
        for table in ("ledger_entry", "receivable_entry"):
            unit.run(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def insert_closing(
    unit: UnitOfWork, month: str, first_open_day: date, *, closed_at: datetime, closed_by: str
) -> int:
    """Close a month; from now on nothing is posted before `first_open_day`. Returns its id."""
    lock_postings(unit)
    newest = unit.fetch_value("SELECT COALESCE(MAX(id), 0) FROM ledger_entry")
    newest_receivable = unit.fetch_value("SELECT COALESCE(MAX(id), 0) FROM receivable_entry")
    return unit.insert(
        "period_closing",
        month=month,
        first_open_day=first_open_day,
        last_entry_id=newest,
        last_receivable_id=newest_receivable,
        closed_at=closed_at,
        closed_by=closed_by,
    )


def insert_earned(unit: UnitOfWork, closing_id: int, rows: list[EarnedRow]) -> None:
    """Keep what fees had earned when the month was closed."""
    unit.run_many(
        """
        INSERT INTO recognised_fee (closing_id, subscription_id, currency, earned_minor)
        VALUES (:closing_id, :subscription_id, :currency, :earned_minor)
        """,
        [
            {
                "closing_id": closing_id,
                "subscription_id": row.subscription_id,
                "currency": row.currency,
                "earned_minor": row.earned_minor,
            }
            for row in rows
        ],
    )


def earned_at(unit: UnitOfWork, closing_id: int) -> list[EarnedRow]:
    """What each subscription's fees had earned at that close."""
    return unit.fetch(
        EarnedRow,
        """
        SELECT subscription_id, currency, earned_minor FROM recognised_fee
        WHERE closing_id = :closing_id ORDER BY subscription_id, currency
        """,
        closing_id=closing_id,
    )


POSTED_WRONG = """
    SELECT o.slug, 'entry ' || e.id || ' of day ' || e.event_at / 86400000000
           || ' is posted on day ' || e.posting_day
    FROM ledger_entry AS e JOIN organization AS o ON o.id = e.organization_id
    WHERE e.posting_day <> CASE
        WHEN e.event_at / 86400000000 < (SELECT MAX(c.first_open_day) FROM period_closing AS c
                                         WHERE c.last_entry_id < e.id)
        THEN (SELECT MAX(c.first_open_day) FROM period_closing AS c WHERE c.last_entry_id < e.id)
        ELSE e.event_at / 86400000000 END
"""
"""Entries on another day than their own, or than the first one open when they were recorded."""


def first_activity(unit: UnitOfWork) -> datetime:
    """When the first movement happened or the first subscription began; far ahead without any."""
    first = unit.fetch_value(
        """
        SELECT MIN(at) FROM (
            SELECT MIN(event_at) AS at FROM ledger_entry
            UNION ALL SELECT MIN(started_at) FROM subscription
            UNION ALL SELECT MIN(finalized_at) FROM invoice) AS began
        """
    )
    return datetime.max.replace(tzinfo=UTC) if first is None else instant_of(first)
