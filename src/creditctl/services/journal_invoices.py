"""Journal transactions of invoices: what they bill, what is paid, credited and voided."""

from collections.abc import Iterator

from creditctl.rules.journal import Posting, Transaction, account, merged
from creditctl.services.billed_documents import Document, read_documents
from creditctl.services.journal_sources import (
    CASH,
    CREDIT_NOTES,
    EVER,
    UNBILLED_FEES,
    UNBILLED_ORDERS,
    Source,
    Span,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.receivables import CREDITED, INVOICED, PAID, VOIDED, PostedRow

RECEIVABLE = account("Assets", "Receivable")
OVERAGE_INCOME = account("Income", "Overage")
CREDITED_INCOME = account("Income", "Credit-notes")
"""What credit notes take from revenue."""


def documents(unit: UnitOfWork, span: Span) -> Iterator[Transaction]:
    """Invoices, payments, credit notes and voids, each with what it books.

    An invoice takes fees and order forms from what is unbilled, and earns overage; a void does it
    the other way round. A credit note takes from revenue. More than was due is owed back by the
    receivable.
    """
    for document in read_documents(unit, EVER, span.end):
        row = document.row
        if postings := merged(_postings(document)):
            yield Transaction(row.posted_on, _text(row), row.currency, postings)


def _postings(document: Document) -> Iterator[Posting]:
    row = document.row
    yield Posting(RECEIVABLE, row.amount_minor)
    if row.kind == PAID:
        yield Posting(CASH, -row.amount_minor)
        return
    for tax in document.taxes:
        yield Posting(account("Liabilities", "Tax", tax.place, tax.tax), -tax.tax_minor)
    yield Posting(UNBILLED_FEES, -document.fees)
    yield Posting(UNBILLED_ORDERS, -document.orders)
    yield Posting(OVERAGE_INCOME, -document.overage)
    yield Posting(CREDITED_INCOME, -document.credited)
    yield Posting(CREDIT_NOTES, document.settled)


def _text(row: PostedRow) -> str:
    if row.charge_back:
        return f"Charge-back {row.charge_back} of {row.number}, {row.organization}"
    words = {
        INVOICED: f"Invoice {row.number}, {row.organization}",
        PAID: f"Payment of {row.number}, {row.organization}, {_plain(row.reference or '')}",
        CREDITED: f"Credit note {row.note} of {row.number}, {row.organization}",
        VOIDED: f"Invoice {row.number} is void, {row.organization}",
    }
    return words[row.kind]


def _plain(reference: str) -> str:
    """Somebody else's words without what begins a comment or ends a text in a journal."""
    return "".join(letter if letter.isalnum() or letter in "-_./ " else "-" for letter in reference)


INVOICE_SOURCES: tuple[Source, ...] = (documents,)
"""Beside `journal_sources.SOURCES`."""
