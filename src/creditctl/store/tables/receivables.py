"""Receivables: what invoices, payments, credit notes and voids did to what is owed, by posting day.

Append-only, as the ledger of credits is (triggers refuse UPDATE and DELETE).
"""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    integer,
    maybe_integer,
    one_of,
    text,
)


class ReceivableEntry(SQLModel, table=True):
    """One document: above zero it is owed, below it was paid, credited or voided.

    A payment above zero is money that pays another invoice from now on, or left by a charge-back.
    Credit notes of receipts have no invoice, nor has what they pay or what was charged back then.

    `posting_day` is the document's day, or the first open one if that month was closed when it was
    recorded. Minor units of the document's currency, tax included.
    """

    __tablename__ = "receivable_entry"
    __table_args__ = (
        Index("ix_receivable_entry_invoice", "invoice_id"),
        Index("ix_receivable_entry_posting", "posting_day"),
        one_of("kind", "invoiced", "paid", "credited", "voided"),
        CheckConstraint(
            "CASE kind WHEN 'invoiced' THEN amount_minor >= 0 WHEN 'voided' THEN amount_minor <= 0 "
            "WHEN 'credited' THEN amount_minor < 0 ELSE amount_minor <> 0 END",
            name="sign_fits_kind",
        ),
        CheckConstraint(
            "kind <> 'paid' OR (payment_id IS NULL) <> (charged_back_id IS NULL)",
            name="paid_by_a_payment",
        ),
        CheckConstraint(
            "kind <> 'credited' OR credit_note_id IS NOT NULL", name="credited_by_a_note"
        ),
        CheckConstraint(
            "invoice_id IS NOT NULL OR credit_note_id IS NOT NULL OR charged_back_id IS NOT NULL",
            name="of_a_document",
        ),
        STRICT,
    )

    id: int | None = identity()
    organization_id: int = integer(refers_to="organization.id")
    invoice_id: int | None = maybe_integer(refers_to="invoice.id")
    kind: str = text()
    amount_minor: int = integer()
    posting_day: int = integer()
    payment_id: int | None = maybe_integer(refers_to="invoice_payment.id")
    credit_note_id: int | None = maybe_integer(refers_to="credit_note.id")
    charged_back_id: int | None = maybe_integer(refers_to="payment.id")
