"""API keys: only a public prefix and a hash are kept, never the secret."""

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    index_of_some,
    integer,
    maybe_integer,
    one_of,
    text,
)


class ApiKey(SQLModel, table=True):
    """A credential of an organization; usage names it by prefix, id or name.

    What a key has used goes on where it is rotated: `first_key_id` is the first of the chain, under
    which the gate counts and budgets are kept. The first itself has none.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        one_of("status", "active", "revoked"),
        index_of_some("ix_api_key_first", "first_key_id"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    name: str = text()
    prefix: str = text(unique=True)
    secret_hash: str = text()
    last_four: str = text()
    plan_id: int | None = maybe_integer(refers_to="plan.id")
    status: str = text()
    created_at: int = integer()
    expires_at: int | None = maybe_integer()
    revoked_at: int | None = maybe_integer()
    first_key_id: int | None = maybe_integer(refers_to="api_key.id")
