"""Organizations: find, list, lock and insert."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from creditctl.errors import OrganizationNotFound
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_array, as_given, given
from creditctl.store.queries.limit_marks import mark_organizations

_COLUMNS = """
    id, public_id, slug, legal_name, billing_email, country, kind, status, created_at, region,
    currency, tax_id, payment_fingerprint, device_id, aligned, merged_into_id, locality,
    tax_id_confirmed, tax_exempt_reason, tax_exempt_certificate, tax_exempt_from, tax_exempt_until,
    street, postcode, city
"""


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
    region: str | None
    currency: str | None
    tax_id: str | None
    payment_fingerprint: str | None
    device_id: str | None
    aligned: bool
    merged_into_id: int | None
    locality: str | None
    tax_id_confirmed: bool | None
    tax_exempt_reason: str | None
    tax_exempt_certificate: str | None
    tax_exempt_from: date | None
    tax_exempt_until: date | None
    street: str | None
    postcode: str | None
    city: str | None


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


def organization_by_id(unit: UnitOfWork, organization_id: int) -> OrganizationRow:
    """The organization with that internal id, which exists."""
    found = unit.fetch_one(
        OrganizationRow, f"SELECT {_COLUMNS} FROM organization WHERE id = :id", id=organization_id
    )
    if found is None:
        raise LookupError(f"organization {organization_id}")
    return found


def organizations_by_id(
    unit: UnitOfWork, organization_ids: Iterable[int]
) -> dict[int, OrganizationRow]:
    """The organizations with those internal ids."""
    rows = unit.fetch(
        OrganizationRow,
        f"""
        WITH {given(unit.dialect, "owners", "owner_id")}
        SELECT {_COLUMNS} FROM owners JOIN organization ON id = owner_id
        """,
        owners=as_given((one,) for one in organization_ids),
    )
    return {row.id: row for row in rows}


def list_organizations(
    unit: UnitOfWork,
    *,
    status: str | None = None,
    kind: str | None = None,
    country: str | None = None,
    search: str | None = None,
) -> list[OrganizationRow]:
    """Those that fit, by slug; `search` is a part of slug, name, e-mail, tax id or id."""
    pattern = None if search is None else f"%{_escaped(search.lower())}%"
    return unit.fetch(
        OrganizationRow,
        f"""
        SELECT {_COLUMNS} FROM organization
        WHERE (CAST(:status AS TEXT) IS NULL OR status = :status)
          AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind)
          AND (CAST(:country AS TEXT) IS NULL OR country = :country)
          AND (CAST(:pattern AS TEXT) IS NULL
               OR lower(slug || ' ' || legal_name || ' ' || COALESCE(billing_email, '') || ' '
                        || COALESCE(tax_id, '') || ' ' || public_id) LIKE :pattern ESCAPE '!')
        ORDER BY slug
        """,
        status=status,
        kind=kind,
        country=country,
        pattern=pattern,
    )


def _escaped(text: str) -> str:
    """Text in which LIKE finds no wildcard."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def insert_organization(unit: UnitOfWork, **columns: object) -> int | None:
    """Insert an active organization; returns its internal id, or None when the slug is taken."""
    names = ", ".join(columns)
    places = ", ".join(f":{name}" for name in columns)
    found = unit.fetch_value(
        f"""
        INSERT INTO organization ({names}, status) VALUES ({places}, 'active')
        ON CONFLICT (slug) DO NOTHING RETURNING id
        """,
        **columns,
    )
    if found is None:
        return None
    mark_organizations(unit, [int(found)])
    return int(found)


def update_organization(unit: UnitOfWork, organization_id: int, **columns: object) -> None:
    """Change the columns that are given."""
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    unit.run(f"UPDATE organization SET {changes} WHERE id = :id", id=organization_id, **columns)


def replace_signals(
    unit: UnitOfWork, organization_id: int, signals: Iterable[tuple[str, str]]
) -> None:
    """Make these the organization's signals."""
    unit.run("DELETE FROM organization_signal WHERE organization_id = :id", id=organization_id)
    unit.run_many(
        """
        INSERT INTO organization_signal (kind, value, organization_id)
        VALUES (:kind, :value, :organization_id)
        """,
        [
            {"kind": kind, "value": value, "organization_id": organization_id}
            for kind, value in signals
        ],
    )


_MOMENT, _PATIENTLY = "100ms", "30s"
"""How long PostgreSQL waits for a lock: of many, and otherwise (`driver_postgres.beginning`)."""


def lock_organizations(unit: UnitOfWork, organization_ids: Iterable[int]) -> None:
    """Lock them in id order, so that two transactions never wait for each other.

    Needed before any change to an organization's grants, and marks it for the next check of its
    limits. SQLite has one writer anyway.
    """
    ids = sorted(set(organization_ids))
    _lock(unit, ids)
    mark_organizations(unit, ids)


def _lock(unit: UnitOfWork, ids: Sequence[int]) -> None:
    if unit.dialect != "sqlite":
        # One statement for thousands: rows are locked as they are read, in order.
        unit.run(
            """
            SELECT id FROM organization WHERE id = ANY(CAST(:ids AS BIGINT[]))
            ORDER BY id FOR NO KEY UPDATE
            """,
            ids=as_array(ids),
        )


def heir_of(unit: UnitOfWork, organization_id: int) -> OrganizationRow:
    """The organization, or the one that it was merged into."""
    owner = organization_by_id(unit, organization_id)
    return owner if owner.merged_into_id is None else heir_of(unit, owner.merged_into_id)


def lock_soon(unit: UnitOfWork, organization_ids: Iterable[int]) -> None:
    """Lock them, but Busy where somebody on a server has one of them for longer than a moment.

    Nobody is marked: to hold credits changes nothing that a check looks at.
    """
    _wait_for_locks(unit, _MOMENT)
    _lock(unit, sorted(set(organization_ids)))
    _wait_for_locks(unit, _PATIENTLY)


def _wait_for_locks(unit: UnitOfWork, time: str) -> None:
    if unit.dialect == "postgresql":
        unit.run("SELECT set_config('lock_timeout', :time, true)", time=time)


def lock_those_that_nobody_has(unit: UnitOfWork, organization_ids: Iterable[int]) -> set[int]:
    """Lock the others of them, and say which these are; a file's one writer has all of them.

    Nobody is marked, as by `lock_soon`.
    """
    ids = sorted(set(organization_ids))
    if unit.dialect == "postgresql":
        rows = unit.fetch_rows(
            """
            SELECT id FROM organization WHERE id = ANY(CAST(:ids AS BIGINT[]))
            ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
            """,
            ids=as_array(ids),
        )
        ids = [int(found) for (found,) in rows]
    return set(ids)
