"""Parquet: read by row groups, in batches; a row's number stands for its line."""

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from creditctl.adapters.readers import Block, Blocks
from creditctl.errors import InvalidInput

_MAGIC = b"PAR1"
_BATCH_ROWS = 65_536


def recognises(head: bytes) -> bool:
    """Parquet says so itself."""
    return head.startswith(_MAGIC)


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:
    """Read the schema; raises InvalidInput for a damaged file, or one that was packed again."""
    if not stream.seekable():
        raise InvalidInput(f"{name}: a Parquet file cannot be read packed", hint="unpack it first")
    from pyarrow import parquet  # not for recognising other formats

    try:
        file = parquet.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError) as problem:
        raise _damaged(name, problem) from None
    columns = tuple(file.schema_arrow.names)
    read = [column for column in columns if column in wanted]
    return Blocks(columns, _blocks(file, name, read))


def _blocks(file: Any, name: str, read: list[str]) -> Iterator[Block]:
    first = 1
    batches = file.iter_batches(_BATCH_ROWS, columns=read, use_threads=False)
    while (batch := _next(batches, name)) is not None:
        lines = np.arange(first, first + batch.num_rows)
        yield Block(lines, {column: _column(batch.column(column)) for column in read})
        first += batch.num_rows


def _next(batches: Iterator[Any], name: str) -> Any:
    try:
        return next(batches, None)
    except (pa.ArrowInvalid, OSError) as problem:
        raise _damaged(name, problem) from None


def _column(column: Any) -> Any:
    """Text as the other formats give it; types with a meaning of their own as they are."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(pa.dictionary(pa.int32(), pa.string()))
    return column.cast(pa.string()) if _is_text(kind) else column


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _damaged(name: str, problem: Exception) -> InvalidInput:
    return InvalidInput(f"{name} is a damaged Parquet file: {str(problem).splitlines()[0]}")
