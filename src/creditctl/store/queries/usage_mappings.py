"""Saved ways to read a usage file."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork

_SELECT = "SELECT id, name, format, fields, created_at, actor FROM usage_mapping"


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A saved mapping; `fields` is JSON."""

    id: int
    name: str
    format: str
    fields: str
    created_at: datetime
    actor: str


def mapping_named(unit: UnitOfWork, name: str) -> MappingRow | None:
    """The mapping of that name, or None."""
    return unit.fetch_one(MappingRow, f"{_SELECT} WHERE name = :name", name=name)


def all_mappings(unit: UnitOfWork) -> list[MappingRow]:
    """Every mapping, by name."""
    return unit.fetch(MappingRow, f"{_SELECT} ORDER BY name")


def put_mapping(
    unit: UnitOfWork, *, name: str, format_name: str, fields: str, at: datetime, actor: str
) -> None:
    """Insert a mapping, or replace the one of that name."""
    unit.run(
        """
        INSERT INTO usage_mapping (name, format, fields, created_at, actor)
        VALUES (:name, :format, :fields, :at, :actor)
        ON CONFLICT (name) DO UPDATE SET format = excluded.format, fields = excluded.fields,
            created_at = excluded.created_at, actor = excluded.actor
        """,
        name=name,
        format=format_name,
        fields=fields,
        at=at,
        actor=actor,
    )


def delete_mapping(unit: UnitOfWork, mapping_id: int) -> None:
    """Delete it; what was imported with it stays."""
    unit.run("DELETE FROM usage_mapping WHERE id = :id", id=mapping_id)
