"""`payments reconcile` and `webhook`: what providers know, booked once."""

from collections.abc import Mapping
from dataclasses import dataclass

from creditctl.adapters.payments.interface import PaymentAnswer, PaymentStatus
from creditctl.context import Context
from creditctl.errors import CreditctlError, InvalidInput
from creditctl.rules.units import Money
from creditctl.services.payment_calls import configured, look_up
from creditctl.services.settling import apply_answer
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.payments import (
    PaymentRow,
    note_notice,
    open_payments,
    payment_named,
    payment_of_provider,
)

LONGEST_NOTICE = 1_000_000
"""Bytes; providers send a few thousand."""


@dataclass(frozen=True, slots=True)
class ReconciledPayment:
    """A payment whose outcome was not known, and what its provider says now."""

    payment: str
    purchase: str
    organization: str
    provider: str
    before: str
    after: str
    received: Money
    problem: str | None
    """Why it could not be asked; it is asked again the next time."""


@dataclass(frozen=True, slots=True)
class AppliedNotice:
    """A provider's message, and what it led to."""

    provider: str
    event: str
    kind: str
    outcome: str
    """applied, repeated (it came before), or ignored (it is about no payment of ours)"""

    payment: str | None
    status: str | None


def reconcile(context: Context) -> list[ReconciledPayment]:
    """Ask the providers about every payment whose outcome is open; one's trouble stops no other."""
    with reading(context.database) as unit:
        waiting = open_payments(unit)
    return [_reconciled(context, row) for row in waiting]


def apply_notice(
    context: Context, provider: str, headers: Mapping[str, str], body: bytes
) -> AppliedNotice:
    """Verify a webhook delivery and book what the provider then says of the payment.

    Notices overtake each other and may be lost, so the provider is asked how the payment stands.
    It is remembered after that: a crash in between is made good by the next delivery. Raises
    NoticeRejected, ProviderUnreachable, and InvalidInput for more than `LONGEST_NOTICE` bytes.
    """
    if len(body) > LONGEST_NOTICE:
        raise InvalidInput(
            f"a notice has at most {LONGEST_NOTICE:,} bytes",
            hint="pipe in the body of one delivery",
        )
    notice = configured(context, provider).notice(headers, body, context.now)
    with reading(context.database) as unit:
        row = _payment_of(unit, provider, notice.payment_id, notice.provider_reference)
    status = None
    if row is not None:
        status = look_up(context, row.public_id, notice.provider_reference).status
        if notice.status is PaymentStatus.CHARGED_BACK:
            # Asked, a provider goes on saying that the charge succeeded.
            status = apply_answer(context, row.public_id, PaymentAnswer(notice.status)).status
    with unit_of_work(context.database) as unit:
        is_new = note_notice(
            unit,
            provider=provider,
            event_id=notice.event_id,
            kind=notice.kind,
            payment_id=row.id if row else None,
            received_at=context.now,
        )
    outcome = "ignored" if row is None else "applied" if is_new else "repeated"
    return AppliedNotice(
        provider=provider,
        event=notice.event_id,
        kind=notice.kind,
        outcome=outcome,
        payment=row.public_id if row else None,
        status=status,
    )


def _payment_of(
    unit: UnitOfWork, provider: str, payment_id: str | None, reference: str | None
) -> PaymentRow | None:
    row = payment_named(unit, payment_id) if payment_id else None
    if row is None and reference:
        row = payment_of_provider(unit, provider, reference)
    return row if row is not None and row.provider == provider else None


def _reconciled(context: Context, row: PaymentRow) -> ReconciledPayment:
    problem, now = None, row
    try:
        now = look_up(context, row.public_id)
    except CreditctlError as trouble:
        problem = trouble.detail
    return ReconciledPayment(
        payment=row.public_id,
        purchase=row.purchase,
        organization=row.organization,
        provider=row.provider,
        before=row.status,
        after=now.status,
        received=Money(now.received_minor, now.currency),
        problem=problem,
    )
