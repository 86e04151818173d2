"""Approvals: what a person may not do alone waits here for a second one."""

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


class Approval(SQLModel, table=True):
    """A request above its actor's ceiling; `request` and `result` are JSON."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("verb", "idempotency_key"),
        one_of("status", "pending", "approved", "rejected"),
        CheckConstraint("status <> 'approved' OR decided_by <> requested_by", name="second_person"),
        CheckConstraint("(status = 'pending') = (decided_by IS NULL)", name="decided_by_somebody"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    verb: str = text()
    organization_id: int = integer(refers_to="organization.id")
    amount_micro: int = integer()
    request: str = text()
    reason: str = text()
    idempotency_key: str | None = maybe_text()
    status: str = text()
    requested_by: str = text()
    requested_at: int = integer()
    decided_by: str | None = maybe_text()
    decided_at: int | None = maybe_integer()
    decision_reason: str | None = maybe_text()
    result: str | None = maybe_text()
