"""`invoice credit-note`: corrects a final invoice, in money and never beyond it (DESIGN 3.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.document_numbers import CREDIT_NOTES, document_number
from creditctl.rules.invoice_amounts import (
    Amounts,
    TaxAmount,
    credit_note,
    gross_of_line,
)
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.invoice_events import tell_if_paid
from creditctl.services.invoice_payments import final_invoice, invoice_standing, owner_of
from creditctl.services.invoices import tax_part
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.purchase_cards import TaxPart
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.invoice_drafts import (
    InvoiceTaxRow,
    insert_credited_taxes,
    taxes_of,
)
from creditctl.store.queries.invoice_steps import (
    credit_notes_of,
    insert_credit_note,
    mark_settled,
)
from creditctl.store.queries.invoices import InvoiceRow, lines_of
from creditctl.store.queries.orgs import OrganizationRow
from creditctl.store.queries.purchases import next_number
from creditctl.store.queries.receivables import CREDITED, post_receivable


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteRequest:
    """What of an invoice is taken back: a sum with its tax, a line, or all that is left."""

    invoice: str
    reason: str
    amount: Money | None = None
    line: int | None = None
    """The line's number on the invoice, from 1."""


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note, and how its invoice stands then."""

    id: str
    number: str
    invoice: str
    organization: str
    line: int | None
    net: Money
    tax: Money
    total: Money
    taxes: tuple[TaxPart, ...]
    reason: str
    issued_at: datetime
    status: str
    """The invoice's: with nothing left to pay it is paid."""

    due: Money
    surplus: Money
    dry_run: bool = False


def issue_credit_note(
    context: Context, request: CreditNoteRequest, rails: Rails = NO_RAILS
) -> CreditNote:
    """Take back a part of a final invoice, its taxes in proportion; credits are not moved.

    What was paid already becomes the invoice's surplus. Raises InvoiceNotFound, NotFound for a
    line, InvalidInput, Conflict for a draft or void invoice and beyond what is left of it, and what
    rails raise.
    """
    return run_verb(context, CREDIT, request, rails)


def _issue(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: CreditNoteRequest
) -> CreditNote:
    row = final_invoice(unit, request.invoice)
    taxes = taxes_of(unit, row.id)
    amounts = Amounts(
        row.subtotal_minor, tuple(TaxAmount(tax.taxable_minor, tax.tax_minor) for tax in taxes)
    )
    note = credit_note(amounts, row.credited_minor, _amount(unit, row, amounts, request))
    year = context.now.year
    number = document_number(CREDIT_NOTES, year, next_number(unit, CREDIT_NOTES, year))
    public_id = new_public_id("cn", context.now)
    note_id = insert_credit_note(
        unit,
        public_id=public_id,
        number=number,
        invoice_id=row.id,
        line_position=request.line,
        net_minor=note.net,
        tax_minor=note.tax,
        total_minor=note.total,
        issued_at=context.now,
        actor=context.actor,
        reason=request.reason,
    )
    credited = _credited_taxes(taxes, note)
    insert_credited_taxes(unit, note_id, credited)
    _post(unit, context, row, note, note_id)
    tell_if_paid(unit, context, row)
    standing = invoice_standing(unit, row.id)
    total = Money(note.total, row.currency)
    record_change(
        unit,
        context,
        "invoice.credited",
        row.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"status": row.status},
        after={"status": standing.status, "credit_note": number, "total": str(total)},
    )
    return CreditNote(
        id=public_id,
        number=number,
        invoice=row.number or row.public_id,
        organization=owner.slug,
        line=request.line,
        net=Money(note.net, row.currency),
        tax=Money(note.tax, row.currency),
        total=total,
        taxes=tuple(tax_part(tax, row.currency) for tax in credited),
        reason=request.reason,
        issued_at=context.now,
        status=standing.status,
        due=standing.due,
        surplus=standing.surplus,
    )


def _post(unit: UnitOfWork, context: Context, row: InvoiceRow, note: Amounts, note_id: int) -> None:
    """Less is owed from now on, and nothing may be left."""
    mark_settled(
        unit,
        row.id,
        paid_minor=row.paid_minor,
        credited_minor=row.credited_minor + note.total,
        at=context.now,
    )
    post_receivable(
        unit,
        organization_id=row.organization_id,
        invoice_id=row.id,
        kind=CREDITED,
        amount_minor=-note.total,
        at=context.now,
        credit_note_id=note_id,
    )


def _amount(unit: UnitOfWork, row: InvoiceRow, amounts: Amounts, request: CreditNoteRequest) -> int:
    """What is taken back, tax included, in minor units."""
    left = row.total_minor - row.credited_minor
    if request.amount is not None and request.line is not None:
        raise InvalidInput("a credit note is of a sum or of a line", hint="leave one of them out")
    wanted = left
    if request.amount is not None:
        wanted = _checked(row, request.amount)
    elif request.line is not None:
        wanted = _of_line(unit, row, amounts, request.line)
    if not left or wanted > left:
        raise Conflict(
            f"{Money(left, row.currency)} {row.currency} is left of {row.number}",
            hint="credit notes never exceed their invoice",
        )
    return wanted


def _checked(row: InvoiceRow, amount: Money) -> int:
    if amount.currency != row.currency:
        raise InvalidInput(f"{row.number} is in {row.currency}, not {amount.currency}")
    if amount.minor <= 0:
        raise InvalidInput(f"a credit note is above zero, not {amount}")
    return amount.minor


def _of_line(unit: UnitOfWork, row: InvoiceRow, amounts: Amounts, number: int) -> int:
    lines = lines_of(unit, row)
    if not 1 <= number <= len(lines):
        raise NotFound(f"{row.number} has no line {number}", hint=f"it has {len(lines)}")
    line = lines[number - 1]
    if line.amount.minor <= 0:
        raise InvalidInput(
            f"line {number} is {line.amount}: there is nothing to take back",
            hint="name a line above zero, or an --amount",
        )
    for note in credit_notes_of(unit, row.id):
        if note.line_position == number:
            raise Conflict(f"{note.number} took line {number} back", hint="name an --amount")
    return gross_of_line(amounts, line.amount.minor, includes_tax=row.prices_include_tax)


def _credited_taxes(taxes: Sequence[InvoiceTaxRow], note: Amounts) -> list[InvoiceTaxRow]:
    return [
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
    ]


CREDIT = Verb(
    name="invoice.credit-note",
    request=CreditNoteRequest,
    result=CreditNote,
    organizations=lambda unit, request: [owner_of(unit, request.invoice)],
    perform=_issue,
    amount=nothing_counted,
    even_closed=True,
)
