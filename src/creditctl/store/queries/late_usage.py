"""Late usage: which invoices are final, what adjusts them, and the later invoice that lists it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.staging import BULK

FINAL = "i.status <> 'draft' AND i.status <> 'void'"
"""Invoice `i` does not change any more; worded so that the index of such invoices can be used."""


@dataclass(frozen=True, slots=True)
class InvoiceSpanRow:
    """An organization's invoice as far as lateness is concerned."""

    organization_id: int
    month: str
    starts_at: datetime
    ends_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class NewLateUsage:
    """Events to be noted as late usage of [starts_at, ends_at), in microseconds."""

    organization_id: int
    batch_id: int
    month: str
    starts_at: int
    ends_at: int
    events: int


@dataclass(frozen=True, slots=True)
class LateDayRow:
    """Late usage of a day and product; the day starts at midnight UTC."""

    at: datetime
    product: str
    requests: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class LatePayerRow:
    """Who paid late usage of that time: a grant's source, `waiver`, or `overage`."""

    at: datetime
    source: str
    credits: Credits


@dataclass(frozen=True, slots=True)
class _EndRow:
    ends_at: datetime | None


def newest_final_end(unit: UnitOfWork) -> datetime | None:
    """Where the newest final invoice of all organizations ends."""
    return asked_final_end(unit)()


def asked_final_end(unit: UnitOfWork) -> Callable[[], datetime | None]:
    """The same, answered later."""
    answer = unit.asked(_EndRow, f"SELECT MAX(i.ends_at) FROM invoice AS i WHERE {FINAL}")
    return lambda: answer()[0].ends_at


def invoices_of_staged(unit: UnitOfWork) -> list[InvoiceSpanRow]:
    """Invoices of the organizations in `staged_owner` with a final one after `first_at`."""
    return unit.fetch(
        InvoiceSpanRow,
        f"""
        SELECT v.organization_id, v.month, v.starts_at, v.ends_at, v.status
        FROM staged_owner AS s CROSS JOIN invoice AS v
        WHERE v.organization_id = s.organization_id AND v.status <> 'void'
          AND EXISTS (SELECT 1 FROM invoice AS i
                      WHERE i.organization_id = s.organization_id AND i.ends_at > s.first_at
                        AND {FINAL})
        ORDER BY v.organization_id, v.starts_at
        """,
    )


def insert_late_usage(unit: UnitOfWork, noted: NewLateUsage) -> int:
    """Note late usage that no invoice lists yet; returns its internal id."""
    return unit.insert(
        "late_usage",
        organization_id=noted.organization_id,
        batch_id=noted.batch_id,
        month=noted.month,
        starts_at=noted.starts_at,
        ends_at=noted.ends_at,
        events=noted.events,
    )


def insert_late_days(unit: UnitOfWork, rows: Iterable[tuple[int, int, int, str, int, int]]) -> None:
    """Its sums: late usage, day, product, tier, requests, micro-credits."""
    columns = ("late_usage_id", "day", "product_id", "tier", "requests", "credits_micro")
    BULK[unit.dialect].append_rows(unit, "late_usage_day", columns, rows)


def newest_entry(unit: UnitOfWork) -> int:
    """The id of the newest ledger entry; those booked after now have higher ones."""
    return int(unit.fetch_value("SELECT COALESCE(MAX(id), 0) FROM ledger_entry"))


def link_entries(unit: UnitOfWork, batch_id: int, *, after: int, first: int) -> None:
    """Link a batch's entries above `after` to its late usage from the id `first` on, by time."""
    unit.run(
        """
        INSERT INTO late_usage_entry (entry_id, late_usage_id)
        SELECT e.id, l.id
        FROM ledger_entry AS e JOIN late_usage AS l ON l.organization_id = e.organization_id
             AND e.event_at >= l.starts_at AND e.event_at < l.ends_at
        WHERE e.id > :after AND e.batch_id = :batch_id AND e.kind IN ('usage', 'overage')
          AND l.id >= :first AND l.batch_id = :batch_id
        """,
        batch_id=batch_id,
        after=after,
        first=first,
    )


def link_corrections(unit: UnitOfWork, organization_id: int) -> None:
    """Link what took late payments back, and the overage that was booked in their place."""
    unit.run(
        """
        INSERT INTO late_usage_entry (entry_id, late_usage_id)
        SELECT u.id, t.late_usage_id
        FROM late_usage AS l JOIN late_usage_entry AS t ON t.late_usage_id = l.id
             JOIN ledger_entry AS u ON u.reverses_id = t.entry_id
        WHERE l.organization_id = :organization_id
        UNION
        SELECT c.id, t.late_usage_id
        FROM late_usage AS l JOIN late_usage_entry AS t ON t.late_usage_id = l.id
             JOIN ledger_entry AS e ON e.id = t.entry_id
             JOIN ledger_entry AS u ON u.reverses_id = e.id
             JOIN ledger_entry AS c ON c.organization_id = e.organization_id
                  AND c.kind = 'overage' AND c.overage_reason = 'correction'
                  AND c.batch_id = e.batch_id AND c.first_event_at = e.first_event_at
                  AND c.first_event_id = e.first_event_id
        WHERE l.organization_id = :organization_id AND e.kind = 'usage'
        ON CONFLICT (entry_id) DO NOTHING
        """,
        organization_id=organization_id,
    )


