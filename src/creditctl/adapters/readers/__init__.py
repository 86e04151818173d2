"""Readers of usage files: one module per format, named in `READERS`.

A reader is a module with `recognises` and `open_records`; `auto` asks them in the registry's order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, NamedTuple, Protocol, cast

from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

AUTO = "auto"
READERS = {
    "ndjson": "creditctl.adapters.readers.ndjson",
    "combined": "creditctl.adapters.readers.combined",
    "csv": "creditctl.adapters.readers.csv",
}
"""Format name -> module; `csv` comes last, for it takes whatever is left."""


class Record(NamedTuple):
    """One event as the file has it: its line number from 1, and its fields as text."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Records:
    """An opened file: its columns, where the format fixes them, and one item per record."""

    columns: tuple[str, ...] | None
    items: Iterator[Record | Reject]


class Reader(Protocol):
    """What a format's module offers."""

    def recognises(self, first_line: bytes) -> bool:
        """Whether a file that begins with this line is likely of the format."""

    def open_records(self, stream: BinaryIO, name: str) -> Records:
        """Begin to read; raises InvalidInput naming the file when its head makes no sense."""


def reader_for(format_name: str) -> Reader:
    """The reader of a format; raises InvalidInput for an unknown one."""
    if format_name not in READERS:
        known = ", ".join((AUTO, *READERS))
        raise InvalidInput(f"unknown format {format_name!r}", hint=f"formats: {known}")
    return cast(Reader, import_module(READERS[format_name]))
