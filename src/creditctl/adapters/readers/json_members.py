"""Records of JSON objects whose fields have names, or places, of their own."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.lines import line_blocks, sound_lines
from creditctl.adapters.readers.ndjson import first_object, member, objects_of, text_of
from creditctl.rules.event_ids import id_of_line, line_fingerprint
from creditctl.rules.usage_events import Reject

Members = Mapping[str, Sequence[str]]
"""Field -> the members that may hold it, the first one that is there counts."""

Judge = Callable[[int, dict[str, Any]], Reject | None]
"""Why the object on that line is no record, if it is none."""


def has_members(head: bytes, *names: str) -> bool:
    """Whether a file begins with a line that is an object with all of these members."""
    found = first_object(head)
    return found is not None and all(member(found, name) is not None for name in names)


def open_lines(
    stream: BinaryIO, wanted: Collection[str], members: Members, judge: Judge | None = None
) -> Blocks:
    """One object per line; unless there is a judge, a record without an id gets one of its line."""
    return Blocks(None, _blocks(stream, sorted(wanted), members, judge))


def members_of(wanted: Collection[str], members: Members) -> list[str]:
    """All the members that may hold these fields."""
    return [one for name in wanted for one in members.get(name, (name,))]


def columns_of(
    records: Sequence[dict[str, Any]], wanted: Collection[str], members: Members
) -> dict[str, Any]:
    """The wanted fields of some objects as columns of text."""
    return {
        name: pa.array(
            [_first(record, members.get(name, (name,))) for record in records], pa.string()
        )
        for name in wanted
    }


def _blocks(
    stream: BinaryIO, wanted: list[str], members: Members, judge: Judge | None
) -> Iterator[Block]:
    seen: dict[int, int] = {}
    names = members_of(wanted, members)
    for block in line_blocks(stream):
        if isinstance(block, Reject):
            yield Block(np.empty(0, np.int64), columns_of([], wanted, members), [block])
            continue
        sound, rejects = sound_lines(block)
        numbers, records, bad = objects_of(block, sound, names)
        if judge is None:
            for number, record in zip(numbers.tolist(), records, strict=True):
                if _first(record, members["id"]) is None:
                    record["id"] = _id_of(block.line(number - block.first), seen)
        else:
            numbers, records, refused = judged(numbers.tolist(), records, judge)
            bad += refused
        yield Block(numbers, columns_of(records, wanted, members), rejects + bad)


def judged(
    places: Sequence[int], records: Sequence[dict[str, Any]], judge: Judge
) -> tuple[Any, list[dict[str, Any]], list[Reject]]:
    """The records that a judge lets pass, with their places, and the rejects for the others."""
    found = [judge(*one) for one in zip(places, records, strict=True)]
    kept = [index for index, reject in enumerate(found) if reject is None]
    numbers = np.array([places[index] for index in kept], np.int64)
    return numbers, [records[index] for index in kept], [one for one in found if one]


def _id_of(line: bytes, seen: dict[int, int]) -> str:
    """The same in every import of the same lines."""
    fingerprint = line_fingerprint(line)
    seen[fingerprint] = seen.get(fingerprint, -1) + 1
    return id_of_line(line, seen[fingerprint])


def _first(record: dict[str, Any], names: Sequence[str]) -> str | None:
    for name in names:
        if (text := text_of(member(record, name))) not in (None, "", "-"):
            return text
    return None
