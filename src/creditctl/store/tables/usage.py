"""Usage: events as they were served, their rollups, and the imports they came in."""

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


class UsageBatch(SQLModel, table=True):
    """One import; `cursor` is the number of records already booked, so a killed one resumes.

    `undone_number` is 0, or the batch's own id once it is undone: the file may then come again.
    """

    __tablename__ = "usage_batch"
    __table_args__ = (
        UniqueConstraint("sha256", "options", "undone_number"),
        one_of("status", "running", "done", "undone"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    source_name: str = text()
    format: str = text()
    sha256: str = text()
    options: str = text()
    status: str = text()
    cursor: int = integer()
    billed: int = integer()
    free: int = integer()
    failed: int = integer()
    duplicate: int = integer()
    rejected: int = integer()
    credits_micro: int = integer()
    started_at: int = integer()
    finished_at: int | None = maybe_integer()
    actor: str = text()
    reused: int = integer()
    adjusted: int = integer()
    quarantined: int = integer()
    undone_number: int = integer()
    undone_at: int | None = maybe_integer()
    undone_by: str | None = maybe_text()
    undone_reason: str | None = maybe_text()
    pruned: int = integer()
    pruned_micro: int = integer()


class UsageMapping(SQLModel, table=True):
    """A saved way to read a file: its format, and which columns the fields come from (JSON)."""

    __tablename__ = "usage_mapping"
    __table_args__ = STRICT

    id: int | None = identity()
    name: str = text(unique=True)
    format: str = text()
    fields: str = text()
    created_at: int = integer()
    actor: str = text()


class UsageBatchProduct(SQLModel, table=True):
    """What an import brought for one product: a part of its summary."""

    __tablename__ = "usage_batch_product"
    __table_args__ = CLUSTERED

    batch_id: int = integer(key=True, refers_to="usage_batch.id")
    product_id: int = integer(key=True)
    requests: int = integer()
    credits_micro: int = integer()


class UsageReject(SQLModel, table=True):
    """A record that was not booked, with line, field and reason."""

    __tablename__ = "usage_reject"
    __table_args__ = STRICT

    id: int | None = identity()
    batch_id: int = integer(refers_to="usage_batch.id", index=True)
    line: int = integer()
    field: str = text()
    value: str = text()
    reason: str = text()


class UsageEvent(SQLModel, table=True):
    """One request as it was served.

    Keyed by hour first: random ids then land in few pages (DESIGN 6). No foreign keys: they would
    cost an index probe per row on the hottest table; `creditctl check` proves them instead.
    `volume_before`: billed units of its day and product that were booked before it.
    """

    __tablename__ = "usage_event"
    __table_args__ = (
        CheckConstraint("credits_micro >= 0 AND units >= 0", name="amounts_not_negative"),
        CLUSTERED,
    )

    event_hour: int = integer(key=True)
    event_id: bytes = binary(key=True)
    occurred_at: int = integer()
    organization_id: int = integer()
    api_key_id: int | None = maybe_integer()
    price_id: int = integer()
    status: int = integer()
    units: int = integer()
    credits_micro: int = integer()
    batch_id: int = integer()
    volume_before: int = integer()


class UsageEventText(SQLModel, table=True):
    """The id as it was written, where it was not a UUID or ULID and so was hashed."""

    __tablename__ = "usage_event_text"
    __table_args__ = CLUSTERED

    event_hour: int = integer(key=True)
    event_id: bytes = binary(key=True)
    id_text: str = text()


class PrunedEvent(SQLModel, table=True):
    """The id of an event that was pruned: it must not be billed when it comes again."""

    __tablename__ = "pruned_event"
    __table_args__ = CLUSTERED

    event_hour: int = integer(key=True)
    event_id: bytes = binary(key=True)


class Pruning(SQLModel, table=True):
    """Events of all days before `before_day` were pruned: rollups and ids are left of them."""

    __tablename__ = "pruning"
    __table_args__ = STRICT

    id: int | None = identity()
    before_day: int = integer()
    events: int = integer()
    pruned_at: int = integer()
    actor: str = text()
    reason: str = text()
