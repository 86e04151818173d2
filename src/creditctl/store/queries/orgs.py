"""Organizations: find, list, lock and insert."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from creditctl.errors import OrganizationNotFound
from creditctl.store.engine import UnitOfWork

_COLUMNS = "id, public_id, slug, legal_name, billing_email, country, kind, status, created_at"


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """A row of `organization`."""

    id: int
    public_id: str
    slug: str
    legal_name: str
    billing_email: str | None
    country: str | None
    kind: str
    status: str
    created_at: datetime


def find_organization(unit: UnitOfWork, reference: str) -> OrganizationRow:
    """The organization with that slug or public id; raises OrganizationNotFound."""
    found = unit.fetch_one(
        OrganizationRow,
        f"SELECT {_COLUMNS} FROM organization WHERE slug = :reference OR public_id = :reference",
        reference=reference,
    )
    if found is None:
        raise OrganizationNotFound(f"there is no organization {reference!r}")
    return found


def list_organizations(unit: UnitOfWork) -> list[OrganizationRow]:
    """All of them, by slug."""
    return unit.fetch(OrganizationRow, f"SELECT {_COLUMNS} FROM organization ORDER BY slug")


def insert_organization(
    unit: UnitOfWork,
    *,
    public_id: str,
    slug: str,
    legal_name: str,
    billing_email: str | None,
    country: str | None,
    kind: str,
    created_at: datetime,
) -> int | None:
    """Insert an active organization; returns its internal id, or None when the slug is taken."""
    found = unit.fetch_value(
        """
        INSERT INTO organization
            (public_id, slug, legal_name, billing_email, country, kind, status, created_at)
        VALUES
            (:public_id, :slug, :legal_name, :billing_email, :country, :kind, 'active', :created_at)
        ON CONFLICT (slug) DO NOTHING RETURNING id
        """,
        public_id=public_id,
        slug=slug,
        legal_name=legal_name,
        billing_email=billing_email,
        country=country,
        kind=kind,
        created_at=created_at,
    )
    return None if found is None else int(found)


def lock_organizations(unit: UnitOfWork, organization_ids: Iterable[int]) -> None:
    """Lock them in id order, so that two transactions never wait for each other.

    Needed before any change to an organization's grants. SQLite has one writer anyway.
    """
    if unit.dialect == "sqlite":
        return
    for organization_id in sorted(set(organization_ids)):
        unit.run("SELECT id FROM organization WHERE id = :id FOR NO KEY UPDATE", id=organization_id)
