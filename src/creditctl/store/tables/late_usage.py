"""Late usage: adjustments of invoices that are final, and events that wait for a decision."""

from sqlalchemy import CheckConstraint, UniqueConstraint
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


class LateUsage(SQLModel, table=True):
    """Events that an import booked in a time which was invoiced for good: [starts_at, ends_at).

    `invoice_id` is the later invoice that has a line for them; none yet when absent.
    """

    __tablename__ = "late_usage"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="period_not_empty"),
        STRICT,
    )

    id: int | None = identity()
    organization_id: int = integer(refers_to="organization.id", index=True)
    batch_id: int = integer(refers_to="usage_batch.id")
    month: str = text()
    starts_at: int = integer()
    ends_at: int = integer()
    events: int = integer()
    invoice_id: int | None = maybe_integer(refers_to="invoice.id", index=True)


class LateUsageDay(SQLModel, table=True):
    """Late usage summed per UTC day, product and tier; `requests` are those that did not fail."""

    __tablename__ = "late_usage_day"
    __table_args__ = CLUSTERED

    late_usage_id: int = integer(key=True, refers_to="late_usage.id")
    day: int = integer(key=True)
    product_id: int = integer(key=True)
    tier: str = text(key=True)
    requests: int = integer()
    credits_micro: int = integer()


class LateUsageEntry(SQLModel, table=True):
    """A ledger entry that paid for late usage, or took such a payment back.

    Without a foreign key to the ledger: an import writes as many as it draws.
    """

    __tablename__ = "late_usage_entry"
    __table_args__ = CLUSTERED

    entry_id: int = integer(key=True)
    late_usage_id: int = integer(refers_to="late_usage.id", index=True)


class LateEvent(SQLModel, table=True):
    """An event too late for any invoice: not booked until somebody releases it.

    Its id is known all the same, whatever was decided: the same event again is a duplicate.
    """

    __tablename__ = "late_event"
    __table_args__ = (
        UniqueConstraint("event_hour", "event_id"),
        one_of("state", "quarantined", "released", "rejected"),
        CheckConstraint(
            "(state = 'quarantined') = (decided_at IS NULL)", name="decided_when_not_waiting"
        ),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    batch_id: int = integer(refers_to="usage_batch.id")
    line: int = integer()
    event_hour: int = integer()
    event_id: bytes = binary()
    id_text: str | None = maybe_text()
    occurred_at: int = integer()
    organization_id: int = integer(refers_to="organization.id", index=True)
    api_key_id: int | None = maybe_integer()
    price_id: int = integer(refers_to="endpoint_price.id")
    status: int = integer()
    units: int = integer()
    credits_micro: int = integer()
    state: str = text()
    quarantined_at: int = integer()
    decided_at: int | None = maybe_integer()
    decided_by: str | None = maybe_text()
    reason: str | None = maybe_text()
