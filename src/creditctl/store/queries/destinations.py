"""Destinations of notifications, and what each is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.store.engine import UnitOfWork

_SELECT = """
    SELECT d.id, d.public_id, d.organization_id, o.slug, d.channel, d.address, d.state, d.secret,
           d.previous_secret, d.previous_secret_until, d.failures, d.open_until, d.created_at
    FROM destination AS d LEFT JOIN organization AS o ON o.id = d.organization_id
"""


@dataclass(frozen=True, slots=True)
class DestinationRow:
    """A destination with its secrets: never to be shown as it is."""

    id: int
    public_id: str
    organization_id: int | None
    organization: str | None
    channel: str
    address: str
    state: str
    secret: str | None
    previous_secret: str | None
    previous_secret_until: datetime | None
    failures: int
    open_until: datetime | None
    created_at: datetime

    def __repr__(self) -> str:
        return f"<destination {self.public_id}>"  # no secret in a traceback


@dataclass(frozen=True, slots=True)
class WishRow:
    """One thing that a destination is told."""

    destination_id: int
    pattern: str


def insert_destination(unit: UnitOfWork, patterns: Iterable[str], **columns: Any) -> int:
    """Insert an active destination that is told these; returns its internal id."""
    destination_id = unit.insert("destination", state="active", failures=0, **columns)
    unit.run_many(
        "INSERT INTO destination_wish (destination_id, pattern) VALUES (:id, :pattern)",
        [{"id": destination_id, "pattern": pattern} for pattern in patterns],
    )
    return destination_id


def update_destination(unit: UnitOfWork, destination_id: int, **columns: Any) -> None:
    """Change the columns that are given."""
    assigned = ", ".join(f"{name} = :{name}" for name in columns)
    unit.run(f"UPDATE destination SET {assigned} WHERE id = :id", id=destination_id, **columns)


def destination_named(unit: UnitOfWork, public_id: str) -> DestinationRow | None:
    """The destination of that id, or None; removed ones are gone."""
    return unit.fetch_one(
        DestinationRow,
        f"{_SELECT} WHERE d.public_id = :id AND d.state <> 'removed'",
        id=public_id,
    )


def destination_rows(unit: UnitOfWork, organization_id: int | None) -> list[DestinationRow]:
    """Every destination, or those that are told of one organization; company-wide ones first."""
    return unit.fetch(
        DestinationRow,
        f"""
        {_SELECT}
        WHERE d.state <> 'removed'
          AND (CAST(:id AS BIGINT) IS NULL OR d.organization_id = :id OR d.organization_id IS NULL)
        ORDER BY COALESCE(o.slug, ''), d.id
        """,
        id=organization_id,
    )


def wishes(unit: UnitOfWork) -> dict[int, tuple[str, ...]]:
    """What each destination is told, in the order of the alphabet."""
    rows = unit.fetch(WishRow, "SELECT destination_id, pattern FROM destination_wish ORDER BY 1, 2")
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row.destination_id] = (*found.get(row.destination_id, ()), row.pattern)
    return found


def has_destinations(unit: UnitOfWork, organization_id: int) -> bool:
    """Whether anybody is told of this organization."""
    return bool(
        unit.fetch_value(
            """
            SELECT EXISTS (
                SELECT 1 FROM destination WHERE state = 'active'
                  AND (organization_id = :organization_id OR organization_id IS NULL))
            """,
            organization_id=organization_id,
        )
    )


def is_wanted(unit: UnitOfWork, patterns: Iterable[str]) -> bool:
    """Whether anybody's destination is told one of these."""
    words = sorted(patterns)
    places = ", ".join(f":pattern_{i}" for i in range(len(words)))
    found = unit.fetch_value(
        f"SELECT 1 FROM destination_wish WHERE pattern IN ({places}) LIMIT 1",
        **{f"pattern_{i}": word for i, word in enumerate(words)},
    )
    return found is not None


def destinations_wanting(
    unit: UnitOfWork, organization_id: int, patterns: Iterable[str]
) -> list[int]:
    """Active ones, of the organization and company-wide, that are told one of these; by id."""
    words = sorted(patterns)
    places = ", ".join(f":pattern_{i}" for i in range(len(words)))
    rows = unit.fetch_rows(
        f"""
        SELECT d.id FROM destination AS d
        WHERE d.state = 'active'
          AND (d.organization_id = :organization_id OR d.organization_id IS NULL)
          AND EXISTS (SELECT 1 FROM destination_wish AS w
                      WHERE w.destination_id = d.id AND w.pattern IN ({places}))
        ORDER BY d.id
        """,
        organization_id=organization_id,
        **{f"pattern_{i}": word for i, word in enumerate(words)},
    )
    return [int(found) for (found,) in rows]


def move_destinations(unit: UnitOfWork, from_id: int, to_id: int) -> int:
    """Give an organization's destinations to another one, except where that is told already.

    They keep their ids, secrets and what they are told; returns how many moved.
    """
    return unit.run(
        """
        UPDATE destination SET organization_id = :to_id
        WHERE organization_id = :from_id AND state <> 'removed' AND NOT EXISTS (
            SELECT 1 FROM destination AS known
            WHERE known.organization_id = :to_id AND known.state <> 'removed'
              AND known.channel = destination.channel AND known.address = destination.address)
        """,
        from_id=from_id,
        to_id=to_id,
    )
