"""CloudEvents 1.0 in JSON: one per line, one alone, or a batch of them.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. Who, what and
how much stand in `data`; the key may be the `subject`. An event's id is its `id` attribute: of
several sources, let it be unique among all, or map it.
"""

import json
from collections.abc import Collection, Iterator
from io import BytesIO
from typing import Any, BinaryIO

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.json_members import (
    columns_of,
    judged,
    members_of,
    open_lines,
)
from creditctl.adapters.readers.ndjson import BYTE_ORDER_MARK, first_object, member, not_text
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

MEMBERS = {
    "id": ("id",),
    "time": ("time",),
    "org": ("data.org", "data.organization"),
    "key": ("data.key", "data.api_key", "subject"),
    "endpoint": ("data.endpoint",),
    "method": ("data.method",),
    "path": ("data.path",),
    "status": ("data.status",),
    "units": ("data.units",),
}
LARGEST_DOCUMENT = 64 * 1_048_576
"""Bytes of a batch, which is one JSON document; more events than that come one per line."""

_VERSION = "1.0"
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def recognises(head: bytes) -> bool:
    """Every CloudEvent names its specification."""
    bare = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    return bare.startswith((b"{", b"[")) and b'"specversion"' in head


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:
    """Begin to read; raises InvalidInput for a document that is too large, or no JSON."""
    head = stream.read(LARGEST_DOCUMENT + 1)
    if first_object(head) is not None:
        return open_lines(_Rejoined(head, stream), wanted, MEMBERS, _judge)
    if len(head) > LARGEST_DOCUMENT:
        raise InvalidInput(
            f"{name} is one JSON document of more than {LARGEST_DOCUMENT} bytes",
            hint="write one event per line",
        )
    try:
        found = _DECODER.decode(head.removeprefix(BYTE_ORDER_MARK).decode())
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(f"{name} is no JSON: {problem}") from None
    return Blocks(None, _batch(found if isinstance(found, list) else [found], sorted(wanted)))


def _batch(events: list[Any], wanted: list[str]) -> Iterator[Block]:
    """A batch as one block: an event's place counts as its line."""
    names = members_of(wanted, MEMBERS)
    numbers, records, rejects = judged(
        range(1, len(events) + 1),
        events,
        lambda place, event: _judge(place, event) or not_text(place, event, names),
    )
    yield Block(numbers, columns_of(records, wanted, MEMBERS), rejects)


def _judge(place: int, event: Any) -> Reject | None:
    """Of another version the attributes may mean something else."""
    if not isinstance(event, dict):
        return Reject(place, "event", str(event), "is not a JSON object")
    version = member(event, "specversion")
    if version != _VERSION:
        shown = "" if version is None else str(version)
        return Reject(place, "specversion", shown, f"is not {_VERSION}")
    return None


class _Rejoined(BytesIO):
    """What was read ahead, and then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__(head)
        self._rest = rest

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size) or self._rest.read(-1 if size is None else size)
