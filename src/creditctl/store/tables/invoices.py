"""Invoices: lines, taxes, payments and credit notes. Once final, none of it changes any more."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    flag,
    identity,
    integer,
    is_any,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

LINE_KINDS = ("fee", "usage", "late", "credits", "covered", "rounding", "correction", "order")

_NUMBERED = sql("number IS NOT NULL")
_STANDING = sql("status <> 'void'")
_GRANTED = sql("grant_id IS NOT NULL")
_UNTOLD = sql("status IN ('finalized', 'sent') AND overdue_told_at IS NULL")


class Invoice(SQLModel, table=True):
    """What an organization owes for a period; a draft is refreshed, never added to.

    `document` is JSON: seller, buyer and notice as they stood. `paid_minor` and `credited_minor`
    are what its payments and credit notes sum to; `overdue_told_at` is when it was found overdue.
    A void one keeps its number and makes room for another of the same period. `carried_from` is
    the first of the days that it took over from an earlier draft, which was too small to be sent.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        one_of("status", "draft", "finalized", "sent", "paid", "void"),
        CheckConstraint("ends_at > starts_at", name="period_not_empty"),
        CheckConstraint("subtotal_minor + tax_minor = total_minor", name="net_and_tax_are_total"),
        CheckConstraint(
            "subtotal_minor >= 0 AND tax_minor >= 0 AND paid_minor >= 0", name="not_negative"
        ),
        CheckConstraint(
            "credited_minor >= 0 AND credited_minor <= total_minor", name="credited_within_total"
        ),
        CheckConstraint(
            "(status = 'draft') = (number IS NULL)"
            " AND (status = 'draft') = (finalized_at IS NULL)"
            " AND (status = 'draft') = (due_on IS NULL)",
            name="numbered_unless_draft",
        ),
        CheckConstraint(
            "(status = 'paid') = (paid_at IS NOT NULL)"
            " AND (status <> 'paid' OR paid_minor + credited_minor >= total_minor)",
            name="paid_in_full",
        ),
        CheckConstraint(
            "(status = 'void') = (voided_at IS NOT NULL)"
            " AND (status = 'void') = (void_reason IS NOT NULL)",
            name="voided_for_a_reason",
        ),
        Index(
            "uq_invoice_period",
            "organization_id",
            "starts_at",
            "ends_at",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        Index(
            "uq_invoice_number",
            "number",
            unique=True,
            sqlite_where=_NUMBERED,
            postgresql_where=_NUMBERED,
        ),
        Index(
            "ix_invoice_final",
            "ends_at",
            sqlite_where=sql("status <> 'draft'"),
            postgresql_where=sql("status <> 'draft'"),
        ),
        Index("ix_invoice_overdue", "due_on", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    month: str = text()
    starts_at: int = integer()
    ends_at: int = integer()
    status: str = text()
    stale: bool = flag()
    currency: str = text()
    total_minor: int = integer()
    generated_at: int = integer()
    subtotal_minor: int = integer()
    tax_minor: int = integer()
    prices_include_tax: bool = flag()
    treatment: str | None = maybe_text()
    document: str = text()
    number: str | None = maybe_text()
    finalized_at: int | None = maybe_integer()
    due_on: int | None = maybe_integer()
    paid_minor: int = integer()
    credited_minor: int = integer()
    sent_at: int | None = maybe_integer()
    paid_at: int | None = maybe_integer()
    voided_at: int | None = maybe_integer()
    voided_by: str | None = maybe_text()
    void_reason: str | None = maybe_text()
    overdue_told_at: int | None = maybe_integer()
    carried_from: int | None = maybe_integer()


class InvoiceLine(SQLModel, table=True):
    """One line; the invoice's total is the sum of these."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint(is_any("kind", *LINE_KINDS), name="kind_known"),
        STRICT,
    )

    id: int | None = identity()
    invoice_id: int = integer(refers_to="invoice.id")
    position: int = integer()
    kind: str = text()
    description: str = text()
    requests: int | None = maybe_integer()
    credits_micro: int | None = maybe_integer()
    unit_price: str | None = maybe_text()
    amount_minor: int = integer()


class BilledCorrection(SQLModel, table=True):
    """Overage with reason `correction` of a time that was invoiced for good.

    It is billed by a later invoice, which has a line for it. Like late usage's entries without a
    foreign key to the ledger.
    """

    __tablename__ = "billed_correction"
    __table_args__ = CLUSTERED

    entry_id: int = integer(key=True)
    invoice_id: int = integer(refers_to="invoice.id", index=True)


class InvoiceTax(SQLModel, table=True):
    """One tax of an invoice: `ppm` millionths of `taxable_minor`.

    `category` is EN 16931's code (UNTDID 5305).
    """

    __tablename__ = "invoice_tax"
    __table_args__ = CLUSTERED

    invoice_id: int = integer(key=True, refers_to="invoice.id")
    position: int = integer(key=True)
    country: str = text()
    region: str | None = maybe_text()
    name: str = text()
    category: str = text()
    ppm: int = integer()
    taxable_minor: int = integer()
    tax_minor: int = integer()


class InvoicePayment(SQLModel, table=True):
    """Money that arrived for an invoice, such as a line of a bank statement.

    Below zero it left a surplus, for another invoice of the organization.
    """

    __tablename__ = "invoice_payment"
    __table_args__ = (
        UniqueConstraint("invoice_id", "reference"),
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        STRICT,
    )

    id: int | None = identity()
    invoice_id: int = integer(refers_to="invoice.id")
    reference: str = text()
    amount_minor: int = integer()
    arrived_at: int = integer()
    recorded_at: int = integer()
    actor: str = text()
    reason: str = text()


class CreditNote(SQLModel, table=True):
    """What an invoice or a receipt should not have said: a part that is taken back, or all of it.

    `line_position` names the line that it takes back, where it is one. `grant_id` is the paid grant
    that was reversed, as it was sold: a receipt's always, an invoice's where it billed an order
    form.
    """

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("net_minor + tax_minor = total_minor", name="net_and_tax_are_total"),
        CheckConstraint("total_minor > 0 AND net_minor >= 0 AND tax_minor >= 0", name="credits"),
        CheckConstraint(
            "(invoice_id IS NULL) <> (purchase_id IS NULL)", name="corrects_one_document"
        ),
        CheckConstraint("purchase_id IS NULL OR grant_id IS NOT NULL", name="receipts_by_reversal"),
        Index("ix_credit_note_invoice", "invoice_id"),
        Index("ix_credit_note_grant", "grant_id", sqlite_where=_GRANTED, postgresql_where=_GRANTED),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    number: str = text()
    invoice_id: int | None = maybe_integer(refers_to="invoice.id")
    line_position: int | None = maybe_integer()
    net_minor: int = integer()
    tax_minor: int = integer()
    total_minor: int = integer()
    issued_at: int = integer()
    actor: str = text()
    reason: str = text()
    purchase_id: int | None = maybe_integer(refers_to="purchase.id")
    grant_id: int | None = maybe_integer(refers_to="credit_grant.id")


class CreditNoteTax(SQLModel, table=True):
    """What of one of its document's taxes a credit note takes back."""

    __tablename__ = "credit_note_tax"
    __table_args__ = CLUSTERED

    credit_note_id: int = integer(key=True, refers_to="credit_note.id")
    position: int = integer(key=True)
    country: str = text()
    region: str | None = maybe_text()
    name: str = text()
    category: str = text()
    ppm: int = integer()
    taxable_minor: int = integer()
    tax_minor: int = integer()
