"""How the columns of one file become the fields of events."""

import json
from collections.abc import Sequence
from hashlib import sha256

from creditctl.adapters.readers import Record, Records
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject, storable
from creditctl.rules.usage_mapping import FieldSource, missing_column
from creditctl.services.usage_files import read_lookup


class FieldMapping:
    """Renames columns and looks values up; raises FileMissing or InvalidInput for a bad lookup."""

    def __init__(self, sources: Sequence[FieldSource]) -> None:
        self._columns = {source.field: source.column for source in sources}
        self._lookups = {
            source.field: (source.lookup, read_lookup(source.lookup))
            for source in sources
            if source.lookup
        }

    def fingerprint(self) -> str:
        """Equal for mappings that do the same, so that a file is not imported twice."""
        tables = {field: table for field, (_, table) in self._lookups.items()}
        text = json.dumps([self._columns, tables], sort_keys=True)
        return sha256(text.encode()).hexdigest()[:32] if self._columns else ""

    def check(self, records: Records, name: str, *, organization_given: bool) -> None:
        """Raise InvalidInput when the file lacks a column that every event needs."""
        if records.columns is None:
            return
        lacking = missing_column(
            records.columns, self._columns, organization_given=organization_given
        )
        if lacking is not None:
            field, column = lacking
            raise InvalidInput(
                f"{name} has no column {column!r} for {field}",
                hint=f"name it with --map {field}=COLUMN; columns: {', '.join(records.columns)}",
            )

    def fields_of(self, record: Record) -> dict[str, str] | Reject:
        """The record's fields under their own names; a value its lookup lacks is a reject."""
        if not self._columns:
            return record.fields
        fields = record.fields.copy()
        for field, column in self._columns.items():
            value = record.fields.get(column, "")
            if field in self._lookups:
                name, table = self._lookups[field]
                if value not in table:
                    return Reject(record.line, field, storable(value), f"is not in {name}")
                value = table[value]
            fields[field] = value
        return fields
