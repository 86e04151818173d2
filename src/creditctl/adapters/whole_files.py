"""Files that others read at any time: each is the old one or the new one, never a part of it."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from creditctl.errors import InvalidInput


def replace_if_different(path: Path, content: bytes) -> bool:
    """Put the content in the file's place, with its mode, unless it is there already.

    Returns whether it was written. A symbolic link stays one. Raises OSError, and InvalidInput for
    what is no file, such as a device, which must not be replaced by one.
    """
    target = path.resolve()
    if target.exists():
        if not target.is_file():
            raise InvalidInput(f"{path} is not a file", hint="name a file, or - for stdout")
        if target.read_bytes() == content:
            return False
    with replacing(path) as stream:
        stream.write(content)
    return True


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes take the file's place at the end of the block, with its mode.

    Like any new file, one that was not there is as open as the umask lets it be. A symbolic link
    stays one. Raises OSError.
    """
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    unfinished = target.with_name(f".{token_hex(8)}.new")  # whatever the length of its name
    try:
        with unfinished.open("xb") as stream:
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_directory(target.parent)


def _sync_directory(directory: Path) -> None:
    """The new name, too, has to outlive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
