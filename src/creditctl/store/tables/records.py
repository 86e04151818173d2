"""What the product remembers about its own work: audit, idempotency, leases."""

from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    text,
)


class AuditEntry(SQLModel, table=True):
    """Who changed what, when and why; append-only.

    `seal` is a digest of the entry and the seal before it, made with the key that `key_id` names.
    """

    __tablename__ = "audit_entry"
    __table_args__ = STRICT

    id: int | None = identity()
    recorded_at: int = integer()
    actor: str = text()
    host: str = text()
    action: str = text()
    subject: str = text()
    organization_id: int | None = maybe_integer(refers_to="organization.id", index=True)
    reason: str = text()
    before: str | None = maybe_text()
    after: str | None = maybe_text()
    profile: str | None = maybe_text()
    seal: str | None = maybe_text()
    key_id: str | None = maybe_text()


class Idempotency(SQLModel, table=True):
    """The answer to a request that named a key, stored in the transaction it caused."""

    __tablename__ = "idempotency"
    __table_args__ = STRICT

    scope: str = text(key=True)
    key: str = text(key=True)
    request_hash: str = text()
    result: str = text()
    created_at: int = integer()


class Lease(SQLModel, table=True):
    """Who may run a job that must not overlap itself, and until when."""

    __tablename__ = "lease"
    __table_args__ = STRICT

    name: str = text(key=True)
    holder: str = text()
    expires_at: int = integer()
