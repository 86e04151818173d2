"""NDJSON: one JSON object per line, its members the event's fields; `a.b` is b inside of a."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.lines import (
    BLOCK_BYTES,
    LineBlock,
    bad_line,
    line_blocks,
    sound_lines,
)
from creditctl.adapters.readers.uniform_lines import uniform_columns
from creditctl.rules.usage_events import Reject

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENING, _CLOSING, _RETURN = b"{}\r"
# Numbers stay the text that was written: "1e3" or "0.1" must never become a float.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_BLOCK_BYTES = BLOCK_BYTES * 3 // 2
"""A line with the names of its members is longer: as many events as a block of CSV."""

_KINDS = {str: pa.string(), int: pa.int64()}


def recognises(head: bytes) -> bool:
    """Objects begin with a brace."""
    return head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"{")


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; every object has its own columns."""
    return Blocks(None, _blocks(stream, sorted(wanted)))


def columns_of(records: Sequence[dict[str, Any]], wanted: Collection[str]) -> dict[str, Any]:
    """The wanted members of some objects as columns of text."""
    return {
        name: pa.array([text_of(member(record, name)) for record in records], pa.string())
        for name in wanted
    }


def first_object(head: bytes) -> dict[str, Any] | None:
    """The object that the first line is, or None."""
    first = head.removeprefix(_BYTE_ORDER_MARK).lstrip().partition(b"\n")[0]
    try:
        found = _DECODER.decode(first.strip().decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def member(record: dict[str, Any], name: str) -> Any:
    """A member by its name, or by the names on the way to it; None when it is not there."""
    if name in record:
        return record[name]
    outer, dot, inner = name.partition(".")
    found = record.get(outer) if dot else None
    return member(found, inner) if isinstance(found, dict) else None


def text_of(value: Any) -> str | None:
    """A decoded value as an event's field has it."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def objects_of(block: LineBlock, sound: Any) -> tuple[Any, list[dict[str, Any]], list[Reject]]:
    """The objects of the sound lines, one by one, with their line numbers; and what is none."""
    numbers, records, rejects = [], [], []
    for index in np.flatnonzero(sound).tolist():
        line = block.line(index).removeprefix(_BYTE_ORDER_MARK)
        try:
            found = _DECODER.decode(line.decode())
        except (ValueError, RecursionError):
            rejects.append(bad_line(block, index, "is not JSON"))
            continue
        if isinstance(found, dict):
            numbers.append(int(block.numbers[index]))
            records.append(found)
        else:
            rejects.append(bad_line(block, index, "is not a JSON object"))
    return np.array(numbers, np.int64), records, rejects


def _blocks(stream: BinaryIO, wanted: list[str]) -> Iterator[Block]:
    for block in line_blocks(stream, size=_BLOCK_BYTES):
        if isinstance(block, Reject):
            yield Block(np.empty(0, np.int64), columns_of([], wanted), [block])
        else:
            yield _block(block, wanted)


def _block(block: LineBlock, wanted: list[str]) -> Block:
    sound, rejects = sound_lines(block)
    columns = None
    if sound.all():
        columns = uniform_columns(block, wanted) or _read_at_once(block, wanted)
    if columns is not None:
        return Block(block.numbers, columns, rejects)
    numbers, records, bad = objects_of(block, sound)
    return Block(numbers, columns_of(records, wanted), rejects + bad)


def _read_at_once(block: LineBlock, wanted: list[str]) -> dict[str, Any] | None:
    """The columns as the library reads them; None where lines and objects might not agree."""
    if not _is_object_per_line(block):
        return None
    schema = _schema(block, wanted)
    if schema is None:
        return None
    try:
        table = arrow_json.read_json(
            pa.BufferReader(block.data),
            arrow_json.ReadOptions(use_threads=False, block_size=len(block.data) + 1),
            arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(block.ends):
        return None
    found = {name: table.column(name).combine_chunks() for name in schema.names}
    return {name: found.get(name, pa.nulls(table.num_rows, pa.string())) for name in wanted}


def _is_object_per_line(block: LineBlock) -> bool:
    data = np.frombuffer(block.data, np.uint8)
    lasts = data[block.ends - 2]
    returned = lasts == _RETURN
    if returned.any():
        lasts = np.where(returned, data[block.ends - 3], lasts)
    return bool((data[block.starts] == _OPENING).all() and (lasts == _CLOSING).all())


def _schema(block: LineBlock, wanted: list[str]) -> Any:
    """The kinds of the wanted members, guessed from the first line; the library checks the rest."""
    try:
        first = json.loads(block.line(0))
    except (ValueError, RecursionError):
        return None
    if any("." in name for name in wanted):
        return None
    kinds = {name: _KINDS.get(type(first.get(name, ""))) for name in wanted}
    return None if None in kinds.values() else pa.schema(list(kinds.items()))
