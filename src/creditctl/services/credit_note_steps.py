"""The step that issues a credit note: numbered, with its taxes, posted (DESIGN 3.3, 3.8)."""

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.context import Context
from creditctl.rules.document_numbers import CREDIT_NOTES, document_number
from creditctl.rules.invoice_amounts import Amounts, TaxAmount, credit_note
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.tax.words import CATEGORY_CODES
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.invoice_events import tell_if_paid
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.credit_notes import credited_of_purchase
from creditctl.store.queries.invoice_drafts import (
    InvoiceTaxRow,
    insert_credited_taxes,
    taxes_of,
)
from creditctl.store.queries.invoice_steps import insert_credit_note, mark_settled
from creditctl.store.queries.invoices import InvoiceRow, invoice_by_id
from creditctl.store.queries.purchases import PurchaseRow, next_number
from creditctl.store.queries.purchases import taxes_of as taxes_of_purchase
from creditctl.store.queries.receivables import CREDITED, post_receivable


@dataclass(frozen=True, slots=True)
class Corrected:
    """A final invoice or a receipt, and how much of it credit notes took back before."""

    organization_id: int
    """Whose receivable it is."""

    currency: str
    amounts: Amounts
    taxes: Sequence[InvoiceTaxRow]
    credited: int
    """Tax included, in minor units."""

    invoice: InvoiceRow | None = None
    purchase: PurchaseRow | None = None


@dataclass(frozen=True, slots=True)
class IssuedNote:
    """A credit note that was written; its amounts are in minor units."""

    public_id: str
    number: str
    amounts: Amounts
    taxes: tuple[InvoiceTaxRow, ...]


def corrected_invoice(unit: UnitOfWork, row: InvoiceRow) -> Corrected:
    """A final invoice, as credit notes correct it."""
    taxes = taxes_of(unit, row.id)
    return Corrected(
        organization_id=row.organization_id,
        currency=row.currency,
        amounts=_amounts(row.subtotal_minor, taxes),
        taxes=taxes,
        credited=row.credited_minor,
        invoice=row,
    )


def corrected_receipt(unit: UnitOfWork, row: PurchaseRow, organization_id: int) -> Corrected:
    """A paid purchase, as credit notes correct its receipt; its credits are the organization's."""
    code = CATEGORY_CODES[Treatment(row.treatment)]
    taxes = [
        InvoiceTaxRow(
            country=tax.country,
            region=tax.region,
            name=tax.name,
            category=code,
            ppm=tax.ppm,
            taxable_minor=tax.taxable_minor,
            tax_minor=tax.tax_minor,
        )
        for tax in taxes_of_purchase(unit, row.id)
    ]
    return Corrected(
        organization_id=organization_id,
        currency=row.currency,
        amounts=_amounts(row.net_minor, taxes),
        taxes=taxes,
        credited=credited_of_purchase(unit, row.id),
        purchase=row,
    )


def issue_note(
    unit: UnitOfWork,
    context: Context,
    corrected: Corrected,
    amount: int,
    *,
    reason: str,
    line: int | None = None,
    lot_id: int | None = None,
) -> IssuedNote:
    """The step: a credit note of `amount`, tax included, at most what is left of the document.

    With `lot_id` it takes back what was reversed of that lot. Raises InvalidInput beyond what is
    left.
    """
    amounts = credit_note(corrected.amounts, corrected.credited, amount)
    year = context.now.year
    number = document_number(CREDIT_NOTES, year, next_number(unit, CREDIT_NOTES, year))
    note = IssuedNote(
        new_public_id("cn", context.now), number, amounts, _taxes(corrected.taxes, amounts)
    )
    invoice, purchase = corrected.invoice, corrected.purchase
    note_id = insert_credit_note(
        unit,
        public_id=note.public_id,
        number=number,
        invoice_id=invoice.id if invoice else None,
        purchase_id=purchase.id if purchase else None,
        grant_id=lot_id,
        line_position=line,
        net_minor=amounts.net,
        tax_minor=amounts.tax,
        total_minor=amounts.total,
        issued_at=context.now,
        actor=context.actor,
        reason=reason,
    )
    insert_credited_taxes(unit, note_id, note.taxes)
    if invoice is not None:
        mark_settled(
            unit,
            invoice.id,
            paid_minor=invoice.paid_minor,
            credited_minor=invoice.credited_minor + amounts.total,
            at=context.now,
        )
        tell_if_paid(unit, context, invoice)
    post_receivable(
        unit,
        organization_id=corrected.organization_id,
        invoice_id=invoice.id if invoice else None,
        kind=CREDITED,
        amount_minor=-amounts.total,
        at=context.now,
        credit_note_id=note_id,
    )
    _record(unit, context, corrected, note, reason)
    return note


def _record(
    unit: UnitOfWork, context: Context, corrected: Corrected, note: IssuedNote, reason: str
) -> None:
    facts = {
        "credit_note": note.number,
        "total": str(Money(note.amounts.total, corrected.currency)),
    }
    if corrected.purchase is not None:
        record_change(
            unit,
            context,
            "purchase.credited",
            corrected.purchase.public_id,
            organization_id=corrected.organization_id,
            reason=reason,
            after=facts,
        )
    if (invoice := corrected.invoice) is not None:
        record_change(
            unit,
            context,
            "invoice.credited",
            invoice.public_id,
            organization_id=corrected.organization_id,
            reason=reason,
            before={"status": invoice.status},
            after={"status": invoice_by_id(unit, invoice.id).status, **facts},
        )


def _amounts(net: int, taxes: Sequence[InvoiceTaxRow]) -> Amounts:
    return Amounts(net, tuple(TaxAmount(tax.taxable_minor, tax.tax_minor) for tax in taxes))


def _taxes(taxes: Sequence[InvoiceTaxRow], note: Amounts) -> tuple[InvoiceTaxRow, ...]:
    return tuple(
        InvoiceTaxRow(
            country=tax.country,
            region=tax.region,
            name=tax.name,
            category=tax.category,
            ppm=tax.ppm,
            taxable_minor=part.taxable,
            tax_minor=part.tax,
        )
        for tax, part in zip(taxes, note.taxes, strict=True)
    )
