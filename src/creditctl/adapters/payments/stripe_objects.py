"""What Stripe's objects say in our words: PaymentIntents, declines, events, payment methods.

Source: docs.stripe.com/api, the PaymentIntent, Dispute, Event and PaymentMethod objects.
"""

from collections.abc import Mapping
from typing import Any

from creditctl.adapters.payments.interface import (
    NoticeRejected,
    PaymentAnswer,
    PaymentRequest,
    PaymentStatus,
    ProviderNotice,
    ProviderRefused,
    StoredMethod,
)
from creditctl.adapters.payments.signed_notices import instant_of, text_of
from creditctl.adapters.payments.stripe_amounts import from_stripe
from creditctl.errors import InvalidInput

OUR_ID = "creditctl_payment"
"""In a PaymentIntent's metadata: by it a lost payment is found."""

OUR_ORGANIZATION = "creditctl_organization"

_STATUSES = {
    "succeeded": PaymentStatus.SUCCEEDED,
    "processing": PaymentStatus.PENDING,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "canceled": PaymentStatus.CANCELLED,
}
_BY_WEIGHT = (
    PaymentStatus.SUCCEEDED,
    PaymentStatus.PENDING,
    PaymentStatus.REQUIRES_ACTION,
    PaymentStatus.DECLINED,
    PaymentStatus.CANCELLED,
)


def our_id(thing: Mapping[str, Any]) -> str | None:
    """The payment id that we gave it."""
    return _member(thing, "metadata").get(OUR_ID)


def most_telling(intents: list[dict[str, Any]]) -> dict[str, Any]:
    """Of several attempts at one payment the one that took money, or may yet."""
    return min(intents, key=lambda intent: _BY_WEIGHT.index(_status(intent)))


def answer_in(intent: Mapping[str, Any], request: PaymentRequest | None = None) -> PaymentAnswer:
    """A PaymentIntent as an answer; raises ProviderRefused if it is in another currency."""
    currency = str(intent["currency"]).upper()
    if request is not None and currency != request.currency:
        raise ProviderRefused(f"{intent['id']} is in {currency}, not {request.currency}")
    failure = _member(intent, "last_payment_error")
    status = _status(intent)
    declined = status is PaymentStatus.DECLINED
    return PaymentAnswer(
        status,
        provider_reference=str(intent["id"]),
        received_minor=from_stripe(intent["amount_received"], currency),
        fee_minor=_fee(intent, currency),
        decline_code=failure.get("decline_code") or failure.get("code") if declined else None,
        message=failure.get("message") if declined else None,
        checkout_url=_member(_member(intent, "next_action"), "redirect_to_url").get("url"),
    )


def decline_in(body: object) -> PaymentAnswer:
    """An error of status 402: the issuer's code is more telling than Stripe's."""
    failure = _member(body if isinstance(body, dict) else {}, "error")
    return PaymentAnswer(
        PaymentStatus.DECLINED,
        provider_reference=_member(failure, "payment_intent").get("id"),
        decline_code=failure.get("decline_code") or failure.get("code"),
        message=failure.get("message"),
    )


def notice_in(event: Mapping[str, Any]) -> ProviderNotice:
    """A verified event; raises NoticeRejected if it is none."""
    thing = _member(_member(event, "data"), "object")
    is_payment = thing.get("object") == "payment_intent"
    kind = text_of(event, "type")
    currency = thing.get("currency")
    received = thing.get("amount_received")
    try:
        return ProviderNotice(
            event_id=text_of(event, "id"),
            kind=kind,
            # Charges and disputes name the payment that they are of.
            provider_reference=thing.get("id") if is_payment else thing.get("payment_intent"),
            payment_id=our_id(thing),
            status=_status(thing) if is_payment else _loss(kind, thing),
            received_minor=from_stripe(received, str(currency).upper())
            if is_payment and received is not None
            else None,
            currency=str(currency).upper() if currency else None,
            occurred_at=instant_of(event, "created"),
        )
    except InvalidInput as problem:
        raise NoticeRejected(f"the notice makes no sense: {problem.detail}") from None


def method_in(method: Mapping[str, Any], buyer_reference: str) -> StoredMethod:
    """A PaymentMethod: what is shown of it, and its fingerprint."""
    details = _member(method, str(method["type"]))
    year, month = details.get("exp_year"), details.get("exp_month")
    return StoredMethod(
        reference=str(method["id"]),
        buyer_reference=buyer_reference,
        brand=str(details.get("brand") or method["type"]),
        last4=details.get("last4"),
        expires=(int(year), int(month)) if year and month else None,
        fingerprint=details.get("fingerprint"),
    )


def _status(intent: Mapping[str, Any]) -> PaymentStatus:
    """A failed attempt leaves the intent waiting for another method, and its error on it."""
    failed = intent.get("status") == "requires_payment_method" and intent.get("last_payment_error")
    if failed:
        return PaymentStatus.DECLINED
    return _STATUSES.get(str(intent.get("status")), PaymentStatus.PENDING)


def _loss(kind: str, thing: Mapping[str, Any]) -> PaymentStatus | None:
    lost = kind == "charge.dispute.closed" and thing.get("status") == "lost"
    return PaymentStatus.CHARGED_BACK if lost else None


def _fee(intent: Mapping[str, Any], currency: str) -> int | None:
    """Known once the charge is booked, in the currency of the account."""
    booked = _member(_member(intent, "latest_charge"), "balance_transaction")
    if str(booked.get("currency")).upper() != currency:
        return None
    return from_stripe(booked["fee"], currency)


def _member(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside; empty if it is absent or only an id."""
    value = thing.get(name)
    return value if isinstance(value, dict) else {}
