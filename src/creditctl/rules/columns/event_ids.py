"""Ids of usage events as two 64-bit halves of their 16 bytes (see `rules.event_ids`)."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from pyarrow import compute

from creditctl.rules.columns import Column, Texts
from creditctl.rules.event_ids import ID_BYTES, LONGEST_ID, event_id

_UUID_LENGTH, _ULID_LENGTH = 36, 26
_DASHES = (8, 13, 18, 23)
_HEX_PLACES = [place for place in range(_UUID_LENGTH) if place not in _DASHES]
_NO_DIGITS = 0xFFFF
# Digits, and how else they are written.
_HEX = (b"0123456789abcdef", b"0123456789ABCDEF")
_CROCKFORD = (b"0123456789ABCDEFGHJKMNPQRSTVWXYZ",)


@cache
def _pairs(alphabet: bytes, *others: bytes) -> Column:
    """The number that two characters write, by the two bytes they are; most write none."""
    digits = np.full(256, -1)
    for letters in (alphabet, *others):
        digits[list(letters)] = np.arange(len(letters))
    pairs = np.arange(2**16)
    first, second = digits[pairs & 0xFF], digits[pairs >> 8]
    numbers = np.where((first < 0) | (second < 0), _NO_DIGITS, first * len(alphabet) + second)
    return numbers.astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Identities:
    """The ids of some events; `texts` holds the words of those that were hashed, by position."""

    high: Column
    low: Column
    known: Column
    """Whether the text is an id at all; where it is not, the halves mean nothing."""

    texts: dict[int, str]


def identities(texts: Texts) -> Identities:
    """The ids that the texts are: UUIDs and ULIDs at once, any other text one by one."""
    texts = texts.cast(pa.string())
    count = len(texts)
    found = Identities(
        np.zeros(count, np.uint64), np.zeros(count, np.uint64), np.zeros(count, bool), {}
    )
    lengths = compute.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
    for length, decode in ((_UUID_LENGTH, _uuids), (_ULID_LENGTH, _ulids)):
        places = np.flatnonzero(lengths == length)
        if len(places):
            halves, good = decode(_bytes_of(texts, places, length))
            found.high[places], found.low[places] = halves
            found.known[places] = good
    for place in np.flatnonzero(~found.known & (lengths > 0)).tolist():
        _hashed(found, place, texts[place].as_py())
    return found


def sixteen_bytes(high: Column, low: Column) -> Column:
    """The ids as an array of 16 bytes each."""
    halves = np.empty((len(high), 2), ">u8")
    halves[:, 0], halves[:, 1] = high, low
    return halves.view(f"V{ID_BYTES}").reshape(-1)


def id_bytes(high: int, low: int) -> bytes:
    """One id."""
    return high.to_bytes(ID_BYTES // 2, "big") + low.to_bytes(ID_BYTES // 2, "big")


def halves_of(identity: bytes) -> tuple[int, int]:
    """The two halves of one id: the opposite of `id_bytes`."""
    half = ID_BYTES // 2
    return int.from_bytes(identity[:half], "big"), int.from_bytes(identity[half:], "big")


def _hashed(found: Identities, place: int, text: str) -> None:
    if len(text) > LONGEST_ID or "\0" in text:
        return
    identity, complete = event_id(text)
    found.high[place] = int.from_bytes(identity[: ID_BYTES // 2], "big")
    found.low[place] = int.from_bytes(identity[ID_BYTES // 2 :], "big")
    found.known[place] = True
    if not complete:
        found.texts[place] = text


def _bytes_of(texts: Texts, places: Column, length: int) -> Column:
    """The characters of texts that are all equally long, a row for each."""
    chosen = texts if len(places) == len(texts) else texts.take(pa.array(places))
    offsets = np.frombuffer(chosen.buffers()[1], np.int32)[chosen.offset :]
    data = np.frombuffer(chosen.buffers()[2], np.uint8)
    return data[offsets[0] : offsets[0] + len(places) * length].reshape(-1, length)


def _numbers(characters: Column, table: Column) -> Column:
    """What each two characters write, a column for each pair."""
    pairs = np.ascontiguousarray(characters).view("<u2")
    return table[pairs]


def _uuids(characters: Column) -> tuple[tuple[Column, Column], Column]:
    numbers = _numbers(characters[:, _HEX_PLACES], _pairs(*_HEX))
    good = (characters[:, _DASHES] == ord("-")).all(axis=1) & (numbers != _NO_DIGITS).all(axis=1)
    halves = numbers.astype(np.uint8).view(">u8").astype(np.uint64)
    return (halves[:, 0], halves[:, 1]), good


def _ulids(characters: Column) -> tuple[tuple[Column, Column], Column]:
    numbers = _numbers(characters, _pairs(*_CROCKFORD))
    # 13 numbers of 10 bits: the first two bits are 0, for an id has 128.
    good = (numbers.max(axis=1) != _NO_DIGITS) & (numbers[:, 0] < 2**8)
    columns = np.ascontiguousarray(numbers.T).astype(np.uint64)
    high, low = columns[6] >> 4, columns[6] << 60
    for place in range(6):
        high |= columns[place] << (56 - 10 * place)
        low |= columns[7 + place] << (50 - 10 * place)
    return (high, low), good
