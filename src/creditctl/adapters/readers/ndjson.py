"""NDJSON: one JSON object per line, its members the event's fields."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from creditctl.adapters.readers import Record, Records
from creditctl.adapters.readers.lines import numbered_lines, shown
from creditctl.rules.usage_events import Reject

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def recognises(first_line: bytes) -> bool:
    """Objects begin with a brace."""
    return first_line.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"{")


def open_records(stream: BinaryIO, name: str) -> Records:  # noqa: ARG001 - a reader's signature
    """Begin to read; every object has its own columns."""
    return Records(None, _records(stream))


def _records(stream: BinaryIO) -> Iterator[Record | Reject]:
    # Numbers stay the text that was written: "1e3" or "0.1" must never become a float.
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    for line in numbered_lines(stream):
        if isinstance(line, Reject):
            yield line
            continue
        number, raw = line
        try:
            found = decoder.decode(raw.removeprefix(_BYTE_ORDER_MARK).decode())
        except UnicodeDecodeError:
            yield Reject(number, "line", shown(raw), "is not UTF-8 text")
        except (ValueError, RecursionError):
            yield Reject(number, "line", shown(raw), "is not JSON")
        else:
            if isinstance(found, dict):
                yield Record(number, _texts(found))
            else:
                yield Reject(number, "line", shown(raw), "is not a JSON object")


def _texts(members: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in members.items()
        if value is not None
    }
