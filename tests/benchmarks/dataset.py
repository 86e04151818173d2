"""Usage files of the same events: CSV, NDJSON and Parquet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from .events import KEYS, Column, Events, duplicates_in, ends_at_ms, events_of, key_prefix, shuffled
from .prices import ENDPOINTS

COLUMNS = ("id", "time", "key", "endpoint", "status", "units")
_BLOCK = 250_000
_CROCKFORD = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_DASHES = (8, 13, 18, 23)


@dataclass(frozen=True)
class Sample:
    """Which events a file holds: `parts` of `count` each, the first of them the `first`-th."""

    count: int
    ids: str = "ulid"
    first: int = 0
    parts: int = 1
    is_shuffled: bool = False

    @property
    def events(self) -> int:
        return self.count * self.parts

    @property
    def duplicates(self) -> int:
        return duplicates_in(self.count) * self.parts

    @property
    def ends_at_ms(self) -> int:
        return ends_at_ms(self.first + self.parts - 1, self.count)

    @property
    def name(self) -> str:
        order = "-shuffled" if self.is_shuffled else ""
        return f"{self.ids}-{self.count}-{self.first}-{self.parts}{order}"

    def blocks(self) -> Iterator[Events]:
        """The events, a part at a time: only one is in memory."""
        for part in range(self.first, self.first + self.parts):
            events = events_of(part, self.count, self.ids)
            yield shuffled(events) if self.is_shuffled else events


def write_file(path: Path, sample: Sample, kind: str) -> None:
    """Write the sample as `csv`, `ndjson` or `parquet`."""
    _WRITERS[kind](path, sample)


def id_texts(events: Events, ids: str) -> Any:
    """The ids as they are written, an Arrow column."""
    characters = _ulid_texts if ids == "ulid" else _uuid_texts
    return _texts(characters(events.high, events.low))


def time_texts(events: Events) -> Any:
    """Times as 2026-10-01T00:00:00.000Z."""
    return compute.strftime(_instants(events), "%Y-%m-%dT%H:%M:%SZ")


def _write_csv(path: Path, sample: Sample) -> None:
    header = (",".join(COLUMNS) + "\n").encode()
    _write_lines(path, sample, ("", ",", ",", ",", ",", ",", "\n"), header)


def _write_ndjson(path: Path, sample: Sample) -> None:
    quoted = ('{"id":"', '","time":"', '","key":"', '","endpoint":"')
    _write_lines(path, sample, (*quoted, '","status":', ',"units":', "}\n"), b"")


def _write_lines(path: Path, sample: Sample, around: Sequence[str], header: bytes) -> None:
    """Lines made of the columns' texts with `around` before, between and after them."""
    with path.open("wb") as file:
        file.write(header)
        for events in sample.blocks():
            for first in range(0, len(events), _BLOCK):
                some = events.take(np.arange(first, min(first + _BLOCK, len(events))))
                pieces: list[Any] = [around[0]]
                for column, text in zip(_text_columns(some, sample.ids), around[1:], strict=True):
                    pieces += [column, text]
                lines = compute.binary_join_element_wise(*pieces, "")
                file.write(memoryview(lines.buffers()[2])[: _offsets(lines)[-1]])


def _write_parquet(path: Path, sample: Sample) -> None:
    """As exporters write it: instants, dictionaries of words, zstd."""
    writer = None
    for events in sample.blocks():
        table = pa.table(
            {
                "id": id_texts(events, sample.ids),
                "time": _instants(events),
                "key": _words(events.key, _KEY_WORDS),
                "endpoint": _words(events.endpoint, _ENDPOINT_WORDS),
                "status": pa.array(events.status, pa.int32()),
                "units": pa.array(events.units, pa.int64()),
            }
        )
        writer = writer or parquet.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


_WRITERS: dict[str, Callable[[Path, Sample], None]] = {
    "csv": _write_csv,
    "ndjson": _write_ndjson,
    "parquet": _write_parquet,
}
_KEY_WORDS = pa.array([key_prefix(place) for place in range(KEYS)])
_ENDPOINT_WORDS = pa.array([endpoint.request for endpoint in ENDPOINTS])


def _text_columns(events: Events, ids: str) -> list[Any]:
    return [
        id_texts(events, ids),
        time_texts(events),
        _words(events.key, _KEY_WORDS).dictionary_decode(),
        _words(events.endpoint, _ENDPOINT_WORDS).dictionary_decode(),
        pa.array(events.status).cast(pa.string()),
        pa.array(events.units).cast(pa.string()),
    ]


def _instants(events: Events) -> Any:
    return pa.array(events.time_ms, pa.int64()).cast(pa.timestamp("ms", "UTC"))


def _words(codes: Column, words: Any) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), words)


def _offsets(texts: Any) -> Column:
    return np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1]


def _texts(characters: Column) -> Any:
    """Rows of equally many characters as a column of strings."""
    count, width = characters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(characters)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))


def _ulid_texts(high: Column, low: Column) -> Column:
    """26 characters of 5 bits, the most significant ones first; the first holds only 3."""
    digits = np.empty((len(high), 26), np.uint8)
    for place in range(26):
        shift = 5 * (25 - place)
        number = high >> np.uint64(shift - 64) if shift >= 64 else low >> np.uint64(shift)
        if shift == 60:
            number = number | (high << np.uint64(4))
        digits[:, place] = _CROCKFORD[(number & np.uint64(31)).astype(np.uint8)]
    return digits


def _uuid_texts(high: Column, low: Column) -> Column:
    """32 lower-case hexadecimal digits with dashes between them."""
    both = np.stack([high, low], axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)
    digits = np.stack([_HEX[both >> 4], _HEX[both & 15]], axis=2).reshape(-1, 32)
    texts = np.full((len(high), 36), ord("-"), np.uint8)
    texts[:, [place for place in range(36) if place not in _DASHES]] = digits
    return texts
