"""Opens usage files: plain, gzip, bzip2 or Zstandard, and says of which format they are."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from creditctl.adapters.readers import READERS, reader_for
from creditctl.errors import FileMissing, InvalidInput

_HEAD_BYTES = 65_536
_BUFFER_BYTES = 1_048_576
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd"}
"""First bytes of a compressed file -> the codec."""


class UsageStream(io.BufferedReader):
    """The uncompressed bytes of a file as it was when it was measured."""

    def __init__(self, raw: io.RawIOBase, source: "_Measured") -> None:
        super().__init__(raw, _BUFFER_BYTES)
        self._source = source
        self.unended_line: int | None = None
        """The number of the last line, once it was read and had no line end: perhaps cut off."""

    @property
    def consumed(self) -> int:
        """How many bytes of the file, compressed as it is, have been read."""
        return self._source.position

    @property
    def is_growing(self) -> bool:
        """Whether somebody has written to the file since: its last line may be cut off."""
        return self._source.has_grown()


class _Measured(io.RawIOBase):
    """The first `size` bytes of a file."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        self._file = file
        self._size = size
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(memoryview(buffer)[: max(self._size - self.position, 0)])
        self.position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self._size}[whence]
        self.position = self._file.seek(min(start + offset, self._size))
        return self.position

    def tell(self) -> int:
        return self.position

    def has_grown(self) -> bool:
        return os.fstat(self._file.fileno()).st_size > self._size


class _Unpacked(io.RawIOBase):
    """What a codec of the columnar library makes of the bytes."""

    def __init__(self, packed: _Measured, codec: str) -> None:
        import pyarrow as pa

        self._stream = pa.CompressedInputStream(pa.PythonFile(packed, "r"), codec)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def recognised_format(path: Path, name: str, size: int | None = None) -> str:
    """The format of a file by how it begins; raises as `open_stream` does."""
    with open_stream(path, name, size) as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip():
        raise InvalidInput(f"{name} is empty", hint="a usage file has one event per line")
    return next(known for known in READERS if reader_for(known).recognises(head))


@contextmanager
def open_stream(path: Path, name: str, size: int | None = None) -> Iterator[UsageStream]:
    """The file's first `size` bytes, unpacked; raises FileMissing or InvalidInput."""
    try:
        with path.open("rb", buffering=0) as file:
            measured = _Measured(file, os.fstat(file.fileno()).st_size if size is None else size)
            codec = _codec(file)
            yield UsageStream(_Unpacked(measured, codec) if codec else measured, measured)
    except FileNotFoundError as problem:
        raise FileMissing(f"{name}: {problem.strerror}") from None
    except OSError as problem:
        if problem.errno is None:
            # The codec's own words: they have no number of the operating system's.
            message = f"{name} is damaged or cut off: {str(problem).splitlines()[0]}"
            raise InvalidInput(message, hint="fetch the file again") from None
        raise FileMissing(f"{name}: {problem.strerror or 'it cannot be read'}") from None


def _codec(file: BinaryIO) -> str | None:
    first = file.read(max(map(len, _MAGIC)))
    file.seek(0)
    return next((codec for magic, codec in _MAGIC.items() if first.startswith(magic)), None)
