"""`invoice transfer`: what an organization is owed pays an invoice of it (DESIGN 3.8)."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.credit_note_document import found_note, is_credit_note
from creditctl.services.credit_note_parts import credit_left
from creditctl.services.invoice_events import tell_if_paid
from creditctl.services.invoice_payments import (
    Arrival,
    final_invoice,
    invoice_standing,
    record_payment,
)
from creditctl.services.invoices import standing_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.credit_notes import owed_back_by
from creditctl.store.queries.invoice_steps import payments_of
from creditctl.store.queries.invoices import InvoiceRow
from creditctl.store.queries.orgs import OrganizationRow, heir_of, organization_by_id
from creditctl.store.queries.purchases import purchase_by_id
from creditctl.store.queries.receivables import PAID, post_receivable


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """Which surplus pays what: as much as is due, unless an amount is given."""

    source: str
    """An invoice that was paid too much, or a receipt's credit note."""

    target: str
    reason: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """What is owed to an organization, beyond what an invoice was due or by a credit note."""

    name: str
    public_id: str
    owner: OrganizationRow
    currency: str
    surplus: int
    """Minor units."""

    invoice: InvoiceRow | None = None
    note_id: int | None = None
    holder_id: int = 0
    """Whose receivable it is: of who was merged into the owner, if that had the credit note."""


@dataclass(frozen=True, slots=True)
class SurplusTransfer:
    """What was moved, what is left of the surplus, and what is due of the other invoice now."""

    organization: str
    source: str
    target: str
    amount: Money
    surplus: Money
    due: Money
    status: str
    """Of the invoice that is paid by it."""

    dry_run: bool = False


def transfer_surplus(
    context: Context, request: TransferRequest, rails: Rails = NO_RAILS
) -> SurplusTransfer:
    """Let a surplus pay another invoice of the organization in the same currency.

    No money moves: what arrived for one is counted for the other from now on, and so is what a
    receipt's credit note owes back. Raises InvoiceNotFound, NotFound, Conflict for drafts and void
    invoices and where there is less than asked for, InvalidInput for what does not belong together,
    and what rails raise.
    """
    return run_verb(context, TRANSFER, request, rails)


def _perform(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: TransferRequest
) -> SurplusTransfer:
    source, target = _source(unit, request.source), final_invoice(unit, request.target)
    _check(source, target)
    amount = _amount(source, target, request.amount)
    _move(unit, context, source, target, amount, request.reason)
    tell_if_paid(unit, context, target)
    left = Money(_source(unit, request.source).surplus, source.currency)
    paid = invoice_standing(unit, target.id)
    record_change(
        unit,
        context,
        "invoice.surplus_transferred",
        source.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"surplus": str(left + amount)},
        after={"surplus": str(left), "paid": target.number, "amount": str(amount)},
    )
    return SurplusTransfer(
        organization=owner.slug,
        source=source.name,
        target=target.number or target.public_id,
        amount=amount,
        surplus=left,
        due=paid.due,
        status=paid.status,
    )


def _source(unit: UnitOfWork, name: str) -> _Source:
    """Raises NotFound, and Conflict for a draft and for a void invoice."""
    if not is_credit_note(name):
        row = final_invoice(unit, name)
        owner = organization_by_id(unit, row.organization_id)
        surplus = standing_of(row).surplus
        number = row.number or row.public_id
        return _Source(number, row.public_id, owner, row.currency, surplus, invoice=row)
    note = found_note(unit, name)
    if note.purchase_id is None:
        raise InvalidInput(
            f"{note.number} corrects an invoice, whose surplus it is",
            hint="name the invoice: 'creditctl invoice show' tells which",
        )
    purchase = purchase_by_id(unit, note.purchase_id)
    owner = heir_of(unit, purchase.organization_id)
    return _Source(
        note.number,
        note.public_id,
        owner,
        purchase.currency,
        credit_left(unit, purchase.id),
        note_id=note.id,
        holder_id=owed_back_by(unit, purchase.id) or owner.id,
    )


def _move(
    unit: UnitOfWork,
    context: Context,
    source: _Source,
    target: InvoiceRow,
    amount: Money,
    reason: str,
) -> None:
    """Two entries that sum to nothing: what is owed in all stays as it is."""
    reference = _reference(unit, target, f"from {source.name}")
    payment_id = record_payment(
        unit, context, target, Arrival(reference, amount.minor, context.now, reason)
    )
    if source.invoice is not None:
        reference = _reference(unit, source.invoice, f"to {target.number}")
        arrival = Arrival(reference, -amount.minor, context.now, reason)
        record_payment(unit, context, source.invoice, arrival)
        return
    post_receivable(
        unit,
        organization_id=source.holder_id,
        invoice_id=None,
        kind=PAID,
        amount_minor=amount.minor,
        at=context.now,
        payment_id=payment_id,
        credit_note_id=source.note_id,
    )


def _check(source: _Source, target: InvoiceRow) -> None:
    if source.invoice is not None and source.invoice.id == target.id:
        raise InvalidInput(f"{source.name} cannot pay itself")
    if source.owner.id != target.organization_id:
        raise InvalidInput(
            f"{source.name} is of {source.owner.slug}, {target.number} of {target.organization}"
        )
    if source.currency != target.currency:
        raise InvalidInput(
            f"{source.name} is in {source.currency}, {target.number} in {target.currency}"
        )


def _amount(source: _Source, target: InvoiceRow, asked: Money | None) -> Money:
    surplus, due = source.surplus, standing_of(target).due
    amount = Money(min(surplus, due), source.currency) if asked is None else asked
    if amount.currency != source.currency:
        raise InvalidInput(f"{source.name} is in {source.currency}, not {amount.currency}")
    if asked is not None and amount.minor <= 0:
        raise InvalidInput(f"what is moved is above zero, not {amount}")
    if not surplus or amount.minor > surplus:
        owed = Money(surplus, source.currency)
        words = f"has {owed} more than was due" if source.invoice else f"owes back {owed}"
        raise Conflict(f"{source.name} {words}")
    if not due or amount.minor > due:
        raise Conflict(f"{Money(due, target.currency)} is due of {target.number}")
    return amount


def _reference(unit: UnitOfWork, row: InvoiceRow, words: str) -> str:
    """The first one that the invoice does not know; the same two may meet again."""
    known = {payment.reference for payment in payments_of(unit, row.id)}
    names = [words, *(f"{words} ({number})" for number in range(2, len(known) + 2))]
    return next(name for name in names if name not in known)


TRANSFER = Verb(
    name="invoice.transfer",
    request=TransferRequest,
    result=SurplusTransfer,
    organizations=lambda unit, request: [_source(unit, request.source).owner],
    perform=_perform,
    amount=nothing_counted,
    even_closed=True,
)
