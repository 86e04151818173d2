"""Payments of purchases: attempts, what arrived, methods that providers keep, their notices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.store.engine import UnitOfWork

OPEN = ("created", "pending", "requires_action", "unknown")
"""Statuses of a payment that may still bring money."""

_SELECT = """
    SELECT y.id, y.public_id, y.purchase_id, p.public_id, p.organization_id, o.slug, y.provider,
           y.idempotency_key, y.amount_minor, y.currency, y.status, y.received_minor, y.fee_minor,
           m.reference, m.buyer_reference, y.provider_reference, y.checkout_url, y.decline_code,
           y.message, y.requested_at, y.answered_at
    FROM payment AS y JOIN purchase AS p ON p.id = y.purchase_id
         JOIN organization AS o ON o.id = p.organization_id
         LEFT JOIN payment_method AS m ON m.id = y.method_id
"""


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One attempt to be paid, and what is known of it."""

    id: int
    public_id: str
    purchase_id: int
    purchase: str
    organization_id: int
    organization: str
    provider: str
    idempotency_key: str
    amount_minor: int
    currency: str
    status: str
    received_minor: int
    fee_minor: int | None
    method_reference: str | None
    buyer_reference: str | None
    provider_reference: str | None
    checkout_url: str | None
    decline_code: str | None
    message: str | None
    requested_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A payment method that a provider keeps for an organization."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    provider: str
    reference: str
    buyer_reference: str
    brand: str
    last4: str | None
    expires: str | None
    fingerprint: str | None
    is_default: bool
    created_at: datetime


def insert_payment(unit: UnitOfWork, **columns: Any) -> int:
    """Insert a payment that nobody was asked for yet; returns its internal id."""
    return unit.insert("payment", status="created", received_minor=0, **columns)


def payment_by_id(unit: UnitOfWork, payment_id: int) -> PaymentRow:
    """The payment of that internal id."""
    (row,) = unit.fetch(PaymentRow, f"{_SELECT} WHERE y.id = :id", id=payment_id)
    return row


def payment_named(unit: UnitOfWork, public_id: str) -> PaymentRow | None:
    """The payment of that id, or None."""
    return unit.fetch_one(PaymentRow, f"{_SELECT} WHERE y.public_id = :id", id=public_id)


def payment_of_provider(unit: UnitOfWork, provider: str, reference: str) -> PaymentRow | None:
    """The payment that a provider knows by that name, or None."""
    return unit.fetch_one(
        PaymentRow,
        f"{_SELECT} WHERE y.provider = :provider AND y.provider_reference = :reference",
        provider=provider,
        reference=reference,
    )


def payments_of(unit: UnitOfWork, purchase_id: int) -> list[PaymentRow]:
    """A purchase's payments, the first one first."""
    return unit.fetch(
        PaymentRow, f"{_SELECT} WHERE y.purchase_id = :id ORDER BY y.id", id=purchase_id
    )


def open_payments(unit: UnitOfWork) -> list[PaymentRow]:
    """Payments at a provider whose outcome is not known, the oldest first."""
    words = ", ".join(f"'{word}'" for word in OPEN)
    return unit.fetch(
        PaymentRow,
        f"{_SELECT} WHERE y.status IN ({words}) AND y.provider <> 'manual' ORDER BY y.id",
    )


def update_payment(unit: UnitOfWork, payment_id: int, **columns: Any) -> None:
    """Write what is known now."""
    assigned = ", ".join(f"{name} = :{name}" for name in columns)
    unit.run(f"UPDATE payment SET {assigned} WHERE id = :id", id=payment_id, **columns)


def insert_arrival(
    unit: UnitOfWork,
    payment_id: int,
    *,
    reference: str,
    amount_minor: int,
    arrived_at: datetime,
    recorded_at: datetime,
    actor: str,
    reason: str,
) -> bool:
    """Record money that came; False when that reference was recorded before."""
    return bool(
        unit.run(
            """
            INSERT INTO payment_arrival (payment_id, reference, amount_minor, arrived_at,
                                         recorded_at, actor, reason)
            VALUES (:payment_id, :reference, :amount, :arrived_at, :recorded_at, :actor, :reason)
            ON CONFLICT (payment_id, reference) DO NOTHING
            """,
            payment_id=payment_id,
            reference=reference,
            amount=amount_minor,
            arrived_at=arrived_at,
            recorded_at=recorded_at,
            actor=actor,
            reason=reason,
        )
    )


def arrival_of(unit: UnitOfWork, payment_id: int, reference: str) -> int | None:
    """The amount recorded under that reference, or None."""
    found = unit.fetch_value(
        """
        SELECT amount_minor FROM payment_arrival WHERE payment_id = :id AND reference = :reference
        """,
        id=payment_id,
        reference=reference,
    )
    return None if found is None else int(found)


def arrived(unit: UnitOfWork, payment_id: int) -> int:
    """Everything that was recorded by hand, in minor units."""
    return int(
        unit.fetch_value(
            "SELECT COALESCE(SUM(amount_minor), 0) FROM payment_arrival WHERE payment_id = :id",
            id=payment_id,
        )
    )


def note_notice(
    unit: UnitOfWork,
    *,
    provider: str,
    event_id: str,
    kind: str,
    payment_id: int | None,
    received_at: datetime,
) -> bool:
    """Remember a provider's message; False when it was applied before."""
    return bool(
        unit.run(
            """
            INSERT INTO payment_notice (provider, event_id, kind, payment_id, received_at)
            VALUES (:provider, :event_id, :kind, :payment_id, :received_at)
            ON CONFLICT (provider, event_id) DO NOTHING
            """,
            provider=provider,
            event_id=event_id,
            kind=kind,
            payment_id=payment_id,
            received_at=received_at,
        )
    )


def charged_back_of(unit: UnitOfWork, purchase_id: int) -> int:
    """What was charged back of a purchase's payments, in minor units."""
    return int(
        unit.fetch_value(
            """
            SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivable_entry AS e
            WHERE e.invoice_id IS NULL
              AND e.charged_back_id IN (SELECT id FROM payment WHERE purchase_id = :id)
            """,
            id=purchase_id,
        )
    )
