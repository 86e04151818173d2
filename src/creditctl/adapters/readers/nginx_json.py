"""Access logs of nginx written as JSON (`log_format … escape=json`), its variables as names.

https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

from collections.abc import Collection
from typing import BinaryIO

from creditctl.adapters.readers import Blocks
from creditctl.adapters.readers.json_members import has_members, open_lines

MEMBERS = {
    "id": ("request_id", "id"),
    "time": ("time_iso8601", "msec", "time_local", "time"),
    "key": ("api_key", "key", "remote_user"),
    "method": ("request_method", "method"),
    "path": ("request_uri", "uri", "path"),
    "status": ("status",),
    "units": ("body_bytes_sent", "bytes_sent", "units"),
}


def recognises(head: bytes) -> bool:
    """The names nginx has for method and path."""
    return has_members(head, "request_method", "status") and (
        has_members(head, "request_uri") or has_members(head, "uri")
    )


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; every object has its own columns."""
    return open_lines(stream, wanted, MEMBERS)
