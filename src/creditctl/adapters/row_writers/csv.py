"""CSV as `usage import` reads it: times and amounts as text, exact."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from pyarrow import csv

from creditctl.adapters.focus_csv import inert
from creditctl.adapters.row_writers import plain_cells
from creditctl.adapters.row_writers.plain_cells import column

__all__ = ["cells", "column", "open_writer"]


def cells(kind: str, values: Sequence[Any]) -> Sequence[Any]:
    """As text; what people wrote is no formula to a spreadsheet."""
    if kind == "words":
        return [None if one is None else inert(one) for one in values]
    return plain_cells.cells(kind, values)


def open_writer(stream: BinaryIO, schema: Any) -> Any:
    """Begin a file with a header."""
    return csv.CSVWriter(
        stream,
        schema,
        write_options=csv.WriteOptions(quoting_style="needed", quoting_header="none"),
    )
