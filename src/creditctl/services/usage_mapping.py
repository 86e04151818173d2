"""How the columns of one file become the fields of events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from creditctl.adapters.readers import Block
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import FIELDS, Reject, storable
from creditctl.rules.usage_mapping import (
    FieldSource,
    missing_column,
    refuse_fields_mapped_twice,
)
from creditctl.services.usage_files import read_lookup


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """A block's records under the names that events have for their fields."""

    lines: Any
    fields: dict[str, Any]
    rejects: list[Reject]


class FieldMapping:
    """Renames columns and looks values up; raises FileMissing or InvalidInput for a bad lookup."""

    def __init__(self, sources: Sequence[FieldSource]) -> None:
        refuse_fields_mapped_twice(sources)
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

    def wanted(self) -> set[str]:
        """The columns that a reader has to deliver."""
        return {self._columns.get(field, field) for field in FIELDS}

    def check(
        self, columns: tuple[str, ...] | None, name: str, *, organization_given: bool
    ) -> None:
        """Raise InvalidInput when the file lacks a column that every event needs."""
        if columns is None:
            return
        lacking = missing_column(columns, self._columns, organization_given=organization_given)
        if lacking is not None:
            field, column = lacking
            raise InvalidInput(
                f"{name} has no column {column!r} for {field}",
                hint=f"name it with --map {field}=COLUMN; columns: {', '.join(columns)}",
            )

    def mapped(self, block: Block) -> MappedBlock:
        """The block's fields; records with a value that a lookup lacks are rejects."""
        fields = {
            field: block.columns[self._columns.get(field, field)]
            for field in FIELDS
            if self._columns.get(field, field) in block.columns
        }
        lines, rejects = block.lines, list(block.rejects)
        for field in self._lookups:
            kept = self._look_up(field, fields, lines, rejects)
            lines = lines[kept]
            fields = {name: column.filter(pa.array(kept)) for name, column in fields.items()}
        return MappedBlock(lines, fields, rejects)

    def _look_up(
        self, field: str, fields: dict[str, Any], lines: Any, rejects: list[Reject]
    ) -> Any:
        """Translate a column by its lookup; returns a mask of the records it knows."""
        name, table = self._lookups[field]
        column = fields[field]
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
        words = [word or "" for word in column.dictionary.to_pylist()] + [""]
        codes = column.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
        kept = np.array([word in table for word in words], bool)[codes]
        for place in np.flatnonzero(~kept).tolist():
            value = storable(words[int(codes[place])])
            rejects.append(Reject(int(lines[place]), field, value, f"is not in {name}"))
        translated = pa.array([table.get(word, "") for word in words], pa.string())
        fields[field] = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), translated)
        return kept
