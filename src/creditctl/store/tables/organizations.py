"""Organizations: who owns keys, credits and invoices, and what tells two of them are one."""

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    flag,
    identity,
    index_of_some,
    integer,
    maybe_flag,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)

SIGNALS = ("email", "tax_id", "payment_fingerprint", "domain", "legal_name", "device")


class Organization(SQLModel, table=True):
    """A company or person that calls the API.

    `aligned`: its credits are billed by the periods of its subscription, not by calendar months.
    `tax_id_confirmed`: what the id's register answered, NULL when it was not asked. The days of an
    exemption are from the first up to, not including, the last. `locality` is where its sales are
    taxed, such as a county; `city` is the place of its postal address.
    """

    __tablename__ = "organization"
    __table_args__ = (
        index_of_some("ix_organization_merged_into", "merged_into_id"),
        one_of("kind", "registered", "guest"),
        one_of("status", "active", "suspended", "closed"),
        CheckConstraint(
            "tax_exempt_reason IS NOT NULL OR COALESCE(tax_exempt_from, tax_exempt_until) IS NULL",
            name="exemption_has_reason",
        ),
        CheckConstraint("tax_exempt_until > tax_exempt_from", name="exemption_not_empty"),
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
    region: str | None = maybe_text()
    currency: str | None = maybe_text()
    tax_id: str | None = maybe_text()
    payment_fingerprint: str | None = maybe_text()
    device_id: str | None = maybe_text()
    aligned: bool = flag()
    merged_into_id: int | None = maybe_integer(refers_to="organization.id")
    locality: str | None = maybe_text()
    tax_id_confirmed: bool | None = maybe_flag()
    tax_exempt_reason: str | None = maybe_text()
    tax_exempt_certificate: str | None = maybe_text()
    tax_exempt_from: int | None = maybe_integer()
    tax_exempt_until: int | None = maybe_integer()
    street: str | None = maybe_text()
    postcode: str | None = maybe_text()
    city: str | None = maybe_text()


class OrganizationSignal(SQLModel, table=True):
    """What an organization shares with another one tells that they may be the same."""

    __tablename__ = "organization_signal"
    __table_args__ = (one_of("kind", *SIGNALS), CLUSTERED)

    kind: str = text(key=True)
    value: str = text(key=True)
    organization_id: int = integer(key=True, refers_to="organization.id")
