"""The ledger: every movement of credits, append-only (triggers refuse UPDATE and DELETE)."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    integer,
    is_any,
    maybe_binary,
    maybe_integer,
    maybe_text,
    text,
)

KINDS = (
    "grant",
    "usage",
    "overage",
    "expiry",
    "expiry_reversal",
    "repayment",
    "rollover",
    "rollover_reversal",
    "reversal",
    "waiver",
    "unwind",
    "transfer",
    "invoiced",
)

PROVEN_BY_STATEMENT = ("organization_id", "grant_id", "product_id", "batch_id")
"""Foreign keys that a trigger of PostgreSQL proves once for all rows of a statement (0031)."""


class LedgerEntry(SQLModel, table=True):
    """One movement: positive into a grant, negative out of it, or negative overage.

    A usage or overage entry pays for the consecutive events from `first_event` to `last_event`
    of its batch (in time, event id order): that is the lineage of the debit. A repayment draws
    a grant to settle the overage entry `settles_id`; a waiver settles one for nothing, and invoiced
    is what the final invoice `invoice_id` bills. An unwind takes back the whole entry
    `reverses_id`, with the opposite sign.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_organization", "organization_id", "id"),
        Index("ix_ledger_entry_grant", "grant_id"),
        Index(
            "ix_ledger_entry_overage",
            "organization_id",
            sqlite_where=sql("kind = 'overage'"),
            postgresql_where=sql("kind = 'overage'"),
        ),
        Index(
            "ix_ledger_entry_settles",
            "settles_id",
            sqlite_where=sql("settles_id IS NOT NULL"),
            postgresql_where=sql("settles_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_entry_reverses",
            "reverses_id",
            unique=True,
            sqlite_where=sql("reverses_id IS NOT NULL"),
            postgresql_where=sql("reverses_id IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entry_invoice",
            "invoice_id",
            sqlite_where=sql("invoice_id IS NOT NULL"),
            postgresql_where=sql("invoice_id IS NOT NULL"),
        ),
        CheckConstraint(is_any("kind", *KINDS), name="kind_known"),
        CheckConstraint(
            f"CASE WHEN {is_any('kind', 'grant', 'expiry_reversal', 'waiver', 'invoiced')} "
            "THEN amount_micro > 0 "
            f"WHEN {is_any('kind', 'rollover_reversal', 'unwind')} THEN amount_micro <> 0 "
            "ELSE amount_micro < 0 END",
            name="sign_fits_kind",
        ),
        CheckConstraint(
            f"kind = 'unwind' OR ({is_any('kind', 'overage', 'waiver', 'invoiced')})"
            " = (grant_id IS NULL)",
            name="grant_unless_overage",
        ),
        CheckConstraint(
            "(kind = 'overage') = (overage_reason IS NOT NULL)", name="overage_has_reason"
        ),
        CheckConstraint(
            f"kind = 'unwind' OR ({is_any('kind', 'repayment', 'waiver', 'invoiced')})"
            " = (settles_id IS NOT NULL)",
            name="repays_overage",
        ),
        CheckConstraint(
            "kind = 'unwind' OR (kind = 'invoiced') = (invoice_id IS NOT NULL)",
            name="invoiced_by_an_invoice",
        ),
        CheckConstraint("(kind = 'unwind') = (reverses_id IS NOT NULL)", name="unwinds_an_entry"),
        CheckConstraint(
            is_any("overage_reason", "postpaid", "overshoot", "late", "correction"),
            name="overage_reason_known",
        ),
        STRICT,
    )

    id: int | None = identity()
    organization_id: int = integer(refers_to="organization.id")
    grant_id: int | None = maybe_integer(refers_to="credit_grant.id")
    kind: str = text()
    amount_micro: int = integer()
    event_at: int = integer()
    recorded_at: int = integer()
    posting_day: int = integer()
    product_id: int | None = maybe_integer(refers_to="product.id")
    batch_id: int | None = maybe_integer(refers_to="usage_batch.id")
    overage_reason: str | None = maybe_text()
    settles_id: int | None = maybe_integer(refers_to="ledger_entry.id")
    first_event_at: int | None = maybe_integer()
    first_event_id: bytes | None = maybe_binary()
    last_event_at: int | None = maybe_integer()
    last_event_id: bytes | None = maybe_binary()
    actor: str = text()
    reason: str = text()
    reverses_id: int | None = maybe_integer(refers_to="ledger_entry.id")
    invoice_id: int | None = maybe_integer(refers_to="invoice.id")
