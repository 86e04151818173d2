"""What drafts list beside the usage of their own days: late usage, corrections, order forms.

Each of these is on one invoice at a time, and the oldest draft that can list it does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.invoice_steps import BILLS_FIRST
from creditctl.store.queries.late_usage import FINAL
from creditctl.store.queries.ledger import SETTLED


@dataclass(frozen=True, slots=True)
class ListedLateRow:
    """Late usage that an organization's invoice lists, or may."""

    organization_id: int
    id: int
    month: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """Overage that was booked after the invoice which listed its usage, `month`'s, was final."""

    id: int
    organization_id: int
    month: str
    at: datetime
    product: str
    credits: Credits
    listed: bool
    """Whether the invoice lists it already."""


@dataclass(frozen=True, slots=True)
class CorrectionPayerRow:
    """What a source, or a waiver, settled of such overage."""

    entry_id: int
    source: str
    credits: Credits


@dataclass(frozen=True, slots=True)
class InstalmentToBillRow:
    """Money of an order form that has become due; `credits` were delivered with it."""

    id: int
    organization_id: int
    order: str
    po_number: str | None
    line: int
    number: int
    of: int
    due_at: datetime
    credits: Credits
    amount_minor: int
    currency: str
    listed: bool
    """Whether the invoice lists it already."""


Drafts = Sequence[tuple[int, int, int, int, int]]
"""Organization, its draft or 0, one that gives way to it or 0, start and end in microseconds."""

_EARLIER = """
    EXISTS (SELECT 1 FROM invoice AS d
            WHERE d.organization_id = g.organization_id AND d.status = 'draft'
              AND d.ends_at > {since} AND d.starts_at < g.starts_at
              AND d.id NOT IN (g.invoice_id, g.carried_id))
"""
"""An earlier draft takes what happened at {since} or before."""


def late_usage_of_drafts(unit: UnitOfWork, drafts: Drafts) -> list[ListedLateRow]:
    """What they list already, and what no invoice lists yet; by the time it is of."""
    return unit.fetch(
        ListedLateRow,
        f"""
        WITH {_drafts(unit)}
        SELECT l.organization_id, l.id, l.month, l.starts_at, l.ends_at
        FROM drafts AS g CROSS JOIN late_usage AS l
        WHERE l.organization_id = g.organization_id
          AND (l.invoice_id IN (g.invoice_id, g.carried_id)
               OR (l.invoice_id IS NULL AND l.ends_at <= g.starts_at
                   AND NOT EXISTS (SELECT 1 FROM invoice AS d
                                   WHERE d.organization_id = l.organization_id
                                     AND d.status = 'draft' AND d.starts_at >= l.ends_at
                                     AND d.starts_at < g.starts_at)))
        ORDER BY l.organization_id, l.starts_at, l.id
        """,
        drafts=as_given(drafts),
    )


def corrections_of_drafts(unit: UnitOfWork, drafts: Drafts) -> list[CorrectionRow]:
    """What they list already, and open overage that a final invoice can bill no more."""
    return unit.fetch(
        CorrectionRow,
        f"""
        WITH {_drafts(unit)}
        SELECT o.id, o.organization_id, i.month, o.event_at, p.title, -o.amount_micro,
               EXISTS (SELECT 1 FROM billed_correction AS b WHERE b.entry_id = o.id)
        FROM drafts AS g CROSS JOIN ledger_entry AS o CROSS JOIN invoice AS i
             JOIN product AS p ON p.id = o.product_id
        WHERE o.organization_id = g.organization_id AND o.kind = 'overage'
          AND o.overage_reason = 'correction'
          AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
          AND i.organization_id = o.organization_id AND {FINAL} AND {BILLS_FIRST}
          AND i.starts_at < g.starts_at
          AND (EXISTS (SELECT 1 FROM billed_correction AS b
                       WHERE b.entry_id = o.id AND b.invoice_id IN (g.invoice_id, g.carried_id))
               OR (NOT EXISTS (SELECT 1 FROM billed_correction AS b WHERE b.entry_id = o.id)
                   AND -o.amount_micro > {SETTLED} AND NOT {_EARLIER.format(since="i.ends_at")}))
        ORDER BY o.organization_id, o.event_at, o.id
        """,
        drafts=as_given(drafts),
    )


