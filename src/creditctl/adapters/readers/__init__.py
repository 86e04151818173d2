"""Readers of usage files: one module per format, named in `READERS`.

A reader is a module with `recognises` and `open_records`; `auto` asks them in the registry's order.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

from creditctl.errors import FileMissing, InvalidInput
from creditctl.rules.usage_events import Reject

AUTO = "auto"
READERS = {
    "ndjson": "creditctl.adapters.readers.ndjson",
    "combined": "creditctl.adapters.readers.combined",
    "csv": "creditctl.adapters.readers.csv",
}
"""Format name -> module; `csv` comes last, for it takes whatever is left."""

_GZIP_MAGIC = b"\x1f\x8b"


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


def recognised_format(path: Path, name: str) -> str:
    """The format of a file by its first line that is not blank; raises as `open_stream` does."""
    with open_stream(path, name) as stream:
        first = next(
            (line for line in iter(lambda: stream.readline(65_536), b"") if line.strip()), b""
        )
    if not first:
        raise InvalidInput(f"{name} is empty", hint="a usage file has one event per line")
    return next(known for known in READERS if reader_for(known).recognises(first))


@contextmanager
def open_stream(path: Path, name: str) -> Iterator[BinaryIO]:
    """The file's bytes, unzipped when it is gzip; raises FileMissing or InvalidInput."""
    try:
        with path.open("rb") as plain:
            if plain.peek(2).startswith(_GZIP_MAGIC):
                yield BufferedReader(cast(BufferedReader, gzip.GzipFile(fileobj=plain)))
            else:
                yield plain
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise InvalidInput(f"{name} is a damaged gzip file: {problem}") from None
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise FileMissing(f"{name}: {reason}") from None
