"""Lines of a file in blocks of some megabytes, numbered, however long or broken they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BufferedIOBase
from typing import Any, BinaryIO, cast

import numpy as np

from creditctl.rules.usage_events import Reject

LONGEST_LINE = 1_048_576
"""Bytes; a longer line is no event, and must not fill the memory."""

BLOCK_BYTES = 8 * LONGEST_LINE
"""Tens of thousands of events, which stay near the processor."""

_FIRST_BYTES = 65_536
"""All that most files hold: a buffer for a whole block takes a millisecond to make."""

_TILE_BYTES = LONGEST_LINE // 2
"""Bytes that are looked at at once: what is found out about them stays near the processor."""

_NEWLINE = 10
_HIGHEST_ASCII = 127
_IS_BLANK = np.isin(np.arange(256), list(b" \t\r\n\v\f"))
_SHOWN_BYTES = 500
_WORD_BITS = 64


@dataclass(frozen=True)
class LineBlock:
    """Whole lines, the first of them number `first`; each ends with a newline."""

    first: int
    data: bytes

    @cached_property
    def is_plain(self) -> bool:
        """ASCII without quotes, blank lines or lines of an absurd length: nothing to look at."""
        return (
            self.is_ascii
            and b'"' not in self.data
            and b"\r" not in self.data
            and not self.maybe_blank
            and int((self.ends - self.starts).max()) <= LONGEST_LINE
        )

    @cached_property
    def maybe_blank(self) -> list[int]:
        """The lines that begin with white space."""
        firsts = np.frombuffer(self.data, np.uint8)[self.starts]
        found: list[int] = np.flatnonzero(_IS_BLANK[firsts]).tolist()
        return found

    @property
    def is_ascii(self) -> bool:
        """Whether no byte is part of a longer character."""
        return self._scanned[1]

    @property
    def ends(self) -> Any:
        """Where each line ends: the position after its newline."""
        return self._scanned[0]

    @cached_property
    def _scanned(self) -> tuple[Any, bool]:
        """The lines' ends, and whether all is ASCII."""
        data = np.frombuffer(self.data, np.uint8)
        hits = np.empty(min(len(data), _TILE_BYTES), bool)
        ends, highest, are_close = [np.empty(0, np.int64)], 0, False
        for first in range(0, len(data), _TILE_BYTES):
            tile = data[first : first + _TILE_BYTES]
            found = np.equal(tile, _NEWLINE, out=hits[: len(tile)])
            places = None if are_close else _far_apart(found)
            are_close = places is None
            ends.append((np.flatnonzero(found) if places is None else places) + (first + 1))
            highest = max(highest, int(tile.max()))
        return np.concatenate(ends), highest <= _HIGHEST_ASCII

    @cached_property
    def starts(self) -> Any:
        """Where each line starts."""
        return np.concatenate(([0], self.ends[:-1]))

    @cached_property
    def numbers(self) -> Any:
        """The number of each line."""
        return np.arange(self.first, self.first + len(self.ends), dtype=np.int64)

    def line(self, index: int) -> bytes:
        """One line without its end."""
        return self.data[self.starts[index] : self.ends[index]].rstrip(b"\r\n")

    def only(self, kept: Any) -> bytes:
        """The lines that a mask keeps."""
        return b"".join(
            self.data[start:end]
            for start, end in zip(self.starts[kept].tolist(), self.ends[kept].tolist(), strict=True)
        )


def line_blocks(
    stream: BinaryIO, first: int = 1, *, size: int = BLOCK_BYTES
) -> Iterator[LineBlock | Reject]:
    """The rest of a file, cut between lines; a line that fills a block alone is a reject."""
    rest = b""
    buffer = bytearray(min(size, _FIRST_BYTES))
    reader = cast(BufferedIOBase, stream)
    while count := reader.readinto(buffer):
        cut = buffer.rfind(b"\n", 0, count) + 1
        if not cut and len(rest) + count > LONGEST_LINE:
            yield too_long(first)
            first += 1
            rest = _after_line(stream)
            cut = rest.rfind(b"\n") + 1
            if cut:
                block = LineBlock(first, rest[:cut])
                yield block
                first, rest = first + len(block.ends), rest[cut:]
            continue
        with memoryview(buffer) as data:
            whole = b"".join((rest, data[:cut])) if cut else b""
            rest = bytes(data[cut:count]) if cut else rest + data[:count]
        if count == len(buffer) < size:
            buffer = bytearray(size)
        if whole:
            block = LineBlock(first, whole)
            yield block
            first += len(block.ends)
    # Of a file that grows the last line may be cut off, perhaps within a number.
    if rest and not getattr(stream, "is_growing", False):
        note_open_end(stream, first, rest)
        yield LineBlock(first, rest + b"\n")


def note_open_end(stream: BinaryIO, number: int, line: bytes) -> None:
    """Tell a stream that wants to know it which line has no end, unless the line is blank."""
    if line.strip() and hasattr(stream, "unended_line"):
        stream.unended_line = number


def sound_lines(block: LineBlock) -> tuple[Any, list[Reject]]:
    """A mask of the lines that are UTF-8 text of bearable length, and why the others are none.

    Blank lines are left out without a word.
    """
    sound = np.ones(len(block.ends), bool)
    rejects: list[Reject] = []
    for index in block.maybe_blank:
        sound[index] = bool(block.line(index).strip())
    for index in np.flatnonzero(block.ends - block.starts > LONGEST_LINE).tolist():
        sound[index] = False
        rejects.append(too_long(int(block.numbers[index])))
    if not block.is_ascii and not _is_text(block.data):
        for place in np.flatnonzero(sound).tolist():
            if not _is_text(block.line(place)):
                sound[place] = False
                rejects.append(bad_line(block, place, "is not UTF-8 text"))
    return sound, rejects


def bad_line(block: LineBlock, index: int, reason: str) -> Reject:
    """A whole line as a reject."""
    return Reject(int(block.numbers[index]), "line", shown(block.line(index)), reason)


def too_long(number: int) -> Reject:
    """A line that nobody can have meant."""
    return Reject(number, "line", "", f"is longer than {LONGEST_LINE} bytes")


def shown(line: bytes) -> str:
    """The line as text that can be stored, whatever bytes it holds."""
    return line[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")


def _far_apart(mask: Any) -> Any:
    """Where a mask is true; None if that is twice within 64 places.

    Of long lines 64 bytes are looked at as one word: several times as fast as each of them.
    """
    bits = np.packbits(mask, bitorder="little")
    words = np.zeros(-(-len(mask) // _WORD_BITS), "<u8")
    words.view(np.uint8)[: len(bits)] = bits
    places = np.flatnonzero(words)
    found = words[places]
    before = found - np.uint64(1)
    if (found & before).any():
        return None
    # What is below the only bit of a word: as many ones as places before it.
    return places * _WORD_BITS + np.bitwise_count(before)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _after_line(stream: BinaryIO) -> bytes:
    """What follows the line that is being read, as far as it was read with it."""
    while data := stream.read(LONGEST_LINE):
        cut = data.find(b"\n") + 1
        if cut:
            return data[cut:]
    return b""
