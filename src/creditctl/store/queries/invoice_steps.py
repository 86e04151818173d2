"""What becomes of invoices: final, paid, credited, void; and the overage that they bill."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.late_usage import FINAL

OPEN = ("finalized", "sent")
"""Statuses of invoices that somebody still has to pay."""

BILLS_FIRST = """
    CASE WHEN EXISTS (SELECT 1 FROM late_usage_entry AS t WHERE t.entry_id = o.id)
         THEN EXISTS (SELECT 1 FROM late_usage_entry AS t
                      JOIN late_usage AS l ON l.id = t.late_usage_id
                      WHERE t.entry_id = o.id AND l.invoice_id = i.id)
         ELSE o.event_at >= i.starts_at AND o.event_at < i.ends_at END
"""
"""Whether invoice `i` lists the usage of overage entry `o`: of its own days, or late usage."""

BILLS_OVERAGE = f"""
    CASE WHEN EXISTS (SELECT 1 FROM billed_correction AS b WHERE b.entry_id = o.id)
         THEN EXISTS (SELECT 1 FROM billed_correction AS b
                      WHERE b.entry_id = o.id AND b.invoice_id = i.id)
         ELSE {BILLS_FIRST} END
"""
"""Whether invoice `i` bills overage entry `o`: that usage, or a correction which it lists."""


@dataclass(frozen=True, slots=True)
class InvoicePaymentRow:
    """Money that arrived for an invoice."""

    reference: str
    amount_minor: int
    arrived_at: datetime
    recorded_at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class CreditNoteRow:
    """A credit note of an invoice."""

    id: int
    public_id: str
    number: str
    line_position: int | None
    net_minor: int
    tax_minor: int
    total_minor: int
    issued_at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReceivableRow:
    """What is due of an invoice."""

    organization: str
    currency: str
    due_on: date
    due_minor: int


@dataclass(frozen=True, slots=True)
class InvoiceOwnerRow:
    """An invoice and whose it is, by internal ids."""

    id: int
    organization_id: int


@dataclass(frozen=True, slots=True)
class FinalInvoice:
    """What a draft gets as it becomes final."""

    invoice_id: int
    number: str
    at: datetime
    due_on: date
    is_paid: bool


@dataclass(frozen=True, slots=True)
class FinalSpanRow:
    """A final invoice, and where its days end."""

    number: str
    ends_at: datetime


def newest_final_of(unit: UnitOfWork, organization_id: int) -> FinalSpanRow | None:
    """The organization's final invoice whose days end last; void ones are none."""
    return unit.fetch_one(
        FinalSpanRow,
        f"""
        SELECT i.number, i.ends_at FROM invoice AS i
        WHERE i.organization_id = :organization_id AND {FINAL}
        ORDER BY i.ends_at DESC LIMIT 1
        """,
        organization_id=organization_id,
    )


def invoices_of_month(
    unit: UnitOfWork, month: str, organization_id: int | None
) -> list[InvoiceOwnerRow]:
    """The invoices of that month, or of one organization, void ones left out; by slug."""
    return unit.fetch(
        InvoiceOwnerRow,
        """
        SELECT i.id, i.organization_id
        FROM invoice AS i JOIN organization AS o ON o.id = i.organization_id
        WHERE i.month = :month AND i.status <> 'void'
          AND (CAST(:organization_id AS BIGINT) IS NULL OR i.organization_id = :organization_id)
        ORDER BY o.slug, i.id
        """,
        month=month,
        organization_id=organization_id,
    )


def mark_final(unit: UnitOfWork, finals: Iterable[FinalInvoice]) -> None:
    """Drafts are final; one of nothing is paid already."""
    unit.run_many(
        """
        UPDATE invoice SET status = :status, number = :number, finalized_at = :at,
               due_on = :due_on, paid_at = :paid_at
        WHERE id = :id AND status = 'draft'
        """,
        [
            {
                "id": final.invoice_id,
                "status": "paid" if final.is_paid else "finalized",
                "number": final.number,
                "at": final.at,
                "due_on": final.due_on,
                "paid_at": final.at if final.is_paid else None,
            }
            for final in finals
        ],
    )


