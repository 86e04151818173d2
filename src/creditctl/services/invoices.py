"""Invoices as they are: one with its lines, or a list."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput, InvoiceNotFound
from creditctl.rules.document_numbers import CREDIT_NOTES, RECEIPTS, series_of
from creditctl.rules.invoice_amounts import Balance, balance_of
from creditctl.rules.invoice_lines import Line
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Credits, Money
from creditctl.services.credit_note_parts import CreditNotePart, credit_note_part
from creditctl.services.invoice_sections import (
    InvoiceEndpoint,
    InvoiceOverage,
    InvoicePaymentPart,
    InvoicePurchase,
    sections_of,
)
from creditctl.services.purchase_cards import TaxPart
from creditctl.services.sale_documents import PartyCard, frozen_party
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.invoice_drafts import InvoiceTaxRow, taxes_of
from creditctl.store.queries.invoice_steps import credit_notes_of, payments_of
from creditctl.store.queries.invoices import (
    InvoiceRow,
    invoice_by_public_id,
    invoice_of_month,
    lines_of,
    list_invoice_rows,
)
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: requests and credits where they are counted, `unit_price` in money per credit."""

    kind: str
    description: str
    requests: int | None
    credits: Credits | None
    unit_price: Decimal | None
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """An invoice without its lines; `overage_due` is what usage beyond all credits costs.

    `orders` is what order forms bill.
    `total` is subtotal and tax; `due` what is missing of it, `surplus` what was paid or credited
    beyond it, which finance decides about.
    """

    id: str
    organization: str
    month: str
    status: str
    stale: bool
    overage_credits: Credits
    fees: Money
    overage_due: Money
    total: Money
    number: str | None
    subtotal: Money
    tax: Money
    paid: Money
    credited: Money
    due: Money
    surplus: Money
    finalized_at: datetime | None
    due_on: date | None
    orders: Money


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice; its lines sum to `subtotal`, or to `total` where prices include tax.

    Seller, buyer and notice are those of the day it was made; `treatment` is why there is tax or
    none. Money that is due is as in `InvoiceSummary`.
    """

    id: str
    organization: str
    legal_name: str
    month: str
    starts_at: datetime
    ends_at: datetime
    status: str
    stale: bool
    generated_at: datetime
    overage_credits: Credits
    fees: Money
    overage_due: Money
    total: Money
    lines: tuple[InvoiceLine, ...]
    number: str | None
    subtotal: Money
    tax: Money
    prices_include_tax: bool
    treatment: str | None
    taxes: tuple[TaxPart, ...]
    notice: str | None
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    finalized_at: datetime | None
    due_on: date | None
    sent_at: datetime | None
    paid: Money
    credited: Money
    due: Money
    surplus: Money
    paid_at: datetime | None
    payments: tuple[InvoicePaymentPart, ...]
    credit_notes: tuple[CreditNotePart, ...]
    voided_at: datetime | None
    void_reason: str | None
    seller_party: PartyCard | None
    """The same in parts; None on invoices that kept them as lines only."""

    buyer_party: PartyCard | None
    orders: Money
    purchases: tuple[InvoicePurchase, ...]
    endpoints: tuple[InvoiceEndpoint, ...]
    overage: tuple[InvoiceOverage, ...]


def list_invoices(
    context: Context, *, month: Period | None = None, organization: str | None = None
) -> list[InvoiceSummary]:
    """The newest month first; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        only = find_organization(unit, organization).id if organization else None
        rows = list_invoice_rows(
            unit, month=month_text(month) if month else None, organization_id=only
        )
    return [summary_of(row) for row in rows]


def show_invoice(context: Context, reference: str, month: Period | None = None) -> Invoice:
    """The invoice of that id or number, or the one of an organization (slug or id) for `month`.

    Raises InvoiceNotFound, OrganizationNotFound, and InvalidInput for an organization without a
    month.
    """
    with reading(context.database) as unit:
        return invoice_card(unit, find_invoice(unit, reference, month))


_OTHERS = {
    CREDIT_NOTES: ("a credit note", "'creditctl invoice show' of it tells what it corrects"),
    RECEIPTS: ("a receipt", "'creditctl purchases show' of it lists its credit notes"),
}


