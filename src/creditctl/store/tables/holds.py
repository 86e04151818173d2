"""Holds: credits that calls in flight have reserved, and of which grants."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    binary,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

STATES = ("open", "captured", "released", "expired")
_OPEN = sql("state = 'open'")


class Hold(SQLModel, table=True):
    """One call: authorised before it was served, captured with what it cost, or let go.

    `event_hour` and `event_id` are the key of the usage event that it becomes; a log line that
    captured it may be of another hour. `batch_id` is the batch of that event.
    """

    __tablename__ = "hold"
    __table_args__ = (
        # The id comes first, since calls are asked for by it alone.
        UniqueConstraint("event_id", "event_hour"),
        Index(
            "ix_hold_open",
            "organization_id",
            "expires_at",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        one_of("state", *STATES),
        CheckConstraint("expires_at > authorized_at", name="expires_after_authorized"),
        CheckConstraint("estimate_micro >= 0", name="estimate_not_negative"),
        CheckConstraint("captured_micro >= 0", name="captured_not_negative"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_unless_open"),
        CheckConstraint(
            "(state = 'captured') = (captured_micro IS NOT NULL)"
            " AND (state = 'captured') = (batch_id IS NOT NULL)",
            name="captured_with_its_event",
        ),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    api_key_id: int | None = maybe_integer(refers_to="api_key.id")
    price_id: int = integer(refers_to="endpoint_price.id")
    event_hour: int = integer()
    event_id: bytes = binary()
    id_text: str | None = maybe_text()
    authorized_at: int = integer()
    expires_at: int = integer()
    estimated_units: int | None = maybe_integer()
    estimate_micro: int = integer()
    state: str = text()
    closed_at: int | None = maybe_integer()
    captured_micro: int | None = maybe_integer()
    batch_id: int | None = maybe_integer(refers_to="usage_batch.id")


class HoldPart(SQLModel, table=True):
    """What a hold reserves of a grant, in burn-down order; no grant: of a postpaid limit."""

    __tablename__ = "hold_part"
    __table_args__ = (
        CheckConstraint("amount_micro > 0", name="amount_above_zero"),
        CLUSTERED,
    )

    hold_id: int = integer(key=True, refers_to="hold.id")
    place: int = integer(key=True)
    grant_id: int | None = maybe_integer(refers_to="credit_grant.id")
    amount_micro: int = integer()
