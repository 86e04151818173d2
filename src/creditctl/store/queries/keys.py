"""API keys: insert, find, list, revoke."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.errors import KeyNotFound
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with its organization's slug and the plan it is bound to; never its hash."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    name: str
    prefix: str
    last_four: str
    plan: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    first_id: int
    """Of the first key that this one goes on from, under which it is counted; its own if none."""

    def is_active(self, now: datetime) -> bool:
        """Whether it opens anything: neither revoked nor expired."""
        return self.status == "active" and (self.expires_at is None or now < self.expires_at)


_SELECT = """
    SELECT k.id, k.public_id, k.organization_id, o.slug, k.name, k.prefix, k.last_four, p.name,
           k.status, k.created_at, k.expires_at, k.revoked_at, COALESCE(k.first_key_id, k.id)
    FROM api_key AS k JOIN organization AS o ON o.id = k.organization_id
         LEFT JOIN plan AS p ON p.id = k.plan_id
"""


def find_key(unit: UnitOfWork, reference: str) -> KeyRow:
    """The key with that public id or prefix; raises KeyNotFound."""
    found = unit.fetch_one(
        KeyRow,
        f"{_SELECT} WHERE k.public_id = :reference OR k.prefix = :reference",
        reference=reference,
    )
    if found is None:
        raise KeyNotFound(f"there is no API key {reference!r}")
    return found


def find_key_of_prefix(unit: UnitOfWork, prefix: str) -> KeyRow | None:
    """The key with that prefix, or None."""
    return unit.fetch_one(KeyRow, f"{_SELECT} WHERE k.prefix = :prefix", prefix=prefix)


def keys_of(unit: UnitOfWork, organization_id: int) -> list[KeyRow]:
    """The organization's keys, oldest first."""
    return unit.fetch(
        KeyRow,
        f"{_SELECT} WHERE k.organization_id = :organization_id ORDER BY k.id",
        organization_id=organization_id,
    )


def all_keys(unit: UnitOfWork) -> list[KeyRow]:
    """Every key, by organization."""
    return unit.fetch(KeyRow, f"{_SELECT} ORDER BY o.slug, k.id")


def key_name_is_taken(unit: UnitOfWork, organization_id: int, name: str) -> bool:
    """Whether the organization has a key of that name."""
    found = unit.fetch_value(
        "SELECT 1 FROM api_key WHERE organization_id = :organization_id AND name = :name",
        organization_id=organization_id,
        name=name,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A key's hash, for who is shown a secret."""

    id: int
    secret_hash: str


def find_secret(unit: UnitOfWork, prefix: str) -> SecretRow | None:
    """The hash of the key with that prefix, or None."""
    return unit.fetch_one(
        SecretRow,
        "SELECT id, secret_hash FROM api_key WHERE prefix = :prefix",
        prefix=prefix,
    )


def set_key_end(unit: UnitOfWork, key_id: int, at: datetime) -> None:
    """Let the key open nothing from then on."""
    unit.run("UPDATE api_key SET expires_at = :at WHERE id = :id", id=key_id, at=at)


def rename_key(unit: UnitOfWork, key_id: int, name: str) -> None:
    """Call the key something else."""
    unit.run("UPDATE api_key SET name = :name WHERE id = :id", id=key_id, name=name)


def move_keys(unit: UnitOfWork, from_id: int, to_id: int) -> int:
    """Give all of an organization's keys to another one; returns how many."""
    return unit.run(
        "UPDATE api_key SET organization_id = :to_id WHERE organization_id = :from_id",
        from_id=from_id,
        to_id=to_id,
    )


def plans_of_keys(unit: UnitOfWork) -> dict[int, int]:
    """The plan that a key is bound to, by internal ids; keys without one are left out."""
    rows = unit.fetch_rows("SELECT id, plan_id FROM api_key WHERE plan_id IS NOT NULL")
    return {int(key_id): int(plan_id) for key_id, plan_id in rows}


def revoke(unit: UnitOfWork, key_id: int, at: datetime) -> None:
    """Mark the key revoked, once."""
    unit.run(
        """
        UPDATE api_key SET status = 'revoked', revoked_at = :at
        WHERE id = :id AND status = 'active'
        """,
        id=key_id,
        at=at,
    )