def settled_of_corrections(unit: UnitOfWork, entry_ids: Sequence[int]) -> list[CorrectionPayerRow]:
    """What of them was repaid or waived, not counting what an invoice bills."""
    settled = "CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END"
    return unit.fetch(
        CorrectionPayerRow,
        f"""
        WITH {given(unit.dialect, "entries", "id")}
        SELECT s.settles_id, COALESCE(g.source, 'waiver'), SUM({settled})
        FROM entries AS e CROSS JOIN ledger_entry AS s
             LEFT JOIN credit_grant AS g ON g.id = s.grant_id
        WHERE s.settles_id = e.id AND s.invoice_id IS NULL
        GROUP BY 1, 2 HAVING SUM({settled}) <> 0 ORDER BY 1, 2
        """,
        entries=as_given((one,) for one in entry_ids),
    )


def instalments_of_drafts(unit: UnitOfWork, drafts: Drafts) -> list[InstalmentToBillRow]:
    """What they list already, and what was booked, is due by their end, and is on no invoice."""
    return unit.fetch(
        InstalmentToBillRow,
        f"""
        WITH {_drafts(unit)}
        SELECT n.id, f.organization_id, f.public_id, f.po_number, l.number, n.number,
               (SELECT COUNT(*) FROM order_instalment AS a WHERE a.line_id = n.line_id),
               n.due_at, n.credits_micro, n.amount_minor, f.currency,
               n.invoice_id IS NOT NULL
        FROM drafts AS g CROSS JOIN order_form AS f CROSS JOIN order_line AS l
             CROSS JOIN order_instalment AS n
        WHERE f.organization_id = g.organization_id AND l.order_id = f.id AND n.line_id = l.id
          AND n.state = 'booked' AND n.amount_minor > 0
          AND (n.invoice_id IN (g.invoice_id, g.carried_id)
               OR (n.invoice_id IS NULL AND n.due_at < g.ends_at
                   AND NOT {_EARLIER.format(since="n.due_at")}))
        ORDER BY f.organization_id, n.due_at, f.id, l.number, n.number
        """,
        drafts=as_given(drafts),
    )


def list_corrections(unit: UnitOfWork, listed: Iterable[tuple[int, int]]) -> None:
    """Invoices have lines for these entries: (entry, invoice); again changes nothing."""
    unit.run_many(
        """
        INSERT INTO billed_correction (entry_id, invoice_id) VALUES (:entry_id, :invoice_id)
        ON CONFLICT (entry_id) DO NOTHING
        """,
        [{"entry_id": entry, "invoice_id": invoice} for entry, invoice in listed],
    )


def list_instalments(unit: UnitOfWork, listed: Iterable[tuple[int, int]]) -> None:
    """Invoices have lines for these instalments: (instalment, invoice)."""
    unit.run_many(
        "UPDATE order_instalment SET invoice_id = :invoice_id WHERE id = :id",
        [{"id": instalment, "invoice_id": invoice} for instalment, invoice in listed],
    )


def unlist_everything(unit: UnitOfWork, invoice_id: int) -> None:
    """What the invoice had lines for is listed by none: the next draft takes it."""
    for table in ("late_usage", "order_instalment"):
        unit.run(f"UPDATE {table} SET invoice_id = NULL WHERE invoice_id = :id", id=invoice_id)
    unit.run("DELETE FROM billed_correction WHERE invoice_id = :id", id=invoice_id)


def unlist_corrections_of(unit: UnitOfWork, invoice_id: int) -> None:
    """No draft has to bill corrections of the invoice's own days: it can be made anew itself."""
    unit.run(
        f"""
        DELETE FROM billed_correction WHERE entry_id IN (
            SELECT o.id FROM invoice AS i JOIN ledger_entry AS o
                 ON o.organization_id = i.organization_id
            WHERE i.id = :id AND o.kind = 'overage' AND {BILLS_FIRST})
        """,
        id=invoice_id,
    )


def corrections_billed_elsewhere(unit: UnitOfWork, invoice_id: int) -> bool:
    """Whether a final invoice bills corrections of usage that this one lists."""
    found = unit.fetch_value(
        f"""
        SELECT 1 FROM invoice AS i JOIN ledger_entry AS o ON o.organization_id = i.organization_id
             JOIN billed_correction AS b ON b.entry_id = o.id
             JOIN invoice AS v ON v.id = b.invoice_id
        WHERE i.id = :id AND v.id <> i.id AND v.status NOT IN ('draft', 'void')
          AND o.kind = 'overage' AND {BILLS_FIRST}
        LIMIT 1
        """,
        id=invoice_id,
    )
    return found is not None


def _drafts(unit: UnitOfWork) -> str:
    names = ("organization_id", "invoice_id", "carried_id", "starts_at", "ends_at")
    return given(unit.dialect, "drafts", *names)