def mark_next_drafts_stale(unit: UnitOfWork, batch_id: int, *, first: int) -> None:
    """Mark the drafts that are to list a batch's late usage from the id `first` on."""
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE status = 'draft' AND NOT stale AND id IN (
            SELECT (SELECT i.id FROM invoice AS i
                    WHERE i.organization_id = l.organization_id AND i.status = 'draft'
                      AND i.starts_at >= l.ends_at ORDER BY i.starts_at LIMIT 1)
            FROM late_usage AS l WHERE l.batch_id = :batch_id AND l.id >= :first)
        """,
        batch_id=batch_id,
        first=first,
    )


def has_late_usage(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> bool:
    """Whether usage of that time is on a later invoice than its own, or will be."""
    found = unit.fetch_value(
        """
        SELECT 1 FROM late_usage
        WHERE organization_id = :organization_id
          AND starts_at < :ends_at AND ends_at > :starts_at LIMIT 1
        """,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return found is not None


def forget_late_usage(unit: UnitOfWork, batch_id: int) -> None:
    """Nothing of a batch is late or in quarantine any more: the drafts that listed it are stale."""
    mark_next_drafts_stale(unit, batch_id, first=0)
    unit.run(
        """
        UPDATE invoice SET stale = true
        WHERE status = 'draft' AND NOT stale
          AND id IN (SELECT invoice_id FROM late_usage WHERE batch_id = :batch_id)
        """,
        batch_id=batch_id,
    )
    for table in ("late_usage_entry", "late_usage_day"):
        unit.run(
            f"""
            DELETE FROM {table}
            WHERE late_usage_id IN (SELECT id FROM late_usage WHERE batch_id = :batch_id)
            """,
            batch_id=batch_id,
        )
    for table in ("late_usage", "late_event"):
        unit.run(f"DELETE FROM {table} WHERE batch_id = :batch_id", batch_id=batch_id)


def list_on_invoices(unit: UnitOfWork, listed: Sequence[tuple[int, int]]) -> None:
    """Invoices have lines for late usage: (late usage, invoice)."""
    unit.run_many(
        "UPDATE late_usage SET invoice_id = :invoice_id WHERE id = :id",
        [{"invoice_id": invoice, "id": one} for one, invoice in listed],
    )


def late_days(unit: UnitOfWork, late_usage_id: int) -> list[LateDayRow]:
    """Its sums by day and product; products by title."""
    return unit.fetch(
        LateDayRow,
        """
        SELECT d.day * 86400000000, p.title, SUM(d.requests), SUM(d.credits_micro)
        FROM late_usage_day AS d JOIN product AS p ON p.id = d.product_id
        WHERE d.late_usage_id = :id GROUP BY d.day, p.id, p.title ORDER BY d.day, p.title, p.id
        """,
        id=late_usage_id,
    )


def late_payers(unit: UnitOfWork, late_usage_id: int) -> list[LatePayerRow]:
    """Who paid it when it was booked."""
    return unit.fetch(
        LatePayerRow,
        """
        SELECT e.event_at, COALESCE(g.source, 'overage'), -e.amount_micro
        FROM late_usage_entry AS t JOIN ledger_entry AS e ON e.id = t.entry_id
             LEFT JOIN credit_grant AS g ON g.id = e.grant_id
        WHERE t.late_usage_id = :id ORDER BY e.id
        """,
        id=late_usage_id,
    )


def late_settlements(unit: UnitOfWork, late_usage_id: int) -> list[LatePayerRow]:
    """What of its overage was repaid or waived, at the time of the usage; not what was billed."""
    return unit.fetch(
        LatePayerRow,
        """
        SELECT o.event_at, COALESCE(g.source, 'waiver'),
               CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END
        FROM late_usage_entry AS t JOIN ledger_entry AS o ON o.id = t.entry_id
             JOIN ledger_entry AS s ON s.settles_id = o.id
             LEFT JOIN credit_grant AS g ON g.id = s.grant_id
        WHERE t.late_usage_id = :id AND o.kind = 'overage' AND s.invoice_id IS NULL
        ORDER BY s.id
        """,
        id=late_usage_id,
    )
