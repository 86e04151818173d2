"""Which entry paid which usage, and which entries were taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A ledger entry as it was booked; `source` is its grant's, times are microseconds."""

    id: int
    organization_id: int
    grant_id: int | None
    source: str | None
    kind: str
    amount: Credits
    event_at: int
    product_id: int | None
    batch_id: int | None
    settles_id: int | None
    first_event_at: int | None
    first_event_id: bytes | None
    last_event_at: int | None
    last_event_id: bytes | None
    invoice_id: int | None


_SELECT = """
    SELECT e.id, e.organization_id, e.grant_id, g.source, e.kind, e.amount_micro, e.event_at,
           e.product_id, e.batch_id, e.settles_id, e.first_event_at, e.first_event_id,
           e.last_event_at, e.last_event_id, e.invoice_id
    FROM ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
"""
_DAY = f"(e.event_at / {MICROS_PER_DAY})"
"""Of the usage itself: where its month was closed, it is posted on another one."""

_STANDING = "NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = e.id)"


def bookings_of_days(
    unit: UnitOfWork, organization_id: int, first_day: date, end_day: date
) -> list[EntryRow]:
    """Standing usage and overage entries of [first_day, end_day), the newest first."""
    return unit.fetch(
        EntryRow,
        f"""
        {_SELECT}
        WHERE e.organization_id = :organization_id AND e.kind IN ('usage', 'overage')
          AND {_DAY} >= :first_day AND {_DAY} < :end_day AND {_STANDING}
        ORDER BY e.id DESC
        """,
        organization_id=organization_id,
        first_day=first_day,
        end_day=end_day,
    )


def standing_entries(unit: UnitOfWork, condition: str, **parameters: object) -> list[EntryRow]:
    """Entries that fulfil a condition on `e` and were not taken back, the newest first."""
    return unit.fetch(
        EntryRow,
        f"{_SELECT} WHERE {condition} AND {_STANDING} ORDER BY e.id DESC",
        **parameters,
    )


def drawn_from(unit: UnitOfWork, grant_id: int) -> list[EntryRow]:
    """Standing entries by which a grant paid usage or repaid overage, the newest first."""
    return unit.fetch(
        EntryRow,
        f"""
        {_SELECT}
        WHERE e.grant_id = :grant_id AND e.kind IN ('usage', 'repayment') AND {_STANDING}
        ORDER BY e.id DESC
        """,
        grant_id=grant_id,
    )


def settlements_of(unit: UnitOfWork, overage_ids: Sequence[int]) -> list[EntryRow]:
    """Standing repayments and waivers of these overage entries, the newest first."""
    found = [
        row
        for overage_id in overage_ids
        for row in unit.fetch(
            EntryRow,
            f"""
            {_SELECT}
            WHERE e.settles_id = :overage_id AND e.kind IN ('repayment', 'waiver') AND {_STANDING}
            """,
            overage_id=overage_id,
        )
    ]
    return sorted(found, key=lambda row: row.id, reverse=True)


def bookings_of_product(
    unit: UnitOfWork, organization_id: int, product_id: int, day: int
) -> list[EntryRow]:
    """Standing usage and overage entries of a product on that day, as they were booked."""
    return unit.fetch(
        EntryRow,
        f"""
        {_SELECT}
        WHERE e.organization_id = :organization_id AND e.product_id = :product_id
          AND {_DAY} = :day AND e.kind IN ('usage', 'overage') AND {_STANDING}
        ORDER BY e.id
        """,
        organization_id=organization_id,
        product_id=product_id,
        day=day,
    )


def held_before(unit: UnitOfWork, grant_id: int, entry_id: int) -> Credits:
    """What a grant held when that entry was about to be booked."""
    held = unit.fetch_value(
        """
        SELECT COALESCE(SUM(amount_micro), 0) FROM ledger_entry
        WHERE grant_id = :grant_id AND id < :entry_id
        """,
        grant_id=grant_id,
        entry_id=entry_id,
    )
    return Credits(int(held))
