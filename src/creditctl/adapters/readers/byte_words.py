"""The bytes of a block as words of eight that begin at every byte, read for many lines at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

WORD = 8
LONGEST_KEPT = 8 * WORD
"""Bytes of the longest value whose words are kept while its end is sought."""

_LONGEST_VALUE = 512 * WORD
_ALL = (1 << 64) - 1
_ONES, _HIGHS = np.uint64(_ALL // 255), np.uint64(_ALL // 255 * 128)
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], np.uint64)
"""Number of bytes -> a word that keeps as many of the first ones."""

# Odd numbers without a pattern, one for each word that is kept.
_MIXERS = np.array([pow(0x9E3779B97F4A7C15, power, 1 << 64) for power in range(1, 9)], np.uint64)


class Span(NamedTuple):
    """Where a value stands in some lines."""

    starts: Any
    ends: Any
    width: int | None
    """The same in all lines, or None."""

    words: Any
    """Its words, zeros after its end, a row for each line; None where they were not needed."""


class ByteWords:
    """The words of at least eight bytes; one that begins near their end has zeros after it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = len(data)
        self._words = np.ndarray((max(len(data) - WORD + 1, 0),), "<u8", data, strides=(1,))
        self._bytes = np.frombuffer(data, np.uint8)

    def at(self, places: Any, offset: int = 0) -> Any:
        """The words that begin `offset` after these places."""
        try:
            return self._words[offset:][places]
        except IndexError:
            return self._near_the_end(places + offset)

    def _some_at(self, places: Any, count: int) -> Any:
        """So many words in a row that begin at these places: a row for each."""
        try:
            return self.rows(places, count * WORD).view("<u8").reshape(-1, count)
        except IndexError:
            return np.column_stack([self.at(places, index * WORD) for index in range(count)])

    def _near_the_end(self, places: Any) -> Any:
        """The words at these places, some of which are beyond the last whole word."""
        beyond = np.flatnonzero(places >= len(self._words))
        left = [self._data[place : place + WORD] for place in places[beyond].tolist()]
        places[beyond] = 0
        words = self._words[places]
        words[beyond] = [int.from_bytes(one, "little") for one in left]
        return words

    def has(self, byte: int, places: Any, offset: int) -> bool:
        """Whether the byte stands `offset` after each of these places."""
        try:
            return bool((self._bytes[offset:][places] == byte).all())
        except IndexError:
            return False

    def rows(self, places: Any, width: int) -> Any:
        """As many bytes from each place on, as one item; raises IndexError beyond the end."""
        count = max(self._size - width + 1, 0)
        return np.ndarray((count,), f"V{width}", self._data, strides=(1,))[places]

    def all_say(self, places: Any, text: bytes, is_fixed: bytes) -> bool:
        """Whether the text stands at all of the places, in the bytes marked with 255."""
        try:
            return self._say(places, text, is_fixed)
        except IndexError:
            return False

    def _say(self, places: Any, text: bytes, is_fixed: bytes) -> bool:
        whole = len(text) // WORD
        rows: Any = None
        if whole:
            rows = self.rows(places, whole * WORD).view("<u8").reshape(-1, whole)
        for index in range(whole):
            part = slice(index * WORD, (index + 1) * WORD)
            if not _agree(rows[:, index], text[part], is_fixed[part]):
                return False
        part = slice(whole * WORD, len(text))
        return _agree(self.at(places, whole * WORD), text[part], is_fixed[part])

    def with_words(self, span: Span) -> Span:
        """The same values with their words, which are all equally wide, and not long."""
        width = span.width or 0
        words = self._some_at(span.starts, -(-width // WORD) or 1)
        words[:, -1] &= _MASKS[width - (words.shape[1] - 1) * WORD]
        return span._replace(words=words)

    def span_until(self, starts: Any, ends: Any) -> Span | None:
        """The values between these places; None if one would end before it starts."""
        widths = ends - starts
        widest = int(widths.max())
        if int(widths.min()) < 0:
            return None
        words = None
        if widest <= LONGEST_KEPT:
            words = self._some_at(starts, -(-widest // WORD) or 1)
            for index in range(words.shape[1]):
                words[:, index] &= _MASKS[np.clip(widths - index * WORD, 0, WORD)]
        return Span(starts, ends, None, words)

    def span_to(self, byte: int, starts: Any, usual_width: int) -> Span | None:
        """The values that end before the byte; None if one of them is very long."""
        sought = np.uint64(byte) * _ONES
        words = self._some_at(starts, min(usual_width // WORD + 1, LONGEST_KEPT // WORD))
        before = _before(words, sought)
        words &= before
        passed = np.bitwise_count(before) >> 3
        widths, is_open = passed[:, 0].astype(np.int64), passed[:, 0] == WORD
        for index in range(1, words.shape[1]):
            words[~is_open, index] = 0
            widths += passed[:, index] * is_open
            is_open &= passed[:, index] == WORD
        if is_open.any():
            return self._longer_span(sought, starts, words, widths, is_open)
        return Span(starts, starts + widths, None, words)

    def _longer_span(
        self, sought: Any, starts: Any, words: Any, widths: Any, is_open: Any
    ) -> Span | None:
        """The same where some values did not end within the first words."""
        rest = np.flatnonzero(is_open)
        for offset in range(words.shape[1] * WORD, _LONGEST_VALUE, WORD):
            following = self.at(starts[rest], offset)
            before = _before(following, sought)
            passed = np.bitwise_count(before) >> 3
            widths[rest] += passed
            if offset < LONGEST_KEPT:
                more = np.zeros(len(starts), np.uint64)
                more[rest] = following & before
                words = np.column_stack((words, more))
            rest = rest[passed == WORD]
            if not len(rest):
                is_kept = offset < LONGEST_KEPT
                return Span(starts, starts + widths, None, words if is_kept else None)
        return None

    def texts(self, span: Span) -> Any:
        """The values as a column of text."""
        if span.width:
            return _texts(self.rows(span.starts, span.width), span.width)
        # Every other text of this column is what stands between two of the values.
        bounds = np.column_stack((span.starts, span.ends)).ravel().astype(np.int32)
        parts = [None, pa.py_buffer(bounds), pa.py_buffer(self._data)]
        both = pa.Array.from_buffers(pa.string(), len(bounds) - 1, parts)
        return both.take(pa.array(np.arange(0, len(bounds), 2, dtype=np.int32)))


def coded(spans: Sequence[Span]) -> Any:
    """The values of some lines after others as a dictionary and codes; all have their words."""
    widths = {span.width for span in spans}
    width = widths.pop() if len(widths) == 1 else None
    words = _columns([span.words for span in spans])
    codes, distinct = _codes(words)
    values = np.column_stack(distinct)
    if width:
        texts = _texts(np.ascontiguousarray(values.view(np.uint8)[:, :width]), width)
    else:
        items = values.view(f"S{len(words) * WORD}").ravel().tolist()
        texts = pa.array(items, pa.binary()).cast(pa.string())
    return pa.DictionaryArray.from_arrays(codes, texts)


def _columns(parts: Sequence[Any]) -> list[Any]:
    """Rows of words as columns; zeros where a part has fewer."""
    columns = np.zeros((max(part.shape[1] for part in parts), sum(map(len, parts))), np.uint64)
    first = 0
    for part in parts:
        columns[: part.shape[1], first : first + len(part)] = part.T
        first += len(part)
    return [*columns]


def _texts(rows: Any, width: int) -> Any:
    """Rows of equally many bytes as a column of text."""
    offsets = np.arange(0, (len(rows) + 1) * width, width, dtype=np.int32)
    parts = [None, pa.py_buffer(offsets), pa.py_buffer(rows)]
    return pa.Array.from_buffers(pa.string(), len(rows), parts)


def _agree(words: Any, text: bytes, is_fixed: bytes) -> bool:
    mask = int.from_bytes(is_fixed, "little")
    if not mask:
        return True
    wanted = np.uint64(int.from_bytes(text, "little") & mask)
    return bool(((words if mask == _ALL else words & np.uint64(mask)) == wanted).all())


def _before(words: Any, sought: Any) -> Any:
    """Masks of the bytes of each word before the first one sought, which `sought` repeats."""
    words = words ^ sought
    hits = words - _ONES
    np.invert(words, out=words)
    hits &= words
    hits &= _HIGHS
    # The lowest bit that is left is the first byte's; a word without any is kept whole.
    np.negative(hits, out=words)
    hits &= words
    hits >>= np.uint64(7)
    hits -= np.uint64(1)
    return hits


def _codes(words: list[Any]) -> tuple[Any, list[Any]]:
    """A code for each value of some words, and the words of each code."""
    # Values often begin alike: what is the same everywhere tells none of them apart.
    differing = [word for word in words if (word != word[0]).any()] or words[:1]
    mixed = differing[0]
    if len(differing) > 1:
        mixed = mixed * _MIXERS[0]
        for word, mixer in zip(differing[1:], _MIXERS[1:], strict=False):
            mixed += word * mixer
    encoded = pa.array(mixed).dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    places = np.empty(len(encoded.dictionary), np.int64)
    places[codes] = np.arange(len(codes))
    distinct = [word[places] for word in words]
    if len(differing) == 1 or all((word[places][codes] == word).all() for word in differing):
        return encoded.indices, distinct
    # Two values were mixed to the same number: compare them whole.
    width = len(words) * WORD
    whole = [None, pa.py_buffer(np.column_stack(words))]
    encoded = pa.Array.from_buffers(pa.binary(width), len(codes), whole).dictionary_encode()
    values = np.frombuffer(b"".join(encoded.dictionary.to_pylist()), "<u8")
    return encoded.indices, [*values.reshape(-1, len(words)).T]
