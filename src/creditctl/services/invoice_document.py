"""An invoice as a document: what the books froze of it, and what arrived since."""

from datetime import timedelta

from creditctl.context import Context
from creditctl.documents.document import Appendix, Document, Kind, Row
from creditctl.rules.periods import Period
from creditctl.rules.tax.treatment import Treatment
from creditctl.services.credit_note_document import credit_note_document, is_credit_note
from creditctl.services.document_parties import frozen
from creditctl.services.invoices import Invoice, InvoiceLine, show_invoice
from creditctl.services.receipt_document import tax_of


def document_named(context: Context, reference: str, month: Period | None = None) -> Document:
    """The invoice or credit note of that id or number, or an organization's invoice of a month.

    Raises what `show_invoice` raises, and NotFound for a credit note.
    """
    if is_credit_note(reference):
        return credit_note_document(context, reference)
    return invoice_document(context, reference, month)


def invoice_document(context: Context, reference: str, month: Period | None = None) -> Document:
    """The invoice of that id or number, or an organization's of that month.

    A draft has no number and is not due. Raises what `show_invoice` raises.
    """
    return document_of(show_invoice(context, reference, month))


def document_of(invoice: Invoice) -> Document:
    """The invoice's figures; its payments and credit notes are tables of their own."""
    is_draft = invoice.number is None
    issued = None if invoice.finalized_at is None else invoice.finalized_at.date()
    return Document(
        kind=Kind.INVOICE,
        number=invoice.number,
        issued_on=issued,
        dated=issued or invoice.generated_at.date(),
        due_on=invoice.due_on,
        starts_on=invoice.starts_at.date(),
        ends_on=(invoice.ends_at - timedelta(microseconds=1)).date(),
        seller=frozen(invoice.seller_party, invoice.seller),
        buyer=frozen(invoice.buyer_party, invoice.buyer),
        currency=invoice.total.currency,
        references=(("organization", invoice.organization), ("invoice_id", invoice.id)),
        rows=rows_of(invoice),
        net=invoice.subtotal,
        tax=invoice.tax,
        taxes=tuple(tax_of(tax) for tax in invoice.taxes),
        prices_include_tax=invoice.prices_include_tax,
        treatment=Treatment(invoice.treatment) if invoice.treatment else None,
        total=invoice.total,
        paid=None if is_draft else invoice.paid,
        credited=invoice.credited or None,
        notices=(invoice.notice,) if invoice.notice else (),
        appendices=tuple(table for table in (_payments(invoice), _credit_notes(invoice)) if table),
        is_void=invoice.status == "void",
    )


def rows_of(invoice: Invoice) -> tuple[Row, ...]:
    """Its lines; credits are counted, and requests stand in the words."""
    return tuple(_row(line) for line in invoice.lines)


def _row(line: InvoiceLine) -> Row:
    word = "request" if line.requests == 1 else "requests"
    requests = "" if line.requests is None else f" ({line.requests:,} {word})"
    return Row(
        description=line.description + requests,
        quantity=line.credits,
        unit_price=line.unit_price,
        amount=line.amount,
        kind=line.kind,
    )


def _payments(invoice: Invoice) -> Appendix | None:
    rows = tuple(
        (payment.reference, payment.arrived_at.date(), payment.amount)
        for payment in invoice.payments
    )
    return (
        Appendix(title="payments", columns=("number", "day", "amount"), rows=rows) if rows else None
    )


def _credit_notes(invoice: Invoice) -> Appendix | None:
    rows = tuple((note.number, note.issued_at.date(), note.total) for note in invoice.credit_notes)
    columns = ("number", "day", "amount")
    return Appendix(title="credit_notes", columns=columns, rows=rows) if rows else None
