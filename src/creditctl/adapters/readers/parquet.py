"""Parquet: read by row groups, in batches; a row's number stands for its line."""

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.lines import shown
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

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
    for column in read:
        kind = file.schema_arrow.field(column).type
        if pa.types.is_nested(kind):
            raise InvalidInput(f"{name}: column {column!r} holds {kind}, not single values")
    return Blocks(columns, _blocks(file, name, read))


def _blocks(file: Any, name: str, read: list[str]) -> Iterator[Block]:
    first = 1
    batches = file.iter_batches(_BATCH_ROWS, columns=read, use_threads=False)
    while (batch := _next(batches, name)) is not None:
        yield _block(batch, read, np.arange(first, first + batch.num_rows))
        first += batch.num_rows


def _block(batch: Any, read: list[str], lines: Any) -> Block:
    """The rows of a batch; those with bytes that are no text are rejects."""
    rejects: list[Reject] = []
    columns = {}
    sound = np.ones(len(lines), bool)
    for name in read:
        try:
            columns[name] = _column(batch.column(name))
        except pa.ArrowInvalid:
            columns[name] = _decoded(batch.column(name), name, lines, sound, rejects)
    if rejects:
        columns = {name: column.filter(pa.array(sound)) for name, column in columns.items()}
    return Block(lines[sound], columns, rejects)


def _decoded(column: Any, name: str, lines: Any, sound: Any, rejects: list[Reject]) -> Any:
    """Bytes as text, one by one; a row is told once what is wrong with it."""
    texts: list[str | None] = []
    for place, value in enumerate(column.to_pylist()):
        try:
            texts.append(value if value is None else value.decode())
        except UnicodeDecodeError:
            texts.append(None)
            if sound[place]:
                sound[place] = False
                rejects.append(Reject(int(lines[place]), name, shown(value), "is not UTF-8 text"))
    return pa.array(texts, pa.string())


def _next(batches: Iterator[Any], name: str) -> Any:
    try:
        return next(batches, None)
    except (pa.ArrowInvalid, OSError) as problem:
        raise _damaged(name, problem) from None


def _column(column: Any) -> Any:
    """Text as the other formats give it; types with a meaning of their own as they are."""
    kind = column.type
    if kind == pa.uuid():
        return pa.array([value and str(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_dictionary(kind):
        return column.cast(pa.dictionary(pa.int32(), pa.string()))
    return column.cast(pa.string()) if _is_text(kind) else column


def _is_text(kind: Any) -> bool:
    """Text of any kind; some writers do not say that their bytes are text."""
    return any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_fixed_size_binary,
        )
    )


def _damaged(name: str, problem: Exception) -> InvalidInput:
    return InvalidInput(f"{name} is a damaged Parquet file: {str(problem).splitlines()[0]}")
