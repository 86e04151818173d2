"""NDJSON: one JSON object per line, its members the event's fields; `a.b` is b inside of a."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from io import BufferedReader
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
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENING, _CLOSING, _RETURN = b"{}\r"
# Numbers stay the text that was written: "1e3" or "0.1" must never become a float.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_BLOCK_BYTES = BLOCK_BYTES * 3 // 2
"""A line with the names of its members is longer: as many events as a block of CSV."""

_KINDS = {str: pa.string(), int: pa.int64()}
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_HALVES = (b"\\ud", b"\\uD")
"""How JSON writes them: two make a character, one alone is no text."""

_ARRAY = re.compile(rb"\s*\[\s*[{\]]")


def recognises(head: bytes) -> bool:
    """Objects begin with a brace; an array of them is told how to become lines."""
    bare = head.removeprefix(BYTE_ORDER_MARK)
    return bare.lstrip().startswith(b"{") or _ARRAY.match(bare) is not None


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:
    """Begin to read; every object has its own columns; raises InvalidInput for an array."""
    head = stream.peek() if isinstance(stream, BufferedReader) else b""
    if _ARRAY.match(head.removeprefix(BYTE_ORDER_MARK)):
        raise InvalidInput(
            f"{name} is a JSON array, not an object per line",
            hint="jq -c '.[]' FILE writes its objects as lines",
        )
    return Blocks(None, _blocks(stream, sorted(wanted)))


def columns_of(records: Sequence[dict[str, Any]], wanted: Collection[str]) -> dict[str, Any]:
    """The wanted members of some objects as columns of text."""
    return {
        name: pa.array([text_of(member(record, name)) for record in records], pa.string())
        for name in wanted
    }


def first_object(head: bytes) -> dict[str, Any] | None:
    """The object that the first line is, or None."""
    first = head.removeprefix(BYTE_ORDER_MARK).lstrip().partition(b"\n")[0]
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


def not_text(place: int, record: dict[str, Any], names: Iterable[str]) -> Reject | None:
    """The reject for a record of which one of these members cannot be stored as text."""
    for name in names:
        value = member(record, name)
        if isinstance(value, str) and _HALF_A_CHARACTER.search(value):
            return Reject(place, name, value, "is not text")
    return None


def objects_of(
    block: LineBlock, sound: Any, names: Collection[str]
) -> tuple[Any, list[dict[str, Any]], list[Reject]]:
    """The objects of the sound lines, one by one, with their line numbers; and what is none.

    `names` are the members whose values have to be text.
    """
    numbers, records, rejects = [], [], []
    for index in np.flatnonzero(sound).tolist():
        line = block.line(index).removeprefix(BYTE_ORDER_MARK)
        try:
            found = _DECODER.decode(line.decode())
        except (ValueError, RecursionError):
            rejects.append(bad_line(block, index, "is not JSON"))
            continue
        if not isinstance(found, dict):
            rejects.append(bad_line(block, index, "is not a JSON object"))
            continue
        number = int(block.numbers[index])
        has_halves = any(half in line for half in _HALVES)
        if has_halves and (reject := not_text(number, found, names)):
            rejects.append(reject)
            continue
        numbers.append(number)
        records.append(found)
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
    numbers, records, bad = objects_of(block, sound, wanted)
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
