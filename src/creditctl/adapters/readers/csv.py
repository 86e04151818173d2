"""CSV with a header: separated by comma, semicolon, tab or bar; one event per line."""

import csv
import re
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from creditctl.adapters.readers import Block, Blocks
from creditctl.adapters.readers.lines import LineBlock, bad_line, line_blocks, sound_lines
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

_DELIMITERS = ",;\t|"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TEXT = pa.string()
_CODED = pa.dictionary(pa.int32(), pa.string())
_MOSTLY_DIFFERENT = ("id", "time")
"""Columns whose values hardly repeat: they gain nothing from a dictionary."""


def recognises(head: bytes) -> bool:  # noqa: ARG001 - a reader's signature
    """Anything may be CSV; the header is checked when it is read."""
    return True


def open_blocks(stream: BinaryIO, name: str, wanted: Collection[str]) -> Blocks:
    """Read the header; raises InvalidInput for an empty file or a header that is no text."""
    number, header = _header(stream)
    if not header:
        raise InvalidInput(f"{name} is empty", hint="its first line names the columns")
    try:
        text = header.removeprefix(_BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError:
        raise _no_text(name, number) from None
    if "\0" in text:
        raise _no_text(name, number)
    if "\r" in text:
        message = f"{name}, line {number}: lines end with a carriage return alone"
        raise InvalidInput(message, hint="tr '\\r' '\\n' < FILE writes it with line ends")
    delimiter = max(_DELIMITERS, key=re.sub('"[^"]*"', "", text).count)
    try:
        cells = next(csv.reader((text,), delimiter=delimiter, strict=True))
    except csv.Error:
        message = f"{name}, line {number}: the header has an unclosed quote"
        raise InvalidInput(message) from None
    columns = tuple(cell.strip() for cell in cells)
    if repeated := next((column for column in columns if columns.count(column) > 1), None):
        raise InvalidInput(f"{name}, line {number}: column {repeated!r} appears twice")
    read = [column for column in columns if column in wanted]
    return Blocks(columns, _blocks(stream, number + 1, _Dialect(columns, read, delimiter)))


def _no_text(name: str, number: int) -> InvalidInput:
    return InvalidInput(
        f"{name}, line {number}: the header is not UTF-8 text",
        hint="a usage file is UTF-8, plain or packed by gzip, bzip2 or Zstandard: see iconv",
    )


def _header(stream: BinaryIO) -> tuple[int, bytes]:
    """The first line that is not blank, and its number."""
    for number, line in enumerate(iter(lambda: stream.readline(65_536), b""), 1):
        if bare := line.strip():
            return number, bare
    return 0, b""


class _Dialect:
    """How the lines of one file are split."""

    def __init__(self, columns: tuple[str, ...], read: list[str], delimiter: str) -> None:
        self.columns = columns
        self.read = read
        self.delimiter = delimiter
        cell = f'(?:"(?:[^"]|"")*"|[^"{re.escape(delimiter)}\r\n]*)'
        # Only lines on which every CSV parser agrees are given to the library.
        self.well_quoted = f"\\A{cell}(?:{re.escape(delimiter)}{cell})*\r?\n\\z"
        self.types = {name: _TEXT if name in _MOSTLY_DIFFERENT else _CODED for name in read}


def _blocks(stream: BinaryIO, first: int, dialect: _Dialect) -> Iterator[Block]:
    for block in line_blocks(stream, first):
        if isinstance(block, Reject):
            yield Block(np.empty(0, np.int64), _nothing(dialect), [block])
        else:
            yield _block(block, dialect)


def _block(block: LineBlock, dialect: _Dialect) -> Block:
    if block.is_plain:
        wrong: list[Any] = []
        columns = _parsed(block.data, dialect, wrong)
        count = len(block.ends)
        if not wrong and len(next(iter(columns.values()), ())) == count:
            return Block(np.arange(block.first, block.first + count), columns)
    return _careful_block(block, dialect)


def _careful_block(block: LineBlock, dialect: _Dialect) -> Block:
    """The same where lines have to be told apart: some are no records, or hold quotes."""
    sound, rejects = sound_lines(block)
    for index in np.flatnonzero(sound & ~_well_formed(block, sound, dialect)).tolist():
        sound[index] = False
        rejects.append(bad_line(block, index, "has an unclosed or misplaced quote"))
    places = np.flatnonzero(sound)
    wrong: list[Any] = []
    columns = _parsed(block.only(sound), dialect, wrong)
    width = len(dialect.columns)
    for row in wrong:
        index = int(places[row.number - 1])
        sound[index] = False
        rejects.append(bad_line(block, index, f"has {row.actual_columns} columns, not {width}"))
    return Block(block.numbers[sound], columns, rejects)


def _well_formed(block: LineBlock, sound: Any, dialect: _Dialect) -> Any:
    """Which lines hold no quote or line end but where they belong."""
    data = block.data
    if b'"' not in data and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")):
        return sound
    # Text that is no UTF-8 cannot be matched; those lines are rejected already.
    if not sound.all():
        matched = np.zeros(len(sound), bool)
        kept = LineBlock(0, block.only(sound))
        matched[sound] = _matches(kept, dialect.well_quoted)
        return matched
    return _matches(block, dialect.well_quoted)


def _matches(block: LineBlock, pattern: str) -> Any:
    offsets = np.concatenate((block.starts[:1], block.ends)).astype(np.int32)
    lines = pa.StringArray.from_buffers(
        len(block.ends), pa.py_buffer(offsets), pa.py_buffer(block.data)
    )
    return compute.match_substring_regex(lines, pattern).to_numpy(zero_copy_only=False)


def _parsed(data: bytes, dialect: _Dialect, wrong: list[Any]) -> dict[str, Any]:
    """The wanted columns of lines that are sound; those of another width are put into `wrong`."""
    if not data:
        return _nothing(dialect)

    def skip(row: Any) -> str:
        wrong.append(row)
        return "skip"

    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        # One thread: rows are then numbered, and the other one is at work on the database.
        arrow_csv.ReadOptions(
            column_names=list(dialect.columns), use_threads=False, block_size=len(data) + 1
        ),
        arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char='"' if b'"' in data else False,
            invalid_row_handler=skip,
        ),
        arrow_csv.ConvertOptions(
            column_types=dialect.types,
            include_columns=dialect.read,
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return {name: table.column(name).combine_chunks() for name in dialect.read}


def _nothing(dialect: _Dialect) -> dict[str, Any]:
    return {name: pa.array([], kind) for name, kind in dialect.types.items()}
