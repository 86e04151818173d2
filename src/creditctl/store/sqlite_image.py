"""Columns as the bytes of a SQLite database, which SQLite then reads as any other.

Binding a million rows from Python costs more than everything SQLite does with them. So the rows
are laid out as SQLite itself would, all of one length (https://sqlite.org/fileformat2.html), and
handed over by `sqlite3.Connection.deserialize`.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np

PAGE = 65_536
FIRST_ROW = 2**14
"""Row ids start here, where each takes three bytes."""

MOST_ROWS = 2**21 - FIRST_ROW
_HEADER = 100
_VERSIONS = count(1)
"""Of the schema: a statement prepared for another image must not read this one's pages."""

_LEAF, _INTERIOR = 13, 5
_LEAF_HEADER, _INTERIOR_HEADER = 8, 12
_INTEGERS = {1: 1, 2: 2, 4: 4, 8: 6}
"""Bytes of an integer -> its kind."""

_WIDTHS = {">i1": 8, ">i2": 16, ">i4": 32, ">i8": 64}
_BLOB = 12


def database_image(tables: Mapping[str, Mapping[str, Any]]) -> Any:
    """A database of these tables, each `row INTEGER PRIMARY KEY` and its columns.

    Columns are numpy arrays of 64-bit integers or of bytes of one length. Rows are numbered from
    FIRST_ROW in the order of the columns. Returns the bytes as an array.
    """
    plans = [_Plan(name, columns) for name, columns in tables.items()]
    pages = np.zeros((1 + sum(plan.pages for plan in plans), PAGE), np.uint8)
    schema: list[tuple[str, Mapping[str, Any], int]] = []
    first = 1  # page 1, at place 0, is the schema's
    for plan in plans:
        _fill_leaves(pages[first : first + plan.leaves], plan)
        if plan.leaves > 1:
            _fill_root(pages[first + plan.leaves], first + 1, plan)
        first += plan.pages
        # One leaf alone is its table's root; of several the page that follows them.
        schema.append((plan.name, plan.columns, first))
    pages[0] = np.frombuffer(_first_page(schema, first), np.uint8)
    return pages.reshape(-1)


