"""Auto-recharge: when an organization's credits are bought back, and how far it has come."""

from sqlalchemy import CheckConstraint, UniqueConstraint
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


class Recharge(SQLModel, table=True):
    """One organization's auto-recharge; changed only under the organization's lock.

    `purchase_id` is the purchase whose outcome is still open: while there is one, nothing is
    bought. `crossings` counts purchases, each of which has its number in its idempotency key.
    """

    __tablename__ = "recharge"
    __table_args__ = (
        one_of("state", "active", "disabled"),
        CheckConstraint("below_micro > 0 AND up_to_micro > below_micro", name="target_above"),
        CheckConstraint("cap_minor > 0", name="cap_above_zero"),
        CheckConstraint(
            "cool_down_seconds >= 0 AND declines >= 0 AND crossings >= 0", name="not_negative"
        ),
        UniqueConstraint("organization_id"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    below_micro: int = integer()
    up_to_micro: int = integer()
    cap_minor: int = integer()
    currency: str = text()
    method_id: int = integer(refers_to="payment_method.id")
    cool_down_seconds: int = integer()
    state: str = text()
    state_reason: str = text()
    state_at: int = integer()
    state_by: str = text()
    declines: int = integer()
    next_try_at: int | None = maybe_integer()
    last_at: int | None = maybe_integer()
    crossings: int = integer()
    purchase_id: int | None = maybe_integer(refers_to="purchase.id")
    capped_month: str | None = maybe_text()
