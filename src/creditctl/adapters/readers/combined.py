"""Access logs of Apache and nginx in combined (or common) log format.

Columns: client, user, time, method, path, status, units (bytes sent), referrer, agent, id. A log
has no request ids; a line's id comes from its bytes and from how many equal lines stand above it.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from creditctl.adapters.readers import Record, Records
from creditctl.adapters.readers.lines import numbered_lines, shown
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
_TIME = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)", re.ASCII)
_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}


def recognises(first_line: bytes) -> bool:
    """Whether the line has an access log's shape."""
    return _LINE.fullmatch(first_line.strip().decode("utf-8", "replace")) is not None


def open_records(stream: BinaryIO, name: str) -> Records:  # noqa: ARG001 - a reader's signature
    """Begin to read; the columns are fixed."""
    return Records(COLUMNS, _records(stream))


def _records(stream: BinaryIO) -> Iterator[Record | Reject]:
    # One 64-bit number per distinct line: that much memory the ids of a log cost.
    seen: dict[int, int] = {}
    for line in numbered_lines(stream):
        if isinstance(line, Reject):
            yield line
            continue
        number, raw = line
        found = _LINE.fullmatch(raw.decode("utf-8", "replace"))
        if found is None:
            yield Reject(number, "line", shown(raw), "is not in combined log format")
            continue
        client, user, time, request, status, size, referrer, agent = found.groups(default="")
        words = request.split(" ")
        if len(words) not in (2, 3) or not words[1].startswith(("/", "http")):
            yield Reject(number, "request", request, "is not a method and a path")
            continue
        fingerprint = line_fingerprint(raw)
        occurrence = seen.get(fingerprint, 0)
        seen[fingerprint] = occurrence + 1
        values = (
            id_of_line(raw, occurrence), client, user, _instant(time), words[0], words[1], status,
            "0" if size == "-" else size, referrer, agent,
        )  # fmt: skip
        yield Record(number, dict(zip(COLUMNS, values, strict=True)))


def _instant(text: str) -> str:
    """`17/May/2015:10:05:03 +0000` in RFC 3339; anything else unchanged, to be rejected later."""
    found = _TIME.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return text
    return f"{found[3]}-{_MONTHS[found[2]]}-{found[1]}T{found[4]}{found[5]}:{found[6]}"
