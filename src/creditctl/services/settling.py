"""What arrived for purchases: each is granted once, in the transaction that finds it paid."""

from dataclasses import dataclass
from datetime import date, timedelta

from creditctl.adapters.payments.interface import PaymentAnswer, PaymentStatus
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.document_numbers import RECEIPTS, document_number
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import record_change
from creditctl.services.charge_backs import take_back
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.money_arrivals import arrival_time
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, run_verb
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.orgs import (
    OrganizationRow,
    heir_of,
    lock_organizations,
)
from creditctl.store.queries.payments import (
    PaymentRow,
    arrival_of,
    arrived,
    insert_arrival,
    payment_by_id,
    payment_named,
    payments_of,
    update_payment,
)
from creditctl.store.queries.purchases import (
    PurchaseRow,
    mark_paid,
    next_number,
    purchase_by_id,
    purchase_named,
)

_FINAL = (PaymentStatus.SUCCEEDED, PaymentStatus.EXPIRED, PaymentStatus.CANCELLED)
"""Statuses whose `received_minor` is money that is there; while it is pending it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRequest:
    """Money that arrived for a purchase outside of any provider."""

    purchase: str
    reference: str
    """Of the bank's statement: the same one is recorded once."""

    reason: str
    amount: Money | None = None
    """What is still missing unless given."""

    arrived_on: date | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A purchase once the money was recorded."""

    id: str
    organization: str
    status: str
    total: Money
    received: Money
    missing: Money
    surplus: Money
    grant: str | None
    receipt: str | None
    credits: Credits
    dry_run: bool = False
    needs_approval: bool = False
    """In a dry run: above the actor's ceiling, so that a second person would be asked."""


def settle(context: Context, request: SettleRequest, rails: Rails = NO_RAILS) -> Settled:
    """Record money that arrived, and grant the credits once all of it has.

    Less leaves the purchase pending; more is surplus, which finance decides about. The same
    reference again changes nothing. Raises NotFound, Conflict for a void purchase or a reference
    with another amount, InvalidInput for another currency, nothing or a day to come, and
    what rails raise.
    """
    return run_verb(context, SETTLE, request, rails)


def apply_answer(context: Context, payment: str, answer: PaymentAnswer) -> PaymentRow:
    """Write down what a provider says of a payment and what follows from it, in one transaction."""
    with unit_of_work(context.database) as unit:
        row = payment_named(unit, payment)
        if row is None:
            raise NotFound(f"there is no payment {payment!r}")
        lock_organizations(unit, [row.organization_id, heir_of(unit, row.organization_id).id])
        row = payment_by_id(unit, row.id)
        if _is_behind(row, answer):
            return row
        counted = answer.received_minor if answer.status in _FINAL else 0
        # Answers overtake each other: money that is there does not leave again unnoticed.
        if answer.status is not PaymentStatus.CHARGED_BACK:
            counted = max(counted, row.received_minor)
        status = str(answer.status)
        update_payment(
            unit,
            row.id,
            status=status,
            received_minor=counted,
            fee_minor=row.fee_minor if answer.fee_minor is None else answer.fee_minor,
            provider_reference=answer.provider_reference or row.provider_reference,
            checkout_url=answer.checkout_url or row.checkout_url,
            decline_code=answer.decline_code,
            message=answer.message,
            answered_at=context.now,
        )
        if (status, counted) != (row.status, row.received_minor):
            record_change(
                unit,
                context,
                f"payment.{status}",
                row.public_id,
                organization_id=row.organization_id,
                before={"status": row.status, "received": row.received_minor},
                after={"status": status, "received": counted, "purchase": row.purchase},
            )
        purchase = purchase_by_id(unit, row.purchase_id)
        if answer.status is PaymentStatus.CHARGED_BACK:
            take_back(unit, context, purchase, row)
        else:
            grant_if_paid(unit, context, purchase)
        return payment_by_id(unit, row.id)


