"""`usage mappings`: how the files of a gateway are read, saved under a name (DESIGN 3.5)."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from creditctl.adapters.readers import ALIASES, AUTO, reader_for
from creditctl.context import Context
from creditctl.errors import InvalidInput, NotFound
from creditctl.rules.usage_mapping import FieldSource, refuse_fields_mapped_twice
from creditctl.services.audit import record_change
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.usage_mappings import (
    MappingRow,
    all_mappings,
    delete_mapping,
    mapping_named,
    put_mapping,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class MappedField:
    """A field of events, the column it is read from, and the file that translates its values."""

    field: str
    column: str
    lookup: str | None


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A way to read files, for `usage import --mapping`."""

    name: str
    format: str
    maps: str
    """The fields as `--map` takes them, for a glance."""

    fields: tuple[MappedField, ...]
    saved_at: datetime
    saved_by: str


def list_mappings(context: Context) -> list[SavedMapping]:
    """Every mapping, by name."""
    with reading(context.database) as unit:
        return [_saved(row) for row in all_mappings(unit)]


def read_mapping(context: Context, name: str) -> SavedMapping:
    """The mapping of that name; raises NotFound."""
    with reading(context.database) as unit:
        return _saved(_find(unit, name))


def joined_with_saved(
    context: Context, name: str, format_name: str, given: Sequence[FieldSource]
) -> tuple[str, list[FieldSource]]:
    """The format and fields of a saved mapping, what is given now before them.

    Raises NotFound, InvalidInput for a field given twice.
    """
    saved = read_mapping(context, name)
    refuse_fields_mapped_twice(given)
    fields = {one.field for one in given}
    sources = [FieldSource(one.field, one.column, one.lookup) for one in saved.fields]
    kept = [source for source in sources if source.field not in fields]
    return saved.format if format_name == AUTO else format_name, [*kept, *given]


def save_mapping(
    context: Context, name: str, sources: Sequence[FieldSource], *, format_name: str = AUTO
) -> SavedMapping:
    """Save a mapping, or replace the one of that name.

    Files of look-ups are remembered by their full paths and read at every import. Raises
    InvalidInput for a name that cannot be typed, an unknown format, or a field given twice.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot be a mapping's name", hint="use a-z, 0-9 and -, such as edge-gateway"
        )
    format_name = ALIASES.get(format_name, format_name)
    if format_name != AUTO:
        reader_for(format_name)
    refuse_fields_mapped_twice(sources)
    fields = [
        MappedField(one.field, one.column, one.lookup and str(Path(one.lookup).resolve()))
        for one in sources
    ]
    with unit_of_work(context.database) as unit:
        before = mapping_named(unit, name)
        put_mapping(
            unit,
            name=name,
            format_name=format_name,
            fields=json.dumps([[one.field, one.column, one.lookup] for one in fields]),
            at=context.now,
            actor=context.actor,
        )
        saved = _saved(_find(unit, name))
        record_change(
            unit,
            context,
            "usage_mapping.saved",
            name,
            before=None if before is None else _facts(_saved(before)),
            after=_facts(saved),
        )
    return saved


def remove_mapping(context: Context, name: str) -> SavedMapping:
    """Delete a mapping; what was imported with it stays. Raises NotFound."""
    with unit_of_work(context.database) as unit:
        row = _find(unit, name)
        delete_mapping(unit, row.id)
        gone = _saved(row)
        record_change(unit, context, "usage_mapping.removed", name, before=_facts(gone))
    return gone


def _find(unit: UnitOfWork, name: str) -> MappingRow:
    row = mapping_named(unit, name)
    if row is None:
        raise NotFound(
            f"there is no mapping {name!r}", hint="'creditctl usage mappings list' shows them"
        )
    return row


def _saved(row: MappingRow) -> SavedMapping:
    fields = tuple(MappedField(*each) for each in json.loads(row.fields))
    words = [
        f"{one.field}={one.column}" + (f"@{one.lookup}" if one.lookup else "") for one in fields
    ]
    return SavedMapping(
        name=row.name,
        format=row.format,
        maps=" ".join(words),
        fields=fields,
        saved_at=row.created_at,
        saved_by=row.actor,
    )


def _facts(saved: SavedMapping) -> dict[str, str]:
    return {"format": saved.format, "maps": saved.maps}
