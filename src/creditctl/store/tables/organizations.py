"""Organizations: who owns keys, credits and invoices."""

from sqlmodel import SQLModel

from creditctl.store.tables.columns import STRICT, identity, integer, maybe_text, one_of, text


class Organization(SQLModel, table=True):
    """A company or person that calls the API."""

    __tablename__ = "organization"
    __table_args__ = (
        one_of("kind", "registered", "guest"),
        one_of("status", "active", "suspended", "closed"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    slug: str = text(unique=True)
    legal_name: str = text()
    billing_email: str | None = maybe_text()
    country: str | None = maybe_text()
    kind: str = text()
    status: str = text()
    created_at: int = integer()
