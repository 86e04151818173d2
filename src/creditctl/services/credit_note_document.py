"""Credit notes as they were issued: as an answer, and as a document of their own."""

from creditctl.context import Context
from creditctl.documents.document import Document, Kind, Row
from creditctl.errors import NotFound
from creditctl.rules.document_numbers import CREDIT_NOTES, PREFIXES
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.units import Money
from creditctl.services.credit_notes import CreditNote
from creditctl.services.document_parties import frozen
from creditctl.services.invoices import Invoice, invoice_card, tax_part
from creditctl.services.receipt_document import tax_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.credit_notes import credit_note_named, credited_taxes_of
from creditctl.store.queries.invoices import invoice_by_id


def is_credit_note(reference: str) -> bool:
    """Whether that is an id or number of a credit note, rather than of an invoice."""
    return reference.startswith(("cn_", f"{PREFIXES[CREDIT_NOTES]}-"))


def show_credit_note(context: Context, name: str) -> CreditNote:
    """The credit note of that id or number, and how its invoice stands now; raises NotFound."""
    with reading(context.database) as unit:
        return found_credit_note(unit, name)[0]


def credit_note_document(context: Context, name: str) -> Document:
    """The credit note of that id or number as a document; raises NotFound."""
    with reading(context.database) as unit:
        return document_of_note(*found_credit_note(unit, name))


def document_of_note(note: CreditNote, invoice: Invoice) -> Document:
    """The credit note's figures, which are above zero, between the parties of its invoice."""
    day = note.issued_at.date()
    return Document(
        kind=Kind.CREDIT_NOTE,
        number=note.number,
        issued_on=day,
        dated=day,
        seller=frozen(invoice.seller_party, invoice.seller),
        buyer=frozen(invoice.buyer_party, invoice.buyer),
        currency=note.total.currency,
        references=(("organization", invoice.organization),),
        rows=(Row(description=_words(note, invoice), amount=note.net, kind="correction"),),
        net=note.net,
        tax=note.tax,
        taxes=tuple(tax_of(tax) for tax in note.taxes),
        treatment=Treatment(invoice.treatment) if invoice.treatment else None,
        total=note.total,
        notices=(invoice.notice,) if invoice.notice else (),
        corrects=note.invoice,
    )


def _words(note: CreditNote, invoice: Invoice) -> str:
    """What is taken back, and why."""
    what = "" if note.line is None else f"{invoice.lines[note.line - 1].description}: "
    return f"{what}{note.reason}"


def found_credit_note(unit: UnitOfWork, name: str) -> tuple[CreditNote, Invoice]:
    """The credit note of that id or number, and its invoice; raises NotFound."""
    row = credit_note_named(unit, name)
    if row is None:
        raise NotFound(
            f"there is no credit note {name!r}", hint="'creditctl invoice show INVOICE' lists them"
        )
    invoice = invoice_card(unit, invoice_by_id(unit, row.invoice_id))
    currency = invoice.total.currency
    note = CreditNote(
        id=row.public_id,
        number=row.number,
        invoice=invoice.number or invoice.id,
        organization=invoice.organization,
        line=row.line_position,
        net=Money(row.net_minor, currency),
        tax=Money(row.tax_minor, currency),
        total=Money(row.total_minor, currency),
        taxes=tuple(tax_part(tax, currency) for tax in credited_taxes_of(unit, row.id)),
        reason=row.reason,
        issued_at=row.issued_at,
        status=invoice.status,
        due=invoice.due,
        surplus=invoice.surplus,
    )
    return note, invoice
