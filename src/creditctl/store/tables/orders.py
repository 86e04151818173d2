"""Order forms: contracts that sell credits, delivered and billed in instalments."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

STATUSES = ("draft", "signed", "active", "completed", "cancelled", "superseded")


class OrderForm(SQLModel, table=True):
    """A version of a contract; its terms never change, and its signature is written once.

    `supersedes_id` is the version it amends, which has one amendment at a time that was not
    cancelled. `known_deliveries` counts what earlier versions had booked, when this one was
    drafted, on or after its own first day: no more may be booked before it takes over.
    """

    __tablename__ = "order_form"
    __table_args__ = (
        Index(
            "uq_order_form_supersedes",
            "supersedes_id",
            unique=True,
            sqlite_where=sql("status <> 'cancelled'"),
            postgresql_where=sql("status <> 'cancelled'"),
        ),
        one_of("status", *STATUSES),
        CheckConstraint("version > 0", name="version_above_zero"),
        CheckConstraint("(signer IS NULL) = (signed_on IS NULL)", name="signature_whole"),
        CheckConstraint(
            "status = 'cancelled' OR (status = 'draft') = (signer IS NULL)",
            name="signed_unless_draft",
        ),
        CheckConstraint(
            "status NOT IN ('active', 'completed') OR activated_at IS NOT NULL",
            name="activated_when_active",
        ),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id", index=True)
    version: int = integer()
    supersedes_id: int | None = maybe_integer(refers_to="order_form.id")
    known_deliveries: int = integer()
    currency: str = text()
    po_number: str | None = maybe_text()
    terms: str | None = maybe_text()
    status: str = text()
    created_at: int = integer()
    signer: str | None = maybe_text()
    signed_on: int | None = maybe_integer()
    activated_at: int | None = maybe_integer()
    ended_at: int | None = maybe_integer()


class OrderLine(SQLModel, table=True):
    """Credits at a price; `expiry` is as it was agreed: a day, days or months, or never."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("credits_micro > 0", name="credits_above_zero"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        STRICT,
    )

    id: int | None = identity()
    order_id: int = integer(refers_to="order_form.id")
    number: int = integer()
    credits_micro: int = integer()
    list_price: str | None = maybe_text()
    discount: str | None = maybe_text()
    unit_price: str = text()
    price_minor: int = integer()
    product_id: int | None = maybe_integer(refers_to="product.id")
    starts_on: int = integer()
    expiry: str | None = maybe_text()


class OrderInstalment(SQLModel, table=True):
    """Credits delivered and money billed at one time; booked once, or dropped with its form.

    `invoice_id` is the invoice that has a line for the money; none yet when absent.
    """

    __tablename__ = "order_instalment"
    __table_args__ = (
        UniqueConstraint("line_id", "number"),
        UniqueConstraint("grant_id"),
        Index(
            "ix_order_instalment_planned",
            "due_at",
            sqlite_where=sql("state = 'planned'"),
            postgresql_where=sql("state = 'planned'"),
        ),
        one_of("state", "planned", "booked", "dropped"),
        CheckConstraint(
            "credits_micro >= 0 AND amount_minor >= 0 AND credits_micro + amount_minor > 0",
            name="not_empty",
        ),
        CheckConstraint("expires_at > due_at", name="expires_after_due"),
        CheckConstraint("(state = 'booked') = (booked_at IS NOT NULL)", name="booked_some_time"),
        CheckConstraint(
            "(state = 'booked' AND credits_micro > 0) = (grant_id IS NOT NULL)",
            name="booked_with_its_grant",
        ),
        CheckConstraint(
            "invoice_id IS NULL OR (state = 'booked' AND amount_minor > 0)",
            name="billed_when_booked",
        ),
        Index(
            "ix_order_instalment_invoice",
            "invoice_id",
            sqlite_where=sql("invoice_id IS NOT NULL"),
            postgresql_where=sql("invoice_id IS NOT NULL"),
        ),
        STRICT,
    )

    id: int | None = identity()
    line_id: int = integer(refers_to="order_line.id")
    number: int = integer()
    due_at: int = integer()
    credits_micro: int = integer()
    amount_minor: int = integer()
    expires_at: int | None = maybe_integer()
    state: str = text()
    grant_id: int | None = maybe_integer(refers_to="credit_grant.id")
    booked_at: int | None = maybe_integer()
    invoice_id: int | None = maybe_integer(refers_to="invoice.id")
