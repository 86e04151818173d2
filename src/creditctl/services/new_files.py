"""Files that appear when they are complete, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from creditctl.adapters.whole_files import replacing
from creditctl.services.usage_files import unwritable


@contextmanager
def appearing(target: Path, stdout: BinaryIO | None = None) -> Iterator[BinaryIO]:
    """A file that takes its place when everything is written; `stdout` is written instead.

    What is no file, such as a device or a pipe, is written to and stays. Raises FileMissing for a
    place that is none, and DiskFull.
    """
    if stdout is not None:
        yield stdout
        return
    is_file = target.is_file() or not target.exists()
    try:
        with replacing(target) if is_file else target.open("wb") as stream:
            yield stream
    except OSError as problem:
        raise unwritable(target, problem) from None
