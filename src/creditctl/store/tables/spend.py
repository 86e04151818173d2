"""Spend management: budgets people set, and the states `limits check` decides."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    integer,
    maybe_integer,
    one_of,
    text,
)


class Budget(SQLModel, table=True):
    """A limit on the credits counted in a period: `hard` blocks, `notify` warns."""

    __tablename__ = "budget"
    __table_args__ = (
        UniqueConstraint("organization_id", "period", "kind"),
        one_of("period", "day"),
        one_of("kind", "hard", "notify"),
        one_of("scope", "all", "beyond_allowance"),
        CheckConstraint("limit_micro >= 0", name="limit_not_negative"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    period: str = text()
    kind: str = text()
    scope: str = text()
    limit_micro: int = integer()
    updated_at: int = integer()


class Enforcement(SQLModel, table=True):
    """The present state of an organization."""

    __tablename__ = "enforcement"
    __table_args__ = (one_of("state", "ok", "notified", "blocked"), STRICT)

    organization_id: int = integer(key=True, refers_to="organization.id")
    state: str = text()
    reason: str = text()
    limit_micro: int | None = maybe_integer()
    usage_micro: int | None = maybe_integer()
    since: int = integer()
    until: int | None = maybe_integer()


class EnforcementChange(SQLModel, table=True):
    """Every state an organization was ever in, append-only."""

    __tablename__ = "enforcement_change"
    __table_args__ = (one_of("state", "ok", "notified", "blocked"), STRICT)

    id: int | None = identity()
    organization_id: int = integer(refers_to="organization.id", index=True)
    state: str = text()
    reason: str = text()
    limit_micro: int | None = maybe_integer()
    usage_micro: int | None = maybe_integer()
    changed_at: int = integer()
    until: int | None = maybe_integer()
