"""Rows of the database as a file, block by block: what is in memory is one block."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from creditctl.adapters.row_writers import Writer


@dataclass(frozen=True, slots=True)
class Totals:
    """What was written."""

    rows: int
    micro: int
    """The sum of one column, in micro-credits."""


def write_rows(
    stream: BinaryIO,
    writer: Writer,
    columns: Mapping[str, str],
    blocks: Iterable[Sequence[tuple[Any, ...]]],
    *,
    summed: str,
) -> Totals:
    """Write blocks of rows, whose values are those of the columns (name -> kind) in order."""
    import pyarrow as pa

    schema = pa.schema([(name, writer.column(kind)) for name, kind in columns.items()])
    place = list(columns).index(summed)
    output = writer.open_writer(stream, schema)
    count = micro = 0
    for rows in blocks:
        if not rows:
            continue
        arrays = [
            pa.array(writer.cells(kind, values), writer.column(kind))
            for values, kind in zip(zip(*rows, strict=True), columns.values(), strict=True)
        ]
        output.write_batch(pa.record_batch(arrays, schema=schema))
        count += len(rows)
        micro += sum(row[place] for row in rows)
    output.close()
    return Totals(count, micro)
