"""Envoy's access log in its default text format.

https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
Columns: time, method, path, status, units (bytes sent), client, agent, id, authority.
"""

import re
from collections.abc import Collection
from typing import BinaryIO

from creditctl.adapters.readers import Blocks
from creditctl.adapters.readers.text_log import TextLog, open_log

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
LOG = TextLog(
    columns=(
        "time", "method", "path", "status", "units", "client", "agent", "id", "authority",
    ),
    line=re.compile(
        rf'\[([^\]]*)\] "(\S+) (\S+)(?: \S+)?" (\d+) \S+ \d+ (\d+) \S+ \S+ {_QUOTED} {_QUOTED}'
        rf" {_QUOTED} {_QUOTED}.*",
        re.ASCII,
    ),
    name="Envoy's default format",
)  # fmt: skip


def recognises(head: bytes) -> bool:
    """Whether one of the first lines has the shape of Envoy's."""
    return LOG.matches(head)


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:  # noqa: ARG001
    """Begin to read; the columns are fixed."""
    return open_log(stream, wanted, LOG)
