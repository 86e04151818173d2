"""Lines of a file with their numbers, however long or broken they are."""

from collections.abc import Iterator
from typing import BinaryIO

from creditctl.rules.usage_events import Reject

LONGEST_LINE = 1_048_576
"""Bytes; a longer line is no event, and must not fill the memory."""


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes] | Reject]:
    """Every line that is not blank, counted from 1, without its line end."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            _skip_rest(stream)
            yield Reject(number, "line", "", f"is longer than {LONGEST_LINE} bytes")
        elif stripped := line.strip():
            yield number, stripped


def shown(line: bytes) -> str:
    """The line as text that can be stored, whatever bytes it holds."""
    return line[:500].decode("utf-8", "backslashreplace")


def _skip_rest(stream: BinaryIO) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass
