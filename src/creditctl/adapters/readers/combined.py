"""Access logs of Apache and nginx in combined (or common) log format.

Columns: client, user, time, method, path, status, units (bytes sent), referrer, agent, id. A log
has no request ids; a line's id comes from its bytes and from how many equal lines stand above it.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.lines import LineBlock, bad_line, line_blocks, sound_lines
from creditctl.rules.event_ids import id_of_line, line_fingerprint
from creditctl.rules.usage_events import Reject

COLUMNS = (
    "id", "client", "user", "time", "method", "path", "status", "units", "referrer", "agent",
)  # fmt: skip

_LINE = re.compile(
    r'(\S+) \S+ (\S+) \[([^\]]*)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)'
    r'(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?.*',
    re.ASCII,
)


def recognises(head: bytes) -> bool:
    """Whether the first line has an access log's shape."""
    first = head.lstrip().partition(b"\n")[0].strip()
    return _LINE.fullmatch(first.decode("utf-8", "replace")) is not None


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; the columns are fixed."""
    return Blocks(COLUMNS, _blocks(stream, [column for column in COLUMNS if column in wanted]))


def _blocks(stream: BinaryIO, wanted: list[str]) -> Iterator[Block]:
    # One 64-bit number per distinct line: that much memory the ids of a log cost.
    seen: dict[int, int] = {}
    for block in line_blocks(stream):
        if isinstance(block, Reject):
            yield Block(np.empty(0, np.int64), _columns([], wanted), [block])
        else:
            yield _block(block, wanted, seen)


def _block(block: LineBlock, wanted: list[str], seen: dict[int, int]) -> Block:
    sound, rejects = sound_lines(block)
    numbers, records = [], []
    for index in np.flatnonzero(sound).tolist():
        raw = block.line(index).strip()
        record = _record(raw, seen)
        if isinstance(record, str):
            rejects.append(bad_line(block, index, record))
        else:
            numbers.append(int(block.numbers[index]))
            records.append(record)
    return Block(np.array(numbers, np.int64), _columns(records, wanted), rejects)


def _record(raw: bytes, seen: dict[int, int]) -> dict[str, str] | str:
    """A line's columns, or why it has none."""
    found = _LINE.fullmatch(raw.decode())
    if found is None:
        return "is not in combined log format"
    client, user, time, request, status, size, referrer, agent = found.groups(default="")
    words = request.split(" ")
    if len(words) not in (2, 3) or not words[1].startswith(("/", "http")):
        return "asks for no method and path"
    fingerprint = line_fingerprint(raw)
    occurrence = seen.get(fingerprint, 0)
    seen[fingerprint] = occurrence + 1
    values = (
        id_of_line(raw, occurrence), client, user, time, words[0], words[1], status,
        "0" if size == "-" else size, referrer, agent,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _columns(records: list[dict[str, str]], wanted: list[str]) -> dict[str, Any]:
    return {name: pa.array([record[name] for record in records], pa.string()) for name in wanted}