class _Plan:
    """How the rows of one table lie on its pages."""

    def __init__(self, name: str, columns: Mapping[str, Any]) -> None:
        self.name = name
        self.columns = {column: _narrow(values) for column, values in columns.items()}
        self.rows = len(next(iter(columns.values())))
        if self.rows > MOST_ROWS:
            raise ValueError(f"{self.rows} rows do not fit; at most {MOST_ROWS}")
        kinds = [0] + [_kind(values) for values in self.columns.values()]
        self.header = bytes([1 + len(kinds), *kinds])
        self.payload = len(self.header) + sum(
            values.dtype.itemsize for values in self.columns.values()
        )
        self.length = 1 + 3 + self.payload
        self.fitting = (PAGE - _LEAF_HEADER) // (self.length + 2)
        self.leaves = max(-(-self.rows // self.fitting), 1)
        self.pages = self.leaves + (self.leaves > 1)


def _fill_leaves(pages: Any, plan: _Plan) -> None:
    """Pages full of rows; those of the last one stand at its end."""
    start = PAGE - plan.fitting * plan.length
    held = plan.rows - (plan.leaves - 1) * plan.fitting
    unused = plan.fitting - held
    pointers = (start + plan.length * np.arange(plan.fitting)).astype(">u2")
    octets = pointers.view(np.uint8)
    pages[:, 0] = _LEAF
    pages[:, 3:5] = _two_bytes(plan.fitting)
    pages[:, 5:7] = _two_bytes(start)
    pages[:, _LEAF_HEADER : _LEAF_HEADER + len(octets)] = octets
    last = pages[-1]
    last[3:5] = _two_bytes(held)
    last[5:7] = _two_bytes((start + plan.length * unused) % PAGE)
    last[_LEAF_HEADER:start] = 0
    last[_LEAF_HEADER : _LEAF_HEADER + 2 * held] = pointers[unused:].view(np.uint8)
    area = pages[:, start:].reshape(plan.leaves, plan.fitting, plan.length)
    _fill_cells(area, plan, held)
    last[start : start + plan.length * unused] = 0


def _fill_cells(area: Any, plan: _Plan, held: int) -> None:
    """Every row as a cell: payload length, row id, the kinds of its values, and the values."""
    full = plan.leaves - 1
    numbers = _row_numbers(np.arange(FIRST_ROW, FIRST_ROW + plan.rows))
    before = 4 + len(plan.header)
    area[:, :, 0] = plan.payload
    area[:, :, 4:before] = np.frombuffer(plan.header, np.uint8)
    parts = [(1, numbers)]
    for values in plan.columns.values():
        width = values.dtype.itemsize
        octets = np.ascontiguousarray(values).view(np.uint8).reshape(plan.rows, width)
        parts.append((before, octets))
        before += width
    for place, octets in parts:
        width = octets.shape[1]
        split = full * plan.fitting
        area[:full, :, place : place + width] = octets[:split].reshape(full, plan.fitting, width)
        area[full, plan.fitting - held :, place : place + width] = octets[split:]


def _narrow(values: Any) -> Any:
    """Integers as big-endian ones of the fewest bytes that hold all of them."""
    if values.dtype.kind not in "iu":
        return values
    most = max(int(values.max(initial=0)), -int(values.min(initial=0)) - 1)
    return values.astype(next(kind for kind, bits in _WIDTHS.items() if most.bit_length() < bits))


def _kind(values: Any) -> int:
    if values.dtype.kind in "iu":
        return _INTEGERS[values.dtype.itemsize]
    return _BLOB + 2 * int(values.dtype.itemsize)


def _fill_root(page: Any, first: int, plan: _Plan) -> None:
    """The page above several leaves, the first of them page number `first`."""
    children = np.arange(first, first + plan.leaves, dtype=">u4")
    lasts = FIRST_ROW + np.arange(1, plan.leaves) * plan.fitting - 1
    cells = np.empty((plan.leaves - 1, 7), np.uint8)
    cells[:, :4] = children[:-1].view(np.uint8).reshape(-1, 4)
    cells[:, 4:] = _row_numbers(lasts)
    start = PAGE - cells.size
    page[0] = _INTERIOR
    page[3:5] = _two_bytes(plan.leaves - 1)
    page[5:7] = _two_bytes(start)
    page[8:12] = children[-1:].view(np.uint8)
    pointers = (start + 7 * np.arange(plan.leaves - 1)).astype(">u2").view(np.uint8)
    page[_INTERIOR_HEADER : _INTERIOR_HEADER + len(pointers)] = pointers
    page[start:] = cells.reshape(-1)


def _row_numbers(numbers: Any) -> Any:
    """Row ids as variable-length integers of three bytes."""
    septets = [numbers >> 14 | 0x80, numbers >> 7 & 0x7F | 0x80, numbers & 0x7F]
    return np.stack(septets, axis=1).astype(np.uint8)


def _first_page(schema: list[tuple[str, Mapping[str, Any], int]], pages: int) -> bytes:
    """The file's header and the table of tables."""
    page = bytearray(PAGE)
    page[0:16] = b"SQLite format 3\0"
    page[16:18] = b"\0\1"  # the page size 65,536 is written as 1
    page[18:24] = bytes([1, 1, 0, 64, 32, 32])
    page[24:28] = page[92:96] = (1).to_bytes(4, "big")
    page[28:32] = pages.to_bytes(4, "big")
    page[40:44] = next(_VERSIONS).to_bytes(4, "big")
    page[44:48] = (4).to_bytes(4, "big")
    page[56:60] = (1).to_bytes(4, "big")
    page[96:100] = (3_040_000).to_bytes(4, "big")
    end = PAGE
    page[_HEADER] = _LEAF
    for place, (name, columns, root) in enumerate(schema):
        cell = _schema_cell(place + 1, name, columns, root)
        end -= len(cell)
        page[end : end + len(cell)] = cell
        pointer = _HEADER + _LEAF_HEADER + 2 * place
        page[pointer : pointer + 2] = end.to_bytes(2, "big")
    page[_HEADER + 3 : _HEADER + 5] = len(schema).to_bytes(2, "big")
    page[_HEADER + 5 : _HEADER + 7] = (end % PAGE).to_bytes(2, "big")
    return bytes(page)


def _schema_cell(row: int, name: str, columns: Mapping[str, Any], root: int) -> bytes:
    declared = ", ".join(["row INTEGER PRIMARY KEY", *columns])
    values = (
        b"table",
        name.encode(),
        name.encode(),
        root,
        f"CREATE TABLE {name} ({declared})".encode(),
    )
    kinds, body = b"", b""
    for value in values:
        if isinstance(value, int):
            kinds += _varint(_INTEGERS[8])
            body += value.to_bytes(8, "big")
        else:
            kinds += _varint(13 + 2 * len(value))
            body += value
    header = _varint(1 + len(kinds)) + kinds
    payload = header + body
    return _varint(len(payload)) + _varint(row) + payload


def _varint(number: int) -> bytes:
    """SQLite's integers of variable length, seven bits a byte."""
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))


def _two_bytes(number: int) -> Any:
    return np.frombuffer(number.to_bytes(2, "big"), np.uint8)
