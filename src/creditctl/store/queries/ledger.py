"""The ledger: append entries, and sum what is owed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.closings import posted_day

SETTLED = """COALESCE((
    SELECT SUM(CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END)
    FROM ledger_entry AS s WHERE s.settles_id = o.id
), 0)"""
"""What of overage entry `o` was repaid, waived or invoiced, less what was unwound of that."""

_MICROS_PER_DAY = 24 * MICROS_PER_HOUR
_COLUMNS = (
    "organization_id",
    "grant_id",
    "kind",
    "amount_micro",
    "event_at",
    "recorded_at",
    "product_id",
    "batch_id",
    "overage_reason",
    "settles_id",
    "first_event_at",
    "first_event_id",
    "last_event_at",
    "last_event_id",
    "actor",
    "reason",
    "reverses_id",
    "invoice_id",
)
_INSERT = (
    f"INSERT INTO ledger_entry ({', '.join(_COLUMNS)}, posting_day) "
    f"VALUES ({', '.join(f':{column}' for column in _COLUMNS)}, "
    f"{posted_day('CAST(:event_day AS BIGINT)')})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A movement to be written; `amount` is signed as the table says."""

    organization_id: int
    kind: str
    amount: Credits
    event_at: datetime | int
    recorded_at: datetime
    actor: str
    reason: str
    grant_id: int | None = None
    product_id: int | None = None
    batch_id: int | None = None
    overage_reason: str | None = None
    settles_id: int | None = None
    first_event_at: int | None = None
    first_event_id: bytes | None = None
    last_event_at: int | None = None
    last_event_id: bytes | None = None
    reverses_id: int | None = None
    invoice_id: int | None = None


def append_entries(unit: UnitOfWork, entries: Iterable[NewEntry]) -> None:
    """Append the movements in the order given."""
    unit.run_many(_INSERT, [_values(entry) for entry in entries])


def _values(entry: NewEntry) -> dict[str, object]:
    event_at = entry.event_at if isinstance(entry.event_at, int) else micros_of(entry.event_at)
    values: dict[str, object] = {
        column: getattr(entry, column)
        for column in _COLUMNS
        if column not in ("amount_micro", "event_at")
    }
    event_day = event_at // _MICROS_PER_DAY
    return values | {"amount_micro": entry.amount, "event_at": event_at, "event_day": event_day}


@dataclass(frozen=True, slots=True)
class OverageRow:
    """An overage entry and how much of it nothing has settled yet."""

    id: int
    product_id: int
    event_at: datetime
    reason: str
    unsettled: Credits


def unsettled_overage(unit: UnitOfWork, organization_id: int) -> list[OverageRow]:
    """What the organization owes beyond its grants, oldest usage first."""
    return unit.fetch(
        OverageRow,
        f"""
        SELECT id, product_id, event_at, overage_reason, unsettled FROM (
            SELECT o.id, o.product_id, o.event_at, o.overage_reason,
                   -o.amount_micro - {SETTLED} AS unsettled
            FROM ledger_entry AS o
            WHERE o.organization_id = :organization_id AND o.kind = 'overage'
              AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
        ) AS owed
        WHERE unsettled > 0 ORDER BY event_at, id
        """,
        organization_id=organization_id,
    )


_POSTPAID = """
    SELECT COALESCE(SUM(-o.amount_micro), 0) FROM ledger_entry AS o
    WHERE o.organization_id = :organization_id AND o.kind = 'overage'
      AND o.overage_reason = 'postpaid' AND o.event_at >= :starts_at AND o.event_at < :ends_at
      AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
"""
_POSTPAID_HELD = """
    SELECT COALESCE(SUM(p.amount_micro), 0)
    FROM hold AS h JOIN hold_part AS p ON p.hold_id = h.id
    WHERE h.organization_id = :organization_id AND h.state = 'open' AND p.grant_id IS NULL
      AND h.authorized_at >= :starts_at AND h.authorized_at < :ends_at
"""


def postpaid_booked(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> Credits:
    """Postpaid overage booked for usage within [starts_at, ends_at)."""
    return _summed(unit, _POSTPAID, organization_id, starts_at, ends_at)


def postpaid_taken(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> Credits:
    """What of a postpaid limit is booked, or held by calls in flight, in [starts_at, ends_at)."""
    both = f"SELECT ({_POSTPAID}) + ({_POSTPAID_HELD})"
    return _summed(unit, both, organization_id, starts_at, ends_at)


def _summed(
    unit: UnitOfWork, sql: str, organization_id: int, starts_at: datetime, ends_at: datetime
) -> Credits:
    found = unit.fetch_value(
        sql, organization_id=organization_id, starts_at=starts_at, ends_at=ends_at
    )
    return Credits(int(found))


def add_debits(unit: UnitOfWork, rows: Iterable[dict[str, object]]) -> None:
    """Add to the rollup of who paid a day's usage."""
    unit.run_many(
        """
        INSERT INTO debit_day (day, organization_id, product_id, source, credits_micro)
        VALUES (:day, :organization_id, :product_id, :source, :credits_micro)
        ON CONFLICT (day, organization_id, product_id, source)
        DO UPDATE SET credits_micro = debit_day.credits_micro + excluded.credits_micro
        """,
        rows,
    )
