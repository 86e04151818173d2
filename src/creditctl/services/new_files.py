"""Files that appear when they are complete, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from creditctl.services.usage_files import unwritable


@contextmanager
def appearing(target: Path, stdout: BinaryIO | None = None) -> Iterator[BinaryIO]:
    """A file that takes its place when everything is written; `stdout` is written instead.

    Raises FileMissing for a place that is none, and DiskFull.
    """
    if stdout is not None:
        yield stdout
        return
    try:
        with tempfile.NamedTemporaryFile(dir=target.absolute().parent, delete=False) as file:
            unfinished = Path(file.name)
            try:
                yield file  # type: ignore[misc]
                file.flush()
                os.fsync(file.fileno())
                unfinished.replace(target)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as problem:
        raise unwritable(target, problem) from None
