"""Invoices and credit notes on their way out of the house: where they go, and that they went."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.documents.document import Document
from creditctl.rules.periods import month_text, parse_month
from creditctl.services.audit import record_change
from creditctl.services.credit_note_document import is_credit_note, read_credit_note
from creditctl.services.invoice_document import document_of
from creditctl.services.invoice_events import tell
from creditctl.services.invoices import find_invoice, invoice_card
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.audit import last_entry_at
from creditctl.store.queries.invoice_papers import mark_sent, notes_of_month
from creditctl.store.queries.invoice_steps import invoices_of_month
from creditctl.store.queries.invoices import invoice_by_id, invoices_by_id
from creditctl.store.queries.orgs import find_organization, lock_organizations, organization_by_id

NOTE_SENT = "credit_note.sent"
"""The audit entry that tells when a credit note was sent: the note itself never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An invoice or credit note as it stands, with where it goes."""

    id: str
    number: str | None
    organization: str
    organization_id: int
    billing_email: str | None
    status: str
    """An invoice's; `issued` for a credit note."""

    sent_at: datetime | None
    document: Document


def papers_of(unit: UnitOfWork, month: str, organization: str | None) -> list[str]:
    """Ids of a month's invoices, then of their credit notes; raises OrganizationNotFound."""
    only = find_organization(unit, organization).id if organization else None
    month = month_text(parse_month(month))
    found = invoices_of_month(unit, month, only)
    rows = invoices_by_id(unit, [one.id for one in found])
    return [rows[one.id].public_id for one in found] + notes_of_month(unit, month, only)


def read_paper(unit: UnitOfWork, name: str) -> Paper:
    """The paper of that id or number; raises InvoiceNotFound, or NotFound for a credit note."""
    if is_credit_note(name):
        note, document = read_credit_note(unit, name)
        owner = find_organization(unit, note.organization)
        return Paper(
            id=note.id,
            number=note.number,
            organization=note.organization,
            organization_id=owner.id,
            billing_email=owner.billing_email,
            status="issued",
            sent_at=last_entry_at(unit, owner.id, NOTE_SENT, note.id),
            document=document,
        )
    row = find_invoice(unit, name)
    card = invoice_card(unit, row)
    return Paper(
        id=card.id,
        number=card.number,
        organization=card.organization,
        organization_id=row.organization_id,
        billing_email=organization_by_id(unit, row.organization_id).billing_email,
        status=card.status,
        sent_at=card.sent_at,
        document=document_of(card),
    )


def record_sent(unit: UnitOfWork, context: Context, paper: Paper, to: str) -> None:
    """The step: it was sent; an invoice's destinations are told when it is for the first time."""
    lock_organizations(unit, [paper.organization_id])
    facts = {"number": paper.number, "to": to}
    if is_credit_note(paper.id):
        record_change(
            unit,
            context,
            NOTE_SENT,
            paper.id,
            organization_id=paper.organization_id,
            after=facts,
        )
        return
    before = find_invoice(unit, paper.id)
    mark_sent(unit, before.id, context.now)
    row = invoice_by_id(unit, before.id)
    if before.sent_at is None:
        tell(unit, context, row, "invoice.sent")
    record_change(
        unit,
        context,
        "invoice.sent",
        row.public_id,
        organization_id=row.organization_id,
        before={"status": before.status},
        after={"status": row.status, **facts},
    )
