"""`invoice transfer`: money beyond what an invoice was due pays another one (DESIGN 3.8)."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.invoice_events import tell_if_paid
from creditctl.services.invoice_payments import (
    Arrival,
    final_invoice,
    invoice_standing,
    owner_of,
    record_payment,
)
from creditctl.services.invoices import standing_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_steps import payments_of
from creditctl.store.queries.invoices import InvoiceRow
from creditctl.store.queries.orgs import OrganizationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """Which surplus pays what: as much as is due, unless an amount is given."""

    source: str
    target: str
    reason: str
    amount: Money | None = None


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

    No money moves: what arrived for one is counted for the other from now on. Raises
    InvoiceNotFound, Conflict for drafts and void invoices and where there is less than asked for,
    InvalidInput for invoices that do not belong together, and what rails raise.
    """
    return run_verb(context, TRANSFER, request, rails)


def _perform(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: TransferRequest
) -> SurplusTransfer:
    source, target = (final_invoice(unit, name) for name in (request.source, request.target))
    _check(source, target)
    amount = _amount(source, target, request.amount)
    for row, other, sign, way in ((source, target, -1, "to"), (target, source, 1, "from")):
        reference = _reference(unit, row, f"{way} {other.number}")
        arrival = Arrival(reference, sign * amount.minor, context.now, request.reason)
        record_payment(unit, context, row, arrival)
    tell_if_paid(unit, context, target)
    left, paid = (invoice_standing(unit, row.id) for row in (source, target))
    record_change(
        unit,
        context,
        "invoice.surplus_transferred",
        source.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"surplus": str(left.surplus + amount)},
        after={"surplus": str(left.surplus), "paid": target.number, "amount": str(amount)},
    )
    return SurplusTransfer(
        organization=owner.slug,
        source=source.number or source.public_id,
        target=target.number or target.public_id,
        amount=amount,
        surplus=left.surplus,
        due=paid.due,
        status=paid.status,
    )


def _check(source: InvoiceRow, target: InvoiceRow) -> None:
    if source.id == target.id:
        raise InvalidInput(f"{source.number} cannot pay itself")
    if source.organization_id != target.organization_id:
        raise InvalidInput(
            f"{source.number} is of {source.organization}, {target.number} of {target.organization}"
        )
    if source.currency != target.currency:
        raise InvalidInput(
            f"{source.number} is in {source.currency}, {target.number} in {target.currency}"
        )


def _amount(source: InvoiceRow, target: InvoiceRow, asked: Money | None) -> Money:
    surplus, due = standing_of(source).surplus, standing_of(target).due
    amount = Money(min(surplus, due), source.currency) if asked is None else asked
    if amount.currency != source.currency:
        raise InvalidInput(f"{source.number} is in {source.currency}, not {amount.currency}")
    if asked is not None and amount.minor <= 0:
        raise InvalidInput(f"what is moved is above zero, not {amount}")
    if not surplus or amount.minor > surplus:
        raise Conflict(f"{source.number} has {Money(surplus, source.currency)} more than was due")
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
    organizations=lambda unit, request: [owner_of(unit, request.source)],
    perform=_perform,
    amount=nothing_counted,
    even_closed=True,
)
