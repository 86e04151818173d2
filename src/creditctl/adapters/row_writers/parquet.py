"""Parquet, packed with Zstandard: instants and decimals with types of their own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet

_KINDS = {
    "text": pa.string(),
    "words": pa.string(),
    "name": pa.dictionary(pa.int32(), pa.string()),
    "time": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "count": pa.int64(),
    # Micro-credits of 64 bits have 19 digits, six of them after the point.
    "credits": pa.decimal128(19, 6),
}


def column(kind: str) -> Any:
    """Exact types; no amount is a float."""
    return _KINDS[kind]


def cells(kind: str, values: Sequence[Any]) -> Sequence[Any]:
    """Micro-credits as decimals; numbers are what times and days are made of."""
    if kind == "credits":
        return [None if one is None else Decimal(one).scaleb(-6) for one in values]
    return values


def open_writer(stream: BinaryIO, schema: Any) -> Any:
    """Begin a file."""
    return parquet.ParquetWriter(stream, schema, compression="zstd")
