"""Payment methods that providers keep for organizations."""

from datetime import datetime
from typing import Any

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.payments import MethodRow

_SELECT = """
    SELECT m.id, m.public_id, m.organization_id, o.slug, m.provider, m.reference,
           m.buyer_reference, m.brand, m.last4, m.expires, m.fingerprint, m.is_default,
           m.created_at
    FROM payment_method AS m JOIN organization AS o ON o.id = m.organization_id
    WHERE m.removed_at IS NULL
"""


def methods_of(unit: UnitOfWork, organization_id: int | None = None) -> list[MethodRow]:
    """The methods on file, of one organization or of all; the default one first."""
    return unit.fetch(
        MethodRow,
        f"""
        {_SELECT}
          AND (CAST(:organization_id AS BIGINT) IS NULL OR m.organization_id = :organization_id)
        ORDER BY o.slug, m.is_default DESC, m.id
        """,
        organization_id=organization_id,
    )


def method_named(unit: UnitOfWork, public_id: str) -> MethodRow | None:
    """The method of that id, or None."""
    return unit.fetch_one(MethodRow, f"{_SELECT} AND m.public_id = :id", id=public_id)


def put_method(unit: UnitOfWork, **columns: Any) -> None:
    """Keep a method; the same one again is only brought up to date."""
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    unit.run(
        f"""
        INSERT INTO payment_method ({names}) VALUES ({values})
        ON CONFLICT (organization_id, provider, reference) DO UPDATE
        SET brand = excluded.brand, last4 = excluded.last4, expires = excluded.expires,
            fingerprint = excluded.fingerprint, removed_at = NULL
        """,
        **columns,
    )


def make_default(unit: UnitOfWork, organization_id: int, method_id: int) -> None:
    """That one is charged unless another is named."""
    unit.run(
        """
        UPDATE payment_method SET is_default = (id = :id) WHERE organization_id = :organization_id
        """,
        id=method_id,
        organization_id=organization_id,
    )


def remove_method(unit: UnitOfWork, method_id: int, at: datetime) -> None:
    """It is not charged any more."""
    unit.run(
        "UPDATE payment_method SET removed_at = :at, is_default = false WHERE id = :id",
        id=method_id,
        at=at,
    )
