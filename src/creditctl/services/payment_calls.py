"""Calls to payment providers: outside of any transaction, between two that write what is known.

A payment is written before its provider is asked. What the answer says is booked by
`services.settling`; an answer that was lost is looked up, never asked for again blindly.
"""

from datetime import datetime

from creditctl.adapters.payments import provider_named
from creditctl.adapters.payments.interface import (
    PaymentAnswer,
    PaymentProvider,
    PaymentRequest,
    PaymentStatus,
)
from creditctl.context import Context
from creditctl.errors import NotFound
from creditctl.services.settling import apply_answer
from creditctl.store.engine import reading
from creditctl.store.queries.payments import OPEN, PaymentRow, payment_named

NOT_CHARGED = PaymentAnswer(PaymentStatus.CANCELLED, message="the provider has no such payment")


def configured(context: Context, provider: str) -> PaymentProvider:
    """The provider with its settings; raises InvalidInput where it is unknown or not set up."""
    return provider_named(provider, context.settings.payments.get(provider, {}))


def collect(context: Context, payment: str, *, return_url: str | None = None) -> PaymentRow:
    """Ask the provider for a payment that nobody was asked for yet; any other stays as it is.

    Raises ProviderUnreachable and ProviderRefused: the payment then waits for the next attempt.
    """
    row = _read(context, payment)
    if row.status != "created":
        return row
    provider = configured(context, row.provider)
    if _key_is_forgotten(provider, row, context.now):
        return look_up(context, payment)
    answer = provider.collect(request_of(row, return_url=return_url))
    return apply_answer(context, row.public_id, answer)


def look_up(context: Context, payment: str, reference: str | None = None) -> PaymentRow:
    """Ask how a payment stands, and book it.

    A reference is the provider's own, where a notice names one: of two invoices that were made at
    once for the payment it is the one that something happened to.

    An open payment that its provider does not know is asked for once more with the same key; when
    the key is too old for that to be safe, nothing was charged and nothing will be.
    """
    row = _read(context, payment)
    provider = configured(context, row.provider)
    answer = provider.look_up(request_of(row), reference or row.provider_reference)
    if answer is not None:
        return apply_answer(context, row.public_id, answer)
    if row.status not in OPEN:
        return row
    if _key_is_forgotten(provider, row, context.now):
        return apply_answer(context, row.public_id, NOT_CHARGED)
    return apply_answer(context, row.public_id, provider.collect(request_of(row)))


def cancel(context: Context, payment: str) -> PaymentRow:
    """Give a payment up at its provider; the answer may be that money arrived.

    One without the provider's name is looked for first: its answer may have been lost, or have
    come when nobody was there to write it down. While a lost request may still arrive, it stays.
    """
    row = _read(context, payment)
    provider = configured(context, row.provider)
    reference = row.provider_reference
    if reference is None:
        known = provider.look_up(request_of(row))
        if known is None and row.status == "unknown" and not _is_final(provider, row, context.now):
            return row
        reference = known.provider_reference if known else None
    answer = provider.cancel(reference) if reference else NOT_CHARGED
    return apply_answer(context, row.public_id, answer)


def request_of(row: PaymentRow, *, return_url: str | None = None) -> PaymentRequest:
    """A payment as its provider is asked for it: the same however often it is asked."""
    return PaymentRequest(
        payment_id=row.public_id,
        idempotency_key=row.idempotency_key,
        amount_minor=row.amount_minor,
        currency=row.currency,
        description=f"{row.purchase} of {row.organization}",
        requested_at=row.requested_at,
        method_reference=row.method_reference,
        buyer_reference=row.buyer_reference,
        return_url=return_url,
    )


def _key_is_forgotten(provider: PaymentProvider, row: PaymentRow, now: datetime) -> bool:
    """Whether the same request might be taken for a new one."""
    lifetime = provider.key_lifetime
    return lifetime is not None and row.requested_at + lifetime <= now


def _is_final(provider: PaymentProvider, row: PaymentRow, now: datetime) -> bool:
    """Whether a payment that is not found will never be: where nobody is charged, nothing comes."""
    return provider.key_lifetime is None or _key_is_forgotten(provider, row, now)


def _read(context: Context, payment: str) -> PaymentRow:
    with reading(context.database) as unit:
        row = payment_named(unit, payment)
    if row is None:
        raise NotFound(
            f"there is no payment {payment!r}", hint="'creditctl payments list' shows them"
        )
    return row
