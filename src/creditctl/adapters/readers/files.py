"""Opens usage files: plain or gzip, and says of which format they are."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from creditctl.adapters.readers import READERS, reader_for
from creditctl.errors import FileMissing, InvalidInput

_HEAD_BYTES = 65_536
_GZIP_MAGIC = b"\x1f\x8b"


def recognised_format(path: Path, name: str) -> str:
    """The format of a file by how it begins; raises as `open_stream` does."""
    with open_stream(path, name) as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip():
        raise InvalidInput(f"{name} is empty", hint="a usage file has one event per line")
    return next(known for known in READERS if reader_for(known).recognises(head))


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
