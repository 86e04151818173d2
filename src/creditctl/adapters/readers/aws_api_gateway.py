"""Access logs of AWS API Gateway in JSON, with the names its documentation proposes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html lists them; a log
needs `identity.apiKeyId` ("apiKeyId") in its format to tell whose a request was.
"""

from collections.abc import Collection
from typing import BinaryIO

from creditctl.adapters.readers import Blocks
from creditctl.adapters.readers.json_members import has_members, open_lines

MEMBERS = {
    "id": ("requestId", "extendedRequestId", "id"),
    "time": ("requestTimeEpoch", "requestTime"),
    "key": ("apiKeyId", "identity.apiKeyId", "apiKey"),
    "method": ("httpMethod",),
    "path": ("path", "resourcePath"),
    "endpoint": ("routeKey",),
    "status": ("status",),
    "units": ("responseLength",),
}


def recognises(head: bytes) -> bool:
    """A request's id and status as AWS calls them."""
    return has_members(head, "requestId", "status") and (
        has_members(head, "httpMethod") or has_members(head, "routeKey")
    )


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; every object has its own columns."""
    return open_lines(stream, wanted, MEMBERS)
