"""Access logs of Apache and nginx in combined (or common) log format.

Columns: client, user, time, method, path, status, units (bytes sent), referrer, agent, id. A log
has no request ids; a line's id comes from its bytes and from how many equal lines stand above it.
"""

import re
from collections.abc import Collection
from typing import BinaryIO

from creditctl.adapters.readers import Blocks
from creditctl.adapters.readers.text_log import TextLog, open_log

LOG = TextLog(
    columns=("client", "user", "time", "method", "path", "status", "units", "referrer", "agent"),
    line=re.compile(
        r'(\S+) \S+ (\S+) \[([^\]]*)\] "(\S+) ((?:/|http)\S*)(?: [^" ]+)?" (\d{3}) (\d+|-)'
        r'(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?.*',
        re.ASCII,
    ),
    name="combined log format",
)


def recognises(head: bytes) -> bool:
    """Whether one of the first lines has an access log's shape."""
    return LOG.matches(head)


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; the columns are fixed."""
    return open_log(stream, wanted, LOG)
