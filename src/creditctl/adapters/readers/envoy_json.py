"""Envoy's access log written as JSON, with the names that Istio and Envoy's examples use.

https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
"""

from collections.abc import Collection
from typing import BinaryIO

from creditctl.adapters.readers import Blocks
from creditctl.adapters.readers.json_members import has_members, open_lines

MEMBERS = {
    "id": ("request_id", "x_request_id", "id"),
    "time": ("start_time",),
    "key": ("api_key", "x_api_key", "key"),
    "method": ("method",),
    "path": ("x_envoy_origin_path", "x-envoy-original-path", "path"),
    "status": ("response_code",),
    "units": ("bytes_sent",),
}


def recognises(head: bytes) -> bool:
    """Envoy's names for the start and the answer."""
    return has_members(head, "start_time", "response_code", "method")


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; every object has its own columns."""
    return open_lines(stream, wanted, MEMBERS)
