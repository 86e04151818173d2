"""Access logs of one line of text per request, of which a regular expression tells the parts."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.lines import LineBlock, bad_line, line_blocks, sound_lines
from creditctl.rules.event_ids import id_of_line, line_fingerprint
from creditctl.rules.usage_events import Reject

_LOOKED_AT = 20
"""Lines of a file's beginning, of which one has to be a log's."""


@dataclass(frozen=True, slots=True)
class TextLog:
    """A log's format: what the groups of its pattern are, in their order."""

    columns: tuple[str, ...]
    line: re.Pattern[str]
    name: str

    def matches(self, head: bytes) -> bool:
        """Whether a file that begins like this is such a log: scanners may fill its first lines."""
        lines = head.lstrip().split(b"\n", _LOOKED_AT)[:_LOOKED_AT]
        texts = (line.strip().decode("utf-8", "replace") for line in lines)
        return any(self.line.fullmatch(text) for text in texts)


def open_log(stream: BinaryIO, wanted: Collection[str], log: TextLog) -> Blocks:
    """Begin to read; a line without an id gets one that is the same in every import of it."""
    columns = tuple(dict.fromkeys(("id", *log.columns)))
    return Blocks(columns, _blocks(stream, [name for name in columns if name in wanted], log))


def _blocks(stream: BinaryIO, wanted: list[str], log: TextLog) -> Iterator[Block]:
    # One 64-bit number per distinct line: that much memory the ids of a log cost.
    seen: dict[int, int] = {}
    for block in line_blocks(stream):
        if isinstance(block, Reject):
            yield Block(np.empty(0, np.int64), _columns([], wanted), [block])
        else:
            yield _block(block, wanted, log, seen)


def _block(block: LineBlock, wanted: list[str], log: TextLog, seen: dict[int, int]) -> Block:
    sound, rejects = sound_lines(block)
    numbers, records = [], []
    for index in np.flatnonzero(sound).tolist():
        raw = block.line(index).strip()
        found = log.line.fullmatch(raw.decode())
        if found is None:
            rejects.append(bad_line(block, index, f"is not in {log.name}"))
            continue
        values = ("" if text in (None, "-") else text for text in found.groups())
        record = dict(zip(log.columns, values, strict=True))
        if not record.get("id"):
            fingerprint = line_fingerprint(raw)
            seen[fingerprint] = seen.get(fingerprint, -1) + 1
            record["id"] = id_of_line(raw, seen[fingerprint])
        numbers.append(int(block.numbers[index]))
        records.append(record)
    return Block(np.array(numbers, np.int64), _columns(records, wanted), rejects)


def _columns(records: list[dict[str, str]], wanted: list[str]) -> dict[str, Any]:
    return {name: pa.array([record[name] for record in records], pa.string()) for name in wanted}
