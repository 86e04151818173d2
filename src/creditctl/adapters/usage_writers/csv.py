"""CSV as `usage import` reads it: times and amounts as text, exact."""

from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv

_KINDS = {"text": pa.string(), "time": pa.string(), "count": pa.int64(), "credits": pa.string()}


def column(kind: str) -> Any:
    """Text but for counts."""
    return _KINDS[kind]


def open_writer(stream: BinaryIO, schema: Any) -> Any:
    """Begin a file with a header."""
    return csv.CSVWriter(
        stream,
        schema,
        write_options=csv.WriteOptions(quoting_style="needed", quoting_header="none"),
    )
