"""JSON lines that differ in their values alone, as programs write them, cut at fixed places.

The first line is the pattern: the pieces of text between its values. All lines are then walked
along together, in words of eight bytes. Nothing is believed: every piece of every line is compared,
numbers are matched with the grammar, and a block not exactly alike is left to a parser of JSON.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from creditctl.adapters.readers.byte_words import LONGEST_KEPT, WORD, ByteWords, Span, coded
from creditctl.adapters.readers.lines import LineBlock

_MEMBER = re.compile(
    rb'[ \t\r]*"([^"\\\x00-\x1f]*)"[ \t\r]*:[ \t\r]*'
    rb'(?:"([^"\\\x00-\x1f]*)"|([^\s",:{}\[\]]+))[ \t\r]*([,}])'
)
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_WANTED_BARE = f"\\A(?:{_NUMBER}|true|false)\\z"
_ANY_BARE = f"\\A(?:{_NUMBER}|true|false|null)\\z"
"""Values without quotes; null is no text, so a wanted member must not be null anywhere."""

_MOSTLY_DIFFERENT = ("id", "time")
"""Members whose values hardly repeat: they gain nothing from a dictionary."""

_AT_ONCE = 8192
"""Lines that are cut at once: what is copied of them stays near the processor."""

_SAMPLE = 256
"""Lines whose texts are measured before all are taken to be as long as the first line's."""

_SPACE, _QUOTE, _BACKSLASH = 32, 34, b"\\"


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of the first line."""

    name: str
    before: bytes
    """What the line says between the value before and this one, quotes included."""

    width: int
    is_bare: bool


_Pattern = tuple[list[_Member], bytes]
"""The members of the first line, and how it ends."""


def uniform_columns(block: LineBlock, wanted: Collection[str]) -> dict[str, Any] | None:
    """The wanted members as columns of text; None unless all lines are like the first one.

    The lines must be UTF-8 text already.
    """
    pattern = _pattern(block)
    if pattern is None or len(block.data) < WORD or _BACKSLASH in block.data:
        return None
    members = pattern[0]
    words = ByteWords(block.data)
    parts: list[list[Any]] = [[] for _ in members]
    for first in range(0, len(block.ends), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        lines = block.starts[some], block.ends[some]
        spans = _spans(words, lines, pattern, is_guessed=True)
        spans = spans or _spans(words, lines, pattern, is_guessed=False)
        if spans is None:
            return None
        for member, span, held in zip(members, spans, parts, strict=True):
            held.append(_values(words, member, span, is_wanted=member.name in wanted))
    columns: dict[str, Any] = {}
    for member, held in zip(members, parts, strict=True):
        column = columns[member.name] = _column(words, held)
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        if not _is_one_text_each(values):
            return None
        if member.is_bare and not _are_bare(values, is_wanted=member.name in wanted):
            return None
    nothing = pa.nulls(len(block.ends), pa.string())
    return {name: columns.get(name, nothing) for name in wanted}


def _values(words: ByteWords, member: _Member, span: Span, *, is_wanted: bool) -> Any:
    """The values of a member in some lines: a column of text, or where and which words they are."""
    if member.name in _MOSTLY_DIFFERENT or not (is_wanted or member.is_bare):
        return words.texts(span)
    is_short = span.width is not None and span.width <= LONGEST_KEPT
    return words.with_words(span) if is_short else span


def _spans(
    words: ByteWords, lines: tuple[Any, Any], pattern: _Pattern, *, is_guessed: bool
) -> list[Span] | None:
    """Where the values of each member are in lines that start and end at these places.

    None if a line says anything else between them. Values may be guessed to be as long as in the
    first line: a wrong guess is found out.
    """
    members, last = pattern
    line_starts, line_ends = lines
    spans: list[Span] = []
    step = max(len(line_ends) // _SAMPLE, 1)
    places, text, is_fixed = line_starts, b"", b""
    for member, following in zip(
        members, [*(one.before for one in members[1:]), last], strict=True
    ):
        text += member.before
        is_fixed += b"\xff" * len(member.before)
        starts = places + len(text)
        # As long as values are all as wide as in the first line, lines are compared in one go.
        asked = places if member.is_bare else places[::step]
        if is_guessed and words.has(following[0], asked, len(text) + member.width):
            spans.append(Span(starts, starts + member.width, member.width, None))
            text += bytes(member.width)
            is_fixed += bytes(member.width)
            continue
        if not words.all_say(places, text, is_fixed):
            return None
        if len(spans) + 1 == len(members):
            # Quotes are where they belong, and numbers are matched: the value ends with the line.
            span = words.span_until(starts, line_ends - len(last))
        else:
            span = words.span_to(following[0], starts, member.width)
        if span is None:
            return None
        spans.append(span)
        places, text, is_fixed = span.ends, b"", b""
    ends = places + len(text) + len(last)
    # Places only ever grow: who ends where its line does has never left it.
    if not np.array_equal(ends, line_ends):
        return None
    is_alike = words.all_say(places, text + last, is_fixed + b"\xff" * len(last))
    return spans if is_alike else None


def _pattern(block: LineBlock) -> _Pattern | None:
    """The members of the first line and how it ends; None unless they are texts and numbers."""
    line = block.data[: int(block.ends[0])]
    members: list[_Member] = []
    if not line.startswith(b"{"):
        return None
    place, piece = 1, 0
    while found := _MEMBER.match(line, place):
        is_bare = found[2] is None
        name = found[1].decode()
        if any(member.name == name for member in members):
            return None
        start, end = found.span(3 if is_bare else 2)
        members.append(_Member(name, line[piece:start], end - start, is_bare))
        piece, place = end, found.end()
        if found[4] == b"}":
            return (members, line[piece:]) if not line[place:].strip(b" \t\r\n") else None
    return None


def _column(words: ByteWords, held: list[Any]) -> Any:
    """The values of a member in all lines."""
    if all(isinstance(one, Span) and one.words is not None for one in held):
        return coded(held)
    return pa.concat_arrays([words.texts(one) if isinstance(one, Span) else one for one in held])


def _is_one_text_each(values: Any) -> bool:
    """Whether no value has a quote or a control character, which end it or must not be there."""
    _, offsets, data = values.buffers()
    if data is None:
        return True
    bounds = np.frombuffer(offsets, np.int32)
    turned = np.frombuffer(data, np.uint8)[: bounds[len(values)]] ^ (_QUOTE ^ _SPACE)
    # One comparison for both: that made 32 of a quote, and control characters stay below that.
    return not bool((turned <= _SPACE).any())


def _are_bare(values: Any, *, is_wanted: bool) -> bool:
    """Whether all values may stand without quotes."""
    matched = compute.match_substring_regex(values, _WANTED_BARE if is_wanted else _ANY_BARE)
    return bool(compute.all(matched).as_py())