def grant_if_paid(unit: UnitOfWork, context: Context, purchase: PurchaseRow) -> PurchaseRow:
    """Number and grant a purchase for which everything arrived; its books are locked.

    Also one that was given up while its payment was under way: there are no refunds [FF, FC], so
    whoever was charged all the same gets the credits.
    """
    if purchase.status == "paid" or received_for(unit, purchase) < purchase.gross_minor:
        return purchase
    lifetime = purchase.lifetime_days
    grant = add_grant(
        unit,
        context,
        NewGrant(
            organization_id=heir_of(unit, purchase.organization_id).id,
            source=purchase.source,
            amount=purchase.credits,
            reason=f"{purchase.public_id} was paid",
            unit_cost=purchase.unit_cost,
            currency=purchase.currency,
            expires_at=None if lifetime is None else context.now + timedelta(days=lifetime),
        ),
    )
    year = context.now.year
    number = document_number(RECEIPTS, year, next_number(unit, RECEIPTS, year))
    mark_paid(unit, purchase.id, grant_id=grant.id, at=context.now, number=number)
    record_change(
        unit,
        context,
        "purchase.paid",
        purchase.public_id,
        organization_id=purchase.organization_id,
        before={"status": purchase.status},
        after={"receipt": number, "grant": grant.public_id, "credits": purchase.credits},
    )
    return purchase_by_id(unit, purchase.id)


def received_for(unit: UnitOfWork, purchase: PurchaseRow) -> int:
    """Everything that arrived for a purchase, by whatever way, in minor units."""
    payments = payments_of(unit, purchase.id)
    return sum(row.received_minor + arrived(unit, row.id) for row in payments)


def _is_behind(row: PaymentRow, answer: PaymentAnswer) -> bool:
    """Whether an answer is older than what is known: what succeeded can only be charged back."""
    if row.status == "succeeded":
        return answer.status not in (PaymentStatus.SUCCEEDED, PaymentStatus.CHARGED_BACK)
    return row.status == "charged_back"


def _settle(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: SettleRequest
) -> Settled:
    purchase = _pending(unit, request.purchase)
    payment = payments_of(unit, purchase.id)[-1]
    missing = purchase.gross_minor - received_for(unit, purchase)
    amount = request.amount
    if amount is None:
        amount = Money(max(missing, 0), purchase.currency)
    elif amount.minor <= 0:
        raise InvalidInput(f"money that arrived is above zero, not {amount}")
    if amount.currency != purchase.currency:
        raise InvalidInput(
            f"{purchase.public_id} is in {purchase.currency}, not {amount.currency}",
            hint="record what the bank credited in the purchase's currency",
        )
    known = arrival_of(unit, payment.id, request.reference)
    if known is not None and request.amount is not None and known != amount.minor:
        raise Conflict(
            f"{request.reference} was recorded with {Money(known, purchase.currency)}",
            hint="give each line of the statement its own --reference",
        )
    if known is None:
        if amount.minor <= 0:
            raise Conflict(f"{purchase.public_id} is paid in full", hint="name the --amount")
        insert_arrival(
            unit,
            payment.id,
            reference=request.reference,
            amount_minor=amount.minor,
            arrived_at=arrival_time(context, request.arrived_on),
            recorded_at=context.now,
            actor=context.actor,
            reason=request.reason,
        )
        record_change(
            unit,
            context,
            "payment.recorded",
            payment.public_id,
            organization_id=owner.id,
            reason=request.reason,
            after={"amount": str(amount), "reference": request.reference},
        )
    return _settled(unit, grant_if_paid(unit, context, purchase))


def _pending(unit: UnitOfWork, name: str) -> PurchaseRow:
    purchase = purchase_named(unit, name)
    if purchase is None:
        raise NotFound(
            f"there is no purchase {name!r}", hint="'creditctl purchases list' shows them"
        )
    if purchase.status == "void":
        raise Conflict(
            f"{purchase.public_id} is void: {purchase.void_reason}",
            hint="make a new purchase and record the money there",
        )
    return purchase


def _settled(unit: UnitOfWork, purchase: PurchaseRow) -> Settled:
    received = received_for(unit, purchase)
    currency = purchase.currency
    return Settled(
        id=purchase.public_id,
        organization=purchase.organization,
        status=purchase.status,
        total=Money(purchase.gross_minor, currency),
        received=Money(received, currency),
        missing=Money(max(purchase.gross_minor - received, 0), currency),
        surplus=Money(max(received - purchase.gross_minor, 0), currency),
        grant=purchase.grant,
        receipt=purchase.receipt_number,
        credits=purchase.credits,
    )


SETTLE = Verb(
    name="purchases.settle",
    request=SettleRequest,
    result=Settled,
    organizations=lambda unit, request: [
        heir_of(unit, _pending(unit, request.purchase).organization_id)
    ],
    perform=_settle,
    amount=lambda unit, _owner, request: _pending(unit, request.purchase).credits,
)
