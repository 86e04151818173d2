"""CSV with a header: separated by comma, semicolon, tab or bar; one event per line."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from creditctl.adapters.readers import Record, Records
from creditctl.adapters.readers.lines import LONGEST_LINE, numbered_lines, shown
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

_DELIMITERS = ",;\t|"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def recognises(first_line: bytes) -> bool:  # noqa: ARG001 - a reader's signature
    """Anything may be CSV; the header is checked when it is read."""
    return True


def open_records(stream: BinaryIO, name: str) -> Records:
    """Read the header; raises InvalidInput for an empty file or a header that is no text."""
    lines = numbered_lines(stream)
    header = next(lines, None)
    if header is None:
        raise InvalidInput(f"{name} is empty", hint="its first line names the columns")
    if isinstance(header, Reject):
        raise InvalidInput(f"{name}, line {header.line}: the header {header.reason}")
    text = _decoded(header[1].removeprefix(_BYTE_ORDER_MARK))
    if text is None:
        raise InvalidInput(f"{name}, line {header[0]}: the header is not UTF-8 text")
    delimiter = max(_DELIMITERS, key=text.count)
    cells = _cells(text, delimiter)
    if cells is None:
        raise InvalidInput(f"{name}, line {header[0]}: the header has an unclosed quote")
    columns = tuple(cell.strip() for cell in cells)
    if repeated := next((column for column in columns if columns.count(column) > 1), None):
        raise InvalidInput(f"{name}, line {header[0]}: column {repeated!r} appears twice")
    return Records(columns, _records(lines, columns, delimiter))


def _records(
    lines: Iterator[tuple[int, bytes] | Reject], columns: tuple[str, ...], delimiter: str
) -> Iterator[Record | Reject]:
    csv.field_size_limit(LONGEST_LINE)
    width = len(columns)
    for line in lines:
        if isinstance(line, Reject):
            yield line
            continue
        number, raw = line
        text = _decoded(raw)
        cells = None if text is None else _cells(text, delimiter)
        if text is None:
            yield Reject(number, "line", shown(raw), "is not UTF-8 text")
        elif cells is None:
            yield Reject(number, "line", shown(raw), "has an unclosed or misplaced quote")
        elif len(cells) != width:
            yield Reject(number, "line", shown(raw), f"has {len(cells)} columns, not {width}")
        else:
            yield Record(number, dict(zip(columns, cells, strict=True)))


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one line; a quote never reaches across lines, so one bad line stays one."""
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader((text,), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
