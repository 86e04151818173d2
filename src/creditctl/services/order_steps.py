"""`orders sign`, `activate` and `cancel`: an order form from draft to delivered (DESIGN 3.4)."""

from dataclasses import dataclass
from datetime import date

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.units import LIMIT_MICRO, Credits
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.order_deliveries import deliver_due_instalments
from creditctl.services.order_outcomes import (
    ActivatedOrder,
    OrderOutcome,
    activation_of,
    outcome_of,
)
from creditctl.services.order_versions import NO_REFUND, OPEN, end_version, take_over
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import granted_in_total
from creditctl.store.queries.orders import (
    OrderRow,
    activate_order,
    amendment_of,
    find_order,
    sign_order,
    sums_of_orders,
)
from creditctl.store.queries.orgs import OrganizationRow, organization_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """Who signed for the organization, and on which day (today unless given)."""

    order: str
    signer: str
    signed_on: date | None = None
    reason: str = "order form signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateRequest:
    """Put a signed order form in force."""

    order: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrderRequest:
    """Deliver and bill nothing more of an order form."""

    order: str
    reason: str


def sign(context: Context, request: SignRequest, rails: Rails = NO_RAILS) -> OrderOutcome:
    """Freeze a draft with its signature; from then on only an amendment changes it.

    Raises NotFound, Conflict unless it is a draft, InvalidInput for no name or a day to come.
    """
    return run_verb(context, SIGN, request, rails)


def activate(context: Context, request: ActivateRequest, rails: Rails = NO_RAILS) -> ActivatedOrder:
    """Grant and bill what is due of a signed order form, and let the rest follow on its days.

    An amendment takes over from the versions before it. Raises NotFound, Conflict unless it is
    signed, and what rails raise; all its credits count against the actor's ceiling.
    """
    return run_verb(context, ACTIVATE, request, rails)


def cancel_order(
    context: Context, request: CancelOrderRequest, rails: Rails = NO_RAILS
) -> OrderOutcome:
    """End an order form; delivered credits stay, what was billed is still delivered [FF].

    Raises NotFound, Conflict when nothing is left to cancel, or a line is neither delivered nor
    paid evenly, and what rails raise.
    """
    return run_verb(context, CANCEL, request, rails)


def _sign(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: SignRequest
) -> OrderOutcome:
    order = find_order(unit, request.order)
    signer, today = request.signer.strip(), context.now.date()
    signed_on = request.signed_on or today
    if not signer:
        raise InvalidInput("a signature needs a name", hint='add --signer "Ann Example"')
    if signed_on > today:
        raise InvalidInput(f"{signed_on} is yet to come", hint="write the day it was signed on")
    if order.status != "draft":
        raise Conflict(f"{order.public_id} is {order.status}, no draft")
    sign_order(unit, order.id, signer, signed_on)
    _audit(
        unit, context, owner, order, "signed", request.reason, signer=signer, signed_on=signed_on
    )
    return outcome_of(unit, order.id, "signed")


def _activate(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ActivateRequest
) -> ActivatedOrder:
    order = find_order(unit, request.order)
    if order.status != "signed":
        hint = "it has to be signed first" if order.status == "draft" else "that is done once"
        raise Conflict(f"{order.public_id} is {order.status}", hint=hint)
    _check_total(unit, owner, request)
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    take_over(unit, context, order, request.reason)
    activate_order(unit, order.id, context.now)
    _audit(unit, context, owner, order, "activated", request.reason)
    deliver_due_instalments(unit, context, owner.id)
    after = balance_of(unit, owner.id, owner.slug, context.now).available
    return activation_of(unit, order.id, before, after)


def _check_total(unit: UnitOfWork, owner: OrganizationRow, request: ActivateRequest) -> None:
    """Refuse now what a later instalment could not grant: nobody is there to be told then."""
    total = granted_in_total(unit, owner.id) + _credits(unit, owner, request)
    if total.micro >= LIMIT_MICRO:
        raise InvalidInput(
            f"with this order form {owner.slug} would be granted too many credits",
            hint=f"all its grants together stay below {Credits(LIMIT_MICRO)} credits",
        )


def _cancel(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: CancelOrderRequest
) -> OrderOutcome:
    order = find_order(unit, request.order)
    if order.status not in OPEN:
        hint = NO_REFUND if order.status == "completed" else "nothing is left to cancel"
        raise Conflict(f"{order.public_id} is {order.status}", hint=hint)
    if (other := amendment_of(unit, order.id)) is not None:
        raise Conflict(
            f"{other.public_id} amends {order.public_id}",
            hint=f"'creditctl orders cancel {other.public_id}' first",
        )
    planned = sums_of_orders(unit, owner.id)[order.id]
    end_version(unit, context, order, "cancelled", request.reason)
    left = sums_of_orders(unit, owner.id)[order.id]
    if (planned.to_deliver, planned.to_bill_minor) == (left.to_deliver, left.to_bill_minor):
        raise Conflict(f"all of {order.public_id} was delivered or billed", hint=NO_REFUND)
    return outcome_of(unit, order.id, "cancelled")


def _audit(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    order: OrderRow,
    action: str,
    reason: str,
    **facts: object,
) -> None:
    record_change(
        unit,
        context,
        f"order.{action}",
        order.public_id,
        organization_id=owner.id,
        reason=reason,
        before={"status": order.status},
        after=facts,
    )


def _owner(
    unit: UnitOfWork, request: SignRequest | ActivateRequest | CancelOrderRequest
) -> list[OrganizationRow]:
    return [organization_by_id(unit, find_order(unit, request.order).organization_id)]


def _credits(unit: UnitOfWork, owner: OrganizationRow, request: ActivateRequest) -> Credits:
    return sums_of_orders(unit, owner.id)[find_order(unit, request.order).id].amount


SIGN = Verb(
    name="orders.sign",
    request=SignRequest,
    result=OrderOutcome,
    organizations=_owner,
    perform=_sign,
    amount=nothing_counted,
)
ACTIVATE = Verb(
    name="orders.activate",
    request=ActivateRequest,
    result=ActivatedOrder,
    organizations=_owner,
    perform=_activate,
    amount=_credits,
)
CANCEL = Verb(
    name="orders.cancel",
    request=CancelOrderRequest,
    result=OrderOutcome,
    organizations=_owner,
    perform=_cancel,
    amount=nothing_counted,
)