def find_invoice(unit: UnitOfWork, reference: str, month: Period | None = None) -> InvoiceRow:
    """The row behind `show_invoice`, which says what it raises."""
    if month is None:
        found = invoice_by_public_id(unit, reference)
        if found is None and (other := _OTHERS.get(series_of(reference) or "")):
            what, hint = other
            raise InvoiceNotFound(f"{reference} is {what}, and no invoice", hint=hint)
        if found is None and not reference.startswith(("inv_", "INV-")):
            organization = find_organization(unit, reference)
            raise InvalidInput(
                f"{organization.slug} has an invoice for each month",
                hint=f"say which: creditctl invoice show {organization.slug} --month 2026-10",
            )
    else:
        owner = find_organization(unit, reference)
        found = invoice_of_month(unit, owner.id, month_text(month), or_void=True)
    if found is None:
        which = f"{reference!r}" if month is None else f"{reference} for {month_text(month)}"
        raise InvoiceNotFound(f"there is no invoice {which}")
    return found


def summary_of(row: InvoiceRow) -> InvoiceSummary:
    """A row as it is shown in lists."""
    balance = standing_of(row)
    return InvoiceSummary(
        id=row.public_id,
        organization=row.organization,
        month=row.month,
        status=row.status,
        stale=row.stale,
        overage_credits=row.overage,
        fees=Money(row.fees_minor, row.currency),
        overage_due=Money(row.lines_minor - row.fees_minor - row.orders_minor, row.currency),
        total=Money(row.total_minor, row.currency),
        number=row.number,
        subtotal=Money(row.subtotal_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        credited=Money(row.credited_minor, row.currency),
        due=Money(balance.due, row.currency),
        surplus=Money(balance.surplus, row.currency),
        finalized_at=row.finalized_at,
        due_on=row.due_on,
        orders=Money(row.orders_minor, row.currency),
    )


def standing_of(row: InvoiceRow) -> Balance:
    """What is due of it, or too much; nobody owes a draft yet, nor a void invoice ever."""
    if row.status in ("draft", "void"):
        return Balance(0, 0)
    return balance_of(row.total_minor, row.paid_minor, row.credited_minor)


def invoice_card(unit: UnitOfWork, row: InvoiceRow) -> Invoice:
    """The invoice with everything that belongs to it."""
    summary = summary_of(row)
    document = json.loads(row.document)
    sections = sections_of(unit, row)
    return Invoice(
        id=summary.id,
        organization=summary.organization,
        legal_name=row.legal_name,
        month=summary.month,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=summary.status,
        stale=summary.stale,
        generated_at=row.generated_at,
        overage_credits=summary.overage_credits,
        fees=summary.fees,
        overage_due=summary.overage_due,
        total=summary.total,
        lines=tuple(_line(line) for line in lines_of(unit, row)),
        number=summary.number,
        subtotal=summary.subtotal,
        tax=summary.tax,
        prices_include_tax=row.prices_include_tax,
        treatment=row.treatment,
        taxes=tuple(tax_part(tax, row.currency) for tax in taxes_of(unit, row.id)),
        notice=document.get("notice"),
        seller=tuple(document.get("seller", ())),
        buyer=tuple(document.get("buyer", ())),
        finalized_at=row.finalized_at,
        due_on=row.due_on,
        sent_at=row.sent_at,
        paid=summary.paid,
        credited=summary.credited,
        due=summary.due,
        surplus=summary.surplus,
        paid_at=row.paid_at,
        payments=tuple(
            InvoicePaymentPart(
                payment.reference,
                payment.arrived_at,
                Money(payment.amount_minor, row.currency),
                payment.reason,
            )
            for payment in payments_of(unit, row.id)
        ),
        credit_notes=tuple(
            credit_note_part(note, row.currency) for note in credit_notes_of(unit, row.id)
        ),
        voided_at=row.voided_at,
        void_reason=row.void_reason,
        seller_party=frozen_party(document, "seller"),
        buyer_party=frozen_party(document, "buyer"),
        orders=summary.orders,
        purchases=sections.purchases,
        endpoints=sections.endpoints,
        overage=sections.overage,
    )


def tax_part(tax: InvoiceTaxRow, currency: str) -> TaxPart:
    """A tax as it is shown."""
    return TaxPart(
        tax.name,
        "-".join(part for part in (tax.country, tax.region) if part),
        Decimal(tax.ppm).scaleb(-4).normalize(),
        Money(tax.taxable_minor, currency),
        Money(tax.tax_minor, currency),
    )


def _line(line: Line) -> InvoiceLine:
    return InvoiceLine(
        line.kind, line.description, line.requests, line.credits, line.unit_price, line.amount
    )
