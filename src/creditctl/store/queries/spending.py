"""What lines are measured against: sums of days, grants that are live; of rollups, never of events.

Each function asks for all marked organizations that have a line, or for one.
"""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.limit_marks import chosen, given


@dataclass(frozen=True, slots=True)
class UsedRow:
    """Credits and requests of a product or a key in a stretch of days."""

    organization_id: int
    part_id: int
    credits: Credits
    requests: int


@dataclass(frozen=True, slots=True)
class BeyondRow:
    """Credits of a product that no allowance paid."""

    organization_id: int
    product_id: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class LiveRow:
    """What an organization's live grants hold and held, and its allowances among them."""

    organization_id: int
    remaining: Credits
    amount: Credits
    allowance_remaining: Credits
    allowance_amount: Credits
    allowance_starts_at: datetime | None
    allowance_ends_at: datetime | None
    expiring_at: datetime | None


_DAYS = """
    WITH RECURSIVE day (number) AS (
        SELECT CAST(:first AS BIGINT) UNION ALL SELECT number + 1 FROM day WHERE number + 1 < :end
    )
"""


def _owners(organization_id: int | None) -> str:
    return f"""
        (SELECT DISTINCT b.organization_id FROM {chosen(organization_id)} AS c
         JOIN budget AS b ON b.organization_id = c.organization_id)
    """


def used_by_product(
    unit: UnitOfWork, first: date, end: date, organization_id: int | None = None
) -> list[UsedRow]:
    """Rated credits of each product in the UTC days from `first` until before `end`."""
    return _used(unit, "usage_day AS u", "u.product_id", first, end, organization_id)


def used_by_key(
    unit: UnitOfWork, first: date, end: date, organization_id: int | None = None
) -> list[UsedRow]:
    """The same of each key and those it was rotated to, by the first of them."""
    table = "usage_key_day AS u LEFT JOIN api_key AS k ON k.id = u.api_key_id"
    part = "COALESCE(k.first_key_id, u.api_key_id)"
    return _used(unit, table, part, first, end, organization_id)


def _used(
    unit: UnitOfWork, table: str, part: str, first: date, end: date, organization_id: int | None
) -> list[UsedRow]:
    # CROSS JOIN keeps SQLite from reading the whole day: it looks each organization up.
    return unit.fetch(
        UsedRow,
        f"""
        {_DAYS}
        SELECT u.organization_id, {part}, SUM(u.credits_micro), SUM(u.requests)
        FROM {_owners(organization_id)} AS m CROSS JOIN day AS d CROSS JOIN {table}
        WHERE u.day = d.number AND u.organization_id = m.organization_id
        GROUP BY u.organization_id, {part}
        """,
        first=first,
        end=end,
        **given(organization_id),
    )


def beyond_allowance(
    unit: UnitOfWork, first: date, end: date, organization_id: int | None = None
) -> list[BeyondRow]:
    """Credits of those days that were paid by other grants, or are overage."""
    return unit.fetch(
        BeyondRow,
        f"""
        {_DAYS}
        SELECT u.organization_id, u.product_id, SUM(u.credits_micro)
        FROM {_owners(organization_id)} AS m CROSS JOIN day AS d CROSS JOIN debit_day AS u
        WHERE u.day = d.number AND u.organization_id = m.organization_id
          AND u.source <> 'subscription'
        GROUP BY u.organization_id, u.product_id
        """,
        first=first,
        end=end,
        **given(organization_id),
    )


def live_grants(
    unit: UnitOfWork, at: datetime, organization_id: int | None = None
) -> list[LiveRow]:
    """What is live at that time; `expiring_at` is the next end of a grant that holds credits."""
    allowance = "g.source = 'subscription'"
    return unit.fetch(
        LiveRow,
        f"""
        SELECT m.organization_id, SUM(g.remaining_micro), SUM(g.amount_micro),
               SUM(CASE WHEN {allowance} THEN g.remaining_micro ELSE 0 END),
               SUM(CASE WHEN {allowance} THEN g.amount_micro ELSE 0 END),
               MIN(CASE WHEN {allowance} THEN g.effective_at END),
               MAX(CASE WHEN {allowance} THEN g.expires_at END),
               MIN(CASE WHEN g.remaining_micro > 0 THEN g.expires_at END)
        FROM {_owners(organization_id)} AS m
             JOIN credit_grant AS g ON g.organization_id = m.organization_id
        WHERE g.effective_at <= :at AND (g.expires_at IS NULL OR g.expires_at > :at)
          AND g.reversed_at IS NULL
        GROUP BY m.organization_id
        """,
        at=at,
        **given(organization_id),
    )


def used_by_hour(unit: UnitOfWork, organization_id: int, day: date) -> list[tuple[int, int]]:
    """The rated micro-credits of each hour (0 to 23) of a UTC day that has any."""
    rows = unit.fetch_rows(
        """
        WITH RECURSIVE hour (number) AS (
            SELECT CAST(:day AS BIGINT) * 24
            UNION ALL SELECT number + 1 FROM hour WHERE number + 1 < (CAST(:day AS BIGINT) + 1) * 24
        )
        SELECT u.hour - CAST(:day AS BIGINT) * 24, SUM(u.credits_micro)
        FROM hour AS h CROSS JOIN usage_hour AS u
        WHERE u.hour = h.number AND u.organization_id = :organization_id
        GROUP BY u.hour ORDER BY u.hour
        """,
        organization_id=organization_id,
        day=day,
    )
    return [(int(hour), int(micro)) for hour, micro in rows]
