"""`invoice pay`: money that arrived for an invoice (DESIGN 3.8)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.invoice_events import tell_if_paid
from creditctl.services.invoices import find_invoice, standing_of
from creditctl.services.money_arrivals import arrival_time
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_steps import insert_payment, mark_settled, payments_of
from creditctl.store.queries.invoices import InvoiceRow, invoice_by_id
from creditctl.store.queries.orgs import OrganizationRow, organization_by_id
from creditctl.store.queries.receivables import PAID, post_receivable


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRequest:
    """Money that arrived: what is due unless an amount is given."""

    invoice: str
    reference: str
    """Of the bank's statement: the same one is recorded once."""

    reason: str
    amount: Money | None = None
    arrived_on: date | None = None


class Arrival(NamedTuple):
    """Money as the statement has it, in minor units of the invoice's currency."""

    reference: str
    amount_minor: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class InvoiceStanding:
    """An invoice after a step: `surplus` is money that finance decides about."""

    id: str
    number: str | None
    organization: str
    status: str
    total: Money
    paid: Money
    credited: Money
    due: Money
    surplus: Money
    dry_run: bool = False


def pay_invoice(context: Context, request: PayRequest, rails: Rails = NO_RAILS) -> InvoiceStanding:
    """Record money that arrived; with all of it the invoice is paid, more is its surplus.

    The same reference again changes nothing. Raises InvoiceNotFound, Conflict for a draft, a void
    invoice or a reference with another amount, InvalidInput for another currency, nothing
    or a day to come, and what rails raise.
    """
    return run_verb(context, PAY, request, rails)


def owner_of(unit: UnitOfWork, invoice: str) -> OrganizationRow:
    """Whose invoice it is; raises InvoiceNotFound."""
    return organization_by_id(unit, find_invoice(unit, invoice).organization_id)


def final_invoice(unit: UnitOfWork, name: str) -> InvoiceRow:
    """The invoice of that id or number; raises Conflict for a draft and for a void one."""
    row = find_invoice(unit, name)
    if row.status == "draft":
        raise Conflict(
            f"{row.public_id} is a draft", hint=f"creditctl invoice finalize {row.public_id}"
        )
    if row.status == "void":
        raise Conflict(
            f"{row.number} is void: {row.void_reason}", hint="find the one instead of it"
        )
    return row


def invoice_standing(unit: UnitOfWork, invoice_id: int) -> InvoiceStanding:
    """How an invoice stands now."""
    row = invoice_by_id(unit, invoice_id)
    balance = standing_of(row)
    return InvoiceStanding(
        id=row.public_id,
        number=row.number,
        organization=row.organization,
        status=row.status,
        total=Money(row.total_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        credited=Money(row.credited_minor, row.currency),
        due=Money(balance.due, row.currency),
        surplus=Money(balance.surplus, row.currency),
    )


def _pay(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: PayRequest
) -> InvoiceStanding:
    row = final_invoice(unit, request.invoice)
    amount = request.amount
    if amount is None:
        amount = Money(standing_of(row).due, row.currency)
    elif amount.minor <= 0:
        raise InvalidInput(f"money that arrived is above zero, not {amount}")
    if amount.currency != row.currency:
        raise InvalidInput(
            f"{row.number} is in {row.currency}, not {amount.currency}",
            hint="record what the bank credited in the invoice's currency",
        )
    known = {payment.reference: payment.amount_minor for payment in payments_of(unit, row.id)}
    if request.reference in known:
        if request.amount is not None and known[request.reference] != amount.minor:
            was = Money(known[request.reference], row.currency)
            raise Conflict(
                f"{request.reference} was recorded with {was}",
                hint="give each line of the statement its own --reference",
            )
        return invoice_standing(unit, row.id)
    if amount.minor <= 0:
        raise Conflict(f"nothing is due of {row.number}", hint="name the --amount")
    arrived_at = arrival_time(context, request.arrived_on)
    arrival = Arrival(request.reference, amount.minor, arrived_at, request.reason)
    record_payment(unit, context, row, arrival)
    tell_if_paid(unit, context, row)
    standing = invoice_standing(unit, row.id)
    record_change(
        unit,
        context,
        "invoice.payment_recorded",
        row.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"status": row.status, "paid": str(Money(row.paid_minor, row.currency))},
        after={
            "status": standing.status,
            "paid": str(standing.paid),
            "reference": request.reference,
        },
    )
    return standing


def record_payment(unit: UnitOfWork, context: Context, row: InvoiceRow, arrival: Arrival) -> int:
    """The step: money for a final invoice, or below zero what leaves it for another one.

    Returns the payment's internal id.
    """
    payment_id = insert_payment(
        unit,
        row.id,
        reference=arrival.reference,
        amount_minor=arrival.amount_minor,
        arrived_at=arrival.at,
        recorded_at=context.now,
        actor=context.actor,
        reason=arrival.reason,
    )
    post_receivable(
        unit,
        organization_id=row.organization_id,
        invoice_id=row.id,
        kind=PAID,
        amount_minor=-arrival.amount_minor,
        at=arrival.at,
        payment_id=payment_id,
    )
    paid = row.paid_minor + arrival.amount_minor
    mark_settled(unit, row.id, paid_minor=paid, credited_minor=row.credited_minor, at=context.now)
    return payment_id


PAY = Verb(
    name="invoice.pay",
    request=PayRequest,
    result=InvoiceStanding,
    organizations=lambda unit, request: [owner_of(unit, request.invoice)],
    perform=_pay,
    amount=nothing_counted,
    even_closed=True,
)
