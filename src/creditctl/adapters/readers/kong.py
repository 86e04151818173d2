"""Kong's log plugins (file-log, http-log): one JSON object per request.

https://developer.konghq.com/plugins/file-log/ describes the members.
"""

from collections.abc import Collection
from typing import BinaryIO

from creditctl.adapters.readers import Blocks
from creditctl.adapters.readers.json_members import has_members, open_lines

MEMBERS = {
    "id": ("request.id", "request.headers.kong-request-id", "request.headers.x-request-id", "id"),
    "time": ("started_at",),
    "key": ("consumer.username", "consumer.custom_id", "authenticated_entity.id"),
    "method": ("request.method",),
    "path": ("request.uri",),
    "status": ("response.status",),
    "units": ("response.size",),
}


def recognises(head: bytes) -> bool:
    """Request, response and the start of both."""
    return has_members(head, "request.method", "response.status", "started_at")


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; every object has its own columns."""
    return open_lines(stream, wanted, MEMBERS)
