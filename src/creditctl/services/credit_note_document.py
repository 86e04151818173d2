"""Credit notes as they were issued: as an answer, and as a document of their own."""

from dataclasses import dataclass, replace

from creditctl.context import Context
from creditctl.documents.document import Document, Kind, Party, Row
from creditctl.errors import NotFound
from creditctl.rules.document_numbers import CREDIT_NOTES, series_of
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.units import Money
from creditctl.services.credit_note_parts import credit_left
from creditctl.services.credit_notes import CreditNote
from creditctl.services.document_parties import frozen
from creditctl.services.invoices import Invoice, invoice_card, tax_part
from creditctl.services.purchase_cards import Receipt, receipt_card
from creditctl.services.receipt_document import tax_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.credit_notes import (
    NamedCreditNoteRow,
    credit_note_named,
    credited_taxes_of,
)
from creditctl.store.queries.invoices import invoice_by_id
from creditctl.store.queries.orgs import heir_of
from creditctl.store.queries.purchases import PurchaseRow, purchase_by_id


@dataclass(frozen=True, slots=True)
class _Corrected:
    """What a note takes from the invoice or receipt that it corrects."""

    seller: Party
    buyer: Party
    treatment: Treatment | None
    notices: tuple[str, ...]
    line: str = ""
    """What it takes back, where that is one line."""


def is_credit_note(reference: str) -> bool:
    """Whether that is an id or number of a credit note, rather than of an invoice."""
    return series_of(reference) == CREDIT_NOTES


def show_credit_note(context: Context, name: str) -> CreditNote:
    """The credit note of that id or number, and how its document stands now; raises NotFound."""
    with reading(context.database) as unit:
        return read_credit_note(unit, name)[0]


def credit_note_document(context: Context, name: str) -> Document:
    """The credit note of that id or number as a document; raises NotFound."""
    with reading(context.database) as unit:
        return read_credit_note(unit, name)[1]


def read_credit_note(unit: UnitOfWork, name: str) -> tuple[CreditNote, Document]:
    """The credit note of that id or number, and its document; raises NotFound."""
    row = found_note(unit, name)
    if row.purchase_id is not None:
        purchase = purchase_by_id(unit, row.purchase_id)
        note = _of_receipt(unit, row, purchase)
        receipt = receipt_card(unit, purchase)
        return note, _document(note, _corrected_receipt(note, receipt, purchase.treatment))
    if row.invoice_id is None:
        raise AssertionError(f"{row.number} corrects nothing, which a CHECK forbids")
    invoice = invoice_card(unit, invoice_by_id(unit, row.invoice_id))
    note = _of_invoice(unit, row, invoice)
    return note, _document(note, _corrected_invoice(note, invoice))


def found_note(unit: UnitOfWork, name: str) -> NamedCreditNoteRow:
    """The credit note of that id or number; raises NotFound."""
    row = credit_note_named(unit, name)
    if row is None:
        raise NotFound(
            f"there is no credit note {name!r}",
            hint="'creditctl invoice show' and 'creditctl purchases show' list them",
        )
    return row


def _document(note: CreditNote, corrected: _Corrected) -> Document:
    """The credit note's figures, which are above zero, between the parties of what it corrects."""
    day = note.issued_at.date()
    return Document(
        kind=Kind.CREDIT_NOTE,
        number=note.number,
        issued_on=day,
        dated=day,
        seller=corrected.seller,
        buyer=corrected.buyer,
        currency=note.total.currency,
        references=(("organization", note.organization),),
        rows=(
            Row(description=f"{corrected.line}{note.reason}", amount=note.net, kind="correction"),
        ),
        net=note.net,
        tax=note.tax,
        taxes=tuple(tax_of(tax) for tax in note.taxes),
        treatment=corrected.treatment,
        total=note.total,
        notices=corrected.notices,
        corrects=note.invoice or note.receipt,
    )


def _corrected_invoice(note: CreditNote, invoice: Invoice) -> _Corrected:
    line = _taken_back(note)
    if note.line is not None:
        line = f"{invoice.lines[note.line - 1].description}: "
    return _Corrected(
        seller=frozen(invoice.seller_party, invoice.seller),
        buyer=frozen(invoice.buyer_party, invoice.buyer),
        treatment=Treatment(invoice.treatment) if invoice.treatment else None,
        notices=(invoice.notice,) if invoice.notice else (),
        line=line,
    )


def _corrected_receipt(note: CreditNote, receipt: Receipt, treatment: str) -> _Corrected:
    return _Corrected(
        seller=frozen(receipt.seller_party, receipt.seller),
        buyer=frozen(receipt.buyer_party, receipt.buyer),
        treatment=Treatment(treatment),
        notices=(receipt.notice,) if receipt.notice else (),
        line=_taken_back(note),
    )


def _taken_back(note: CreditNote) -> str:
    return f"Credits taken back, {note.grant}: " if note.grant else ""


def _of_invoice(unit: UnitOfWork, row: NamedCreditNoteRow, invoice: Invoice) -> CreditNote:
    return replace(
        _note(unit, row, invoice.organization, invoice.total.currency),
        invoice=invoice.number or invoice.id,
        status=invoice.status,
        due=invoice.due,
        surplus=invoice.surplus,
    )


def _of_receipt(unit: UnitOfWork, row: NamedCreditNoteRow, purchase: PurchaseRow) -> CreditNote:
    return replace(
        _note(unit, row, heir_of(unit, purchase.organization_id).slug, purchase.currency),
        receipt=purchase.receipt_number,
        status=purchase.status,
        surplus=Money(credit_left(unit, purchase.id), purchase.currency),
    )


def _note(
    unit: UnitOfWork, row: NamedCreditNoteRow, organization: str, currency: str
) -> CreditNote:
    return CreditNote(
        id=row.public_id,
        number=row.number,
        invoice=None,
        organization=organization,
        line=row.line_position,
        net=Money(row.net_minor, currency),
        tax=Money(row.tax_minor, currency),
        total=Money(row.total_minor, currency),
        taxes=tuple(tax_part(tax, currency) for tax in credited_taxes_of(unit, row.id)),
        reason=row.reason,
        issued_at=row.issued_at,
        status="",
        due=Money(0, currency),
        surplus=Money(0, currency),
        grant=row.grant,
    )
