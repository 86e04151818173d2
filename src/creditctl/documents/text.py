"""A document as plain text of 80 columns: what a mail says to whoever opens no attachment."""

from collections.abc import Iterable
from textwrap import wrap
from unicodedata import category, combining, east_asian_width

from creditctl.documents.document import Document
from creditctl.documents.sheet import Block, Grid, Line, Sheet, laid_out
from creditctl.documents.style import PLAIN, Style

WIDTH = 80
_GAP = "  "
_NARROWEST = 24
"""Columns that the first cell keeps; wider numbers go below it."""


def render_text(document: Document, style: Style = PLAIN) -> str:
    """The document as text; no line is wider than 80 columns unless one word is.

    Raises InvalidInput for an unknown locale, and DriverMissing.
    """
    lines = [line.rstrip() for line in _lines(laid_out(document, style))]
    return "\n".join([*lines, ""])


def _lines(sheet: Sheet) -> Iterable[str]:
    yield from _head(sheet)
    yield ""
    yield from _table(sheet.rows)
    yield ""
    widest = max(width_of(one.value) for one in sheet.sums)
    for one in sheet.sums:
        yield _right(f"{one.label}:{_GAP}{' ' * (widest - width_of(one.value))}{one.value}")
    for notice in sheet.notices:
        yield ""
        yield from _wrapped(notice)
    for appendix in sheet.appendices:
        yield ""
        yield appendix.title
        yield from _table(appendix)
    for part in (sheet.payment, sheet.terms):
        yield from _block(part)
    if sheet.signature.name:
        yield ""
        yield from _wrapped(f"{sheet.signature.title}: {sheet.signature.name}")
    if sheet.footer:
        yield ""
        yield from _wrapped(sheet.footer)


def _head(sheet: Sheet) -> Iterable[str]:
    headline = " ".join(part for part in (sheet.title, sheet.number) if part)
    headline += f" ({sheet.draft})" if sheet.draft else ""
    yield headline
    yield "=" * width_of(headline)
    yield ""
    for label, value in sheet.facts:
        yield from _wrapped(f"{label}: {value}")
    for party in (sheet.seller, sheet.buyer):
        if party.name:
            yield ""
            yield f"{party.title}:"
            for line in (party.name, *party.lines):
                yield from _wrapped(line, "  ")


def _block(part: Block) -> Iterable[str]:
    if part.lines:
        yield ""
        yield f"{part.title}:"
        for line in part.lines:
            yield from _wrapped(line, "  ") or [""]


def _table(grid: Grid) -> Iterable[str]:
    heading = Line(tuple(column.title for column in grid.columns))
    table = (heading, *grid.lines)
    widths = [max(width_of(line.cells[i]) for line in table) for i in range(1, len(grid.columns))]
    first = max(WIDTH - sum(widths) - len(_GAP) * len(widths), _NARROWEST)
    for number, line in enumerate(table):
        if number == 1:
            yield "-" * WIDTH
        cells = zip(line.cells[1:], widths, grid.columns[1:], strict=True)
        numbers = "".join(
            _GAP + _padded(cell, width, right=column.is_number) for cell, width, column in cells
        )
        opening, *others = _folded(line.cells[0], first)
        yield _padded(opening, first, right=False) + numbers
        yield from others
    yield "-" * WIDTH


def width_of(text: str) -> int:
    """Columns of a fixed-width font: two for a wide letter, none for an accent or a mark."""
    return sum(_columns(one) for one in text)


def _columns(letter: str) -> int:
    if combining(letter) or category(letter) == "Cf":
        return 0
    return 2 if east_asian_width(letter) in ("W", "F") else 1


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * max(width - width_of(text), 0)
    return blanks + text if right else text + blanks


def _right(text: str) -> str:
    return _padded(text, WIDTH, right=True)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _folded(text: str, width: int) -> list[str]:
    return wrap(text, width) or [""]
