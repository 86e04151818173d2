"""Invoices and their lines."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    flag,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)


class Invoice(SQLModel, table=True):
    """What an organization owes for a period; a draft is refreshed, never added to."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("organization_id", "starts_at", "ends_at"),
        one_of("status", "draft", "finalized"),
        CheckConstraint("ends_at > starts_at", name="period_not_empty"),
        Index(
            "ix_invoice_final",
            "ends_at",
            sqlite_where=sql("status <> 'draft'"),
            postgresql_where=sql("status <> 'draft'"),
        ),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    month: str = text()
    starts_at: int = integer()
    ends_at: int = integer()
    status: str = text()
    stale: bool = flag()
    currency: str = text()
    total_minor: int = integer()
    generated_at: int = integer()


class InvoiceLine(SQLModel, table=True):
    """One line; the invoice's total is the sum of these."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        one_of("kind", "fee", "usage", "late", "credits", "covered", "rounding"),
        STRICT,
    )

    id: int | None = identity()
    invoice_id: int = integer(refers_to="invoice.id")
    position: int = integer()
    kind: str = text()
    description: str = text()
    requests: int | None = maybe_integer()
    credits_micro: int | None = maybe_integer()
    unit_price: str | None = maybe_text()
    amount_minor: int = integer()
