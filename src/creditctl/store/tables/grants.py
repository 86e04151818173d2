"""Credit grants: lots of credits with a source, drawn in burn-down order."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    index_of_some,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

SOURCES = (
    "promotion",
    "trial",
    "guest",
    "subscription",
    "purchase",
    "auto_recharge",
    "order_form",
    "goodwill",
    "correction",
)


class CreditGrant(SQLModel, table=True):
    """`remaining_micro` and `expired_micro` are cached sums of the grant's ledger entries.

    `held_micro` is what open holds reserve of what remains, a cached sum of their parts.

    `expires_at` may be brought forward and never back. `rolled_from` holds what an allowance
    carried into the next period, `moved_from` what came along when two organizations were merged.
    """

    __tablename__ = "credit_grant"
    __table_args__ = (
        UniqueConstraint("subscription_id", "period_starts_at"),
        UniqueConstraint("organization_id", "promotion"),
        Index("ix_credit_grant_organization", "organization_id", "effective_at"),
        Index("ix_credit_grant_expiry", "expires_at"),
        Index("ix_credit_grant_rolled_from", "rolled_from_id"),
        index_of_some("ix_credit_grant_promotion", "promotion"),
        index_of_some("ix_credit_grant_moved_from", "moved_from_id"),
        one_of("source", *SOURCES),
        CheckConstraint("amount_micro > 0", name="amount_above_zero"),
        CheckConstraint("remaining_micro >= 0", name="never_negative"),
        CheckConstraint("expired_micro >= 0", name="expired_not_negative"),
        CheckConstraint(
            "remaining_micro + expired_micro <= amount_micro", name="never_above_amount"
        ),
        CheckConstraint(
            "held_micro = 0 OR (held_micro > 0 AND held_micro <= remaining_micro)",
            name="held_within_remaining",
        ),
        CheckConstraint("expires_at > effective_at", name="expires_after_effective"),
        CheckConstraint("priority BETWEEN 0 AND 100", name="priority_in_range"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    source: str = text()
    amount_micro: int = integer()
    remaining_micro: int = integer()
    expired_micro: int = integer()
    product_id: int | None = maybe_integer(refers_to="product.id")
    priority: int = integer()
    effective_at: int = integer()
    expires_at: int | None = maybe_integer()
    unit_cost: str | None = maybe_text()
    currency: str | None = maybe_text()
    subscription_id: int | None = maybe_integer(refers_to="subscription.id")
    period_starts_at: int | None = maybe_integer()
    promotion: str | None = maybe_text()
    created_at: int = integer()
    rolled_from_id: int | None = maybe_integer(refers_to="credit_grant.id")
    moved_from_id: int | None = maybe_integer(refers_to="credit_grant.id")
    reversed_at: int | None = maybe_integer()
    held_micro: int = integer()
