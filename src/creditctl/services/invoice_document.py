"""An invoice as a document, with what the books say of one today."""

from datetime import timedelta

from creditctl.context import Context
from creditctl.documents.document import Document, Kind, Row
from creditctl.rules.periods import Period
from creditctl.services.document_parties import buyer_now, seller_at
from creditctl.services.invoices import Invoice, InvoiceLine, show_invoice
from creditctl.store.engine import reading
from creditctl.store.queries.orgs import find_organization


def invoice_document(context: Context, reference: str, month: Period | None = None) -> Document:
    """The invoice of that id, or an organization's of that month; raises what they raise.

    It has no number and is not due: a draft.
    """
    invoice = show_invoice(context, reference, month)
    with reading(context.database) as unit:
        seller = seller_at(unit, invoice.ends_at)
        buyer = buyer_now(find_organization(unit, invoice.organization))
    drawn_up = invoice.generated_at.date()
    return Document(
        kind=Kind.INVOICE,
        issued_on=None,
        dated=drawn_up,
        starts_on=invoice.starts_at.date(),
        ends_on=(invoice.ends_at - timedelta(microseconds=1)).date(),
        seller=seller,
        buyer=buyer,
        currency=invoice.total.currency,
        references=(("invoice_id", invoice.id),),
        rows=rows_of(invoice),
        total=invoice.total,
    )


def rows_of(invoice: Invoice) -> tuple[Row, ...]:
    """Its lines; credits are counted, and requests stand in the words."""
    return tuple(_row(line) for line in invoice.lines)


def _row(line: InvoiceLine) -> Row:
    requests = "" if line.requests is None else f" ({line.requests:,} requests)"
    return Row(
        description=line.description + requests,
        quantity=line.credits,
        unit_price=line.unit_price,
        amount=line.amount,
        kind=line.kind,
    )
