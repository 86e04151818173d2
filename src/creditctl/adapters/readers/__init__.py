"""Readers of usage files: one module per format, named in `READERS`.

A reader is a module with `recognises` and `open_blocks`; `auto` asks them in the registry's order.
A file becomes blocks of columns, read and split by a columnar library, never line by line.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

AUTO = "auto"
_HERE = "creditctl.adapters.readers"
READERS = {
    "parquet": f"{_HERE}.parquet",
    "cloudevents": f"{_HERE}.cloudevents",
    "kong": f"{_HERE}.kong",
    "aws": f"{_HERE}.aws_api_gateway",
    "envoy-json": f"{_HERE}.envoy_json",
    "nginx-json": f"{_HERE}.nginx_json",
    "ndjson": f"{_HERE}.ndjson",
    "combined": f"{_HERE}.combined",
    "envoy": f"{_HERE}.envoy",
    "csv": f"{_HERE}.csv",
}
"""Format name -> module; `csv` comes last, for it takes whatever is left."""

ALIASES = {"nginx": "combined", "apache": "combined", "json": "ndjson"}
"""Other names of formats."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive records of a file: their columns, and those that are none."""

    lines: Any
    """Line (or row) number from 1 of each record in the columns: an int64 array, ascending."""

    columns: dict[str, Any]
    """Name -> Arrow array of text, plain or dictionary-encoded; where a format has types, of its
    integers or timestamps. Null and the empty text both mean that nothing is said."""

    rejects: list[Reject] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records of the file these are."""
        return len(self.lines) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Blocks:
    """An opened file: its columns, where the format fixes them, and its blocks in order."""

    columns: tuple[str, ...] | None
    items: Iterator[Block]


class Reader(Protocol):
    """What a format's module offers."""

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes, up to 64 KiB, is likely of the format."""

    def open_blocks(self, stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:
        """Begin to read; columns that are not wanted may be left out.

        Raises InvalidInput naming the file when its head makes no sense.
        """


def reader_for(format_name: str) -> Reader:
    """The reader of a format; raises InvalidInput for an unknown one."""
    format_name = ALIASES.get(format_name, format_name)
    if format_name not in READERS:
        known = ", ".join((AUTO, *READERS))
        raise InvalidInput(f"unknown format {format_name!r}", hint=f"formats: {known}")
    return cast(Reader, import_module(READERS[format_name]))
