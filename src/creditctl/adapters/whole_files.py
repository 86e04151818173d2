"""Files that others read at any time: each is the old one or the new one, never a part of it."""

import os
import stat
from pathlib import Path
from secrets import token_hex

from creditctl.errors import InvalidInput


def replace_if_different(path: Path, content: bytes) -> bool:
    """Put the content in the file's place, with its mode, unless it is there already.

    Returns whether it was written. A symbolic link stays one. Raises OSError, and InvalidInput for
    what is no file, such as a device, which must not be replaced by one.
    """
    target = path.resolve()
    mode = None
    if target.exists():
        if not target.is_file():
            raise InvalidInput(f"{path} is not a file", hint="name a file, or - for stdout")
        if target.read_bytes() == content:
            return False
        mode = stat.S_IMODE(target.stat().st_mode)
    unfinished = target.with_name(f".{target.name}.{token_hex(8)}")
    try:
        # Like any new file, it is as open as the umask lets it be.
        with unfinished.open("xb") as stream:
            stream.write(content)
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_directory(target.parent)
    return True


def _sync_directory(directory: Path) -> None:
    """The new name, too, has to outlive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
