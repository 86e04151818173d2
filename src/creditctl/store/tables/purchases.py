"""Purchases of credits: what was bought, its tax, its payments, and what has arrived."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    flag,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

PAYMENT_STATUSES = (
    "created",
    "pending",
    "requires_action",
    "succeeded",
    "declined",
    "cancelled",
    "expired",
    "charged_back",
    "unknown",
)

_OPEN_RECHARGE = sql("source = 'auto_recharge' AND status = 'pending'")


class Purchase(SQLModel, table=True):
    """Credits at a price: pending until paid, granted in the transaction that pays it.

    `document` is JSON: seller, buyer and notice as they stood, for the receipt.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        one_of("source", "purchase", "auto_recharge"),
        one_of("status", "pending", "paid", "void"),
        CheckConstraint("credits_micro > 0", name="buys_credits"),
        CheckConstraint("net_minor + tax_minor = gross_minor", name="net_and_tax_are_gross"),
        CheckConstraint("gross_minor > 0 AND net_minor >= 0 AND tax_minor >= 0", name="priced"),
        CheckConstraint(
            "(status = 'paid') = (grant_id IS NOT NULL)"
            " AND (status = 'paid') = (paid_at IS NOT NULL)"
            " AND (status = 'paid') = (receipt_number IS NOT NULL)",
            name="paid_is_granted",
        ),
        UniqueConstraint("receipt_number"),
        Index("ix_purchase_organization", "organization_id", "id"),
        Index(
            "uq_purchase_open_recharge",
            "organization_id",
            unique=True,
            sqlite_where=_OPEN_RECHARGE,
            postgresql_where=_OPEN_RECHARGE,
        ),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    source: str = text()
    status: str = text()
    package: str | None = maybe_text()
    credits_micro: int = integer()
    lifetime_days: int | None = maybe_integer()
    currency: str = text()
    unit_price: str = text()
    unit_cost: str = text()
    net_minor: int = integer()
    tax_minor: int = integer()
    gross_minor: int = integer()
    treatment: str = text()
    document: str = text()
    reference: str | None = maybe_text()
    created_at: int = integer()
    actor: str = text()
    reason: str = text()
    grant_id: int | None = maybe_integer(refers_to="credit_grant.id")
    paid_at: int | None = maybe_integer()
    receipt_number: str | None = maybe_text()
    voided_at: int | None = maybe_integer()
    voided_by: str | None = maybe_text()
    void_reason: str | None = maybe_text()


class PurchaseTax(SQLModel, table=True):
    """One tax of a purchase: `ppm` millionths of `taxable_minor`."""

    __tablename__ = "purchase_tax"
    __table_args__ = CLUSTERED

    purchase_id: int = integer(key=True, refers_to="purchase.id")
    position: int = integer(key=True)
    country: str = text()
    region: str | None = maybe_text()
    name: str = text()
    ppm: int = integer()
    taxable_minor: int = integer()
    tax_minor: int = integer()


class Payment(SQLModel, table=True):
    """One attempt to be paid, written before its provider is called."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("status", *PAYMENT_STATUSES),
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        CheckConstraint("received_minor >= 0", name="received_not_negative"),
        Index("ix_payment_purchase", "purchase_id"),
        Index("ix_payment_provider", "provider", "provider_reference"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    purchase_id: int = integer(refers_to="purchase.id")
    provider: str = text()
    idempotency_key: str = text(unique=True)
    amount_minor: int = integer()
    currency: str = text()
    status: str = text()
    received_minor: int = integer()
    fee_minor: int | None = maybe_integer()
    method_id: int | None = maybe_integer(refers_to="payment_method.id")
    provider_reference: str | None = maybe_text()
    checkout_url: str | None = maybe_text()
    decline_code: str | None = maybe_text()
    message: str | None = maybe_text()
    requested_at: int = integer()
    answered_at: int | None = maybe_integer()


class PaymentArrival(SQLModel, table=True):
    """Money that somebody recorded by hand, such as a line of a bank statement."""

    __tablename__ = "payment_arrival"
    __table_args__ = (
        UniqueConstraint("payment_id", "reference"),
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        STRICT,
    )

    id: int | None = identity()
    payment_id: int = integer(refers_to="payment.id")
    reference: str = text()
    amount_minor: int = integer()
    arrived_at: int = integer()
    recorded_at: int = integer()
    actor: str = text()
    reason: str = text()


class PaymentMethod(SQLModel, table=True):
    """A payment method that a provider keeps for an organization; no card number is here."""

    __tablename__ = "payment_method"
    __table_args__ = (UniqueConstraint("organization_id", "provider", "reference"), STRICT)

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    provider: str = text()
    reference: str = text()
    buyer_reference: str = text()
    brand: str = text()
    last4: str | None = maybe_text()
    expires: str | None = maybe_text()
    fingerprint: str | None = maybe_text()
    is_default: bool = flag()
    created_at: int = integer()
    removed_at: int | None = maybe_integer()


class PaymentNotice(SQLModel, table=True):
    """A provider's message that was applied: it may be delivered often, and counts once."""

    __tablename__ = "payment_notice"
    __table_args__ = CLUSTERED

    provider: str = text(key=True)
    event_id: str = text(key=True)
    kind: str = text()
    payment_id: int | None = maybe_integer(refers_to="payment.id")
    received_at: int = integer()


class NumberSeries(SQLModel, table=True):
    """The last number given of a series and year; numbers have no gaps."""

    __tablename__ = "number_series"
    __table_args__ = CLUSTERED

    series: str = text(key=True)
    year: int = integer(key=True)
    last: int = integer()