def mark_settled(
    unit: UnitOfWork, invoice_id: int, *, paid_minor: int, credited_minor: int, at: datetime
) -> None:
    """What was paid and credited by now; with nothing left the invoice is paid."""
    unit.run(
        """
        UPDATE invoice SET paid_minor = :paid, credited_minor = :credited,
               paid_at = CASE WHEN status <> 'paid' AND :settled >= total_minor
                              THEN CAST(:at AS BIGINT) ELSE paid_at END,
               status = CASE WHEN :settled >= total_minor THEN 'paid' ELSE status END
        WHERE id = :id
        """,
        id=invoice_id,
        paid=paid_minor,
        credited=credited_minor,
        settled=paid_minor + credited_minor,
        at=at,
    )


def mark_void(unit: UnitOfWork, invoice_id: int, *, at: datetime, by: str, reason: str) -> None:
    """An invoice is void: it keeps its number."""
    unit.run(
        """
        UPDATE invoice SET status = 'void', paid_at = NULL, voided_at = :at, voided_by = :by,
               void_reason = :reason
        WHERE id = :id
        """,
        id=invoice_id,
        at=at,
        by=by,
        reason=reason,
    )


def is_followed_by_late_usage(unit: UnitOfWork, invoice_id: int) -> bool:
    """Whether usage is late because this invoice is final."""
    found = unit.fetch_value(
        f"""
        SELECT 1 FROM late_usage AS l JOIN invoice AS v ON v.organization_id = l.organization_id
        WHERE v.id = :id
          AND ((l.starts_at < v.ends_at AND l.ends_at > v.starts_at)
               OR NOT EXISTS (SELECT 1 FROM invoice AS i
                              WHERE i.organization_id = v.organization_id AND i.id <> v.id
                                AND {FINAL} AND i.ends_at >= l.ends_at))
        LIMIT 1
        """,
        id=invoice_id,
    )
    return found is not None


def insert_payment(
    unit: UnitOfWork,
    invoice_id: int,
    *,
    reference: str,
    amount_minor: int,
    arrived_at: datetime,
    recorded_at: datetime,
    actor: str,
    reason: str,
) -> int:
    """Record money that arrived; returns its internal id."""
    return unit.insert(
        "invoice_payment",
        invoice_id=invoice_id,
        reference=reference,
        amount_minor=amount_minor,
        arrived_at=arrived_at,
        recorded_at=recorded_at,
        actor=actor,
        reason=reason,
    )


def payments_of(unit: UnitOfWork, invoice_id: int) -> list[InvoicePaymentRow]:
    """An invoice's payments, as they were recorded."""
    return unit.fetch(
        InvoicePaymentRow,
        """
        SELECT reference, amount_minor, arrived_at, recorded_at, actor, reason
        FROM invoice_payment WHERE invoice_id = :id ORDER BY id
        """,
        id=invoice_id,
    )


def insert_credit_note(unit: UnitOfWork, **columns: object) -> int:
    """Insert a credit note without its taxes; returns its internal id."""
    return unit.insert("credit_note", **columns)


def credit_notes_of(unit: UnitOfWork, invoice_id: int) -> list[CreditNoteRow]:
    """An invoice's credit notes, in the order of their numbers."""
    return unit.fetch(
        CreditNoteRow,
        """
        SELECT id, public_id, number, line_position, net_minor, tax_minor, total_minor, issued_at,
               actor, reason
        FROM credit_note WHERE invoice_id = :id ORDER BY id
        """,
        id=invoice_id,
    )


def receivables(unit: UnitOfWork, organization_id: int | None) -> list[ReceivableRow]:
    """What is due of each final invoice, by slug and currency."""
    statuses = ", ".join(f"'{status}'" for status in OPEN)
    return unit.fetch(
        ReceivableRow,
        f"""
        SELECT o.slug, i.currency, i.due_on, i.total_minor - i.paid_minor - i.credited_minor
        FROM invoice AS i JOIN organization AS o ON o.id = i.organization_id
        WHERE i.status IN ({statuses})
          AND (CAST(:organization_id AS BIGINT) IS NULL OR i.organization_id = :organization_id)
        ORDER BY o.slug, i.currency, i.due_on
        """,
        organization_id=organization_id,
    )
