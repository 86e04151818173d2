"""Writers of exported usage and ledger entries: one module per format, named in `WRITERS`.

A writer is a module with `open_writer`, which takes blocks of columns and keeps nothing of them.
Columns are of kinds: `text`, `name` (a text of few values), `words` (what people wrote), `time`
(microseconds since 1970), `day` (days since then), `count`, `credits` (micro-credits).
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from creditctl.errors import InvalidInput

WRITERS = {
    "csv": "creditctl.adapters.row_writers.csv",
    "jsonl": "creditctl.adapters.row_writers.ndjson",
    "ndjson": "creditctl.adapters.row_writers.ndjson",
    "parquet": "creditctl.adapters.row_writers.parquet",
}
"""Format name -> module."""


class BlockWriter(Protocol):
    """An opened file of some schema."""

    def write_batch(self, batch: Any) -> None:
        """Append a block."""

    def close(self) -> None:
        """Finish the file."""


class Writer(Protocol):
    """What a format's module offers."""

    def open_writer(self, stream: BinaryIO, schema: Any) -> BlockWriter:
        """Begin a file of Arrow batches of that schema."""

    def column(self, kind: str) -> Any:
        """The Arrow type of a kind in this format."""

    def cells(self, kind: str, values: Sequence[Any]) -> Sequence[Any]:
        """Values of a kind as that type takes them; None stays None."""


def writer_for(format_name: str) -> Writer:
    """The writer of a format; raises InvalidInput for an unknown one."""
    if format_name not in WRITERS:
        known = ", ".join(WRITERS)
        raise InvalidInput(f"rows cannot be exported as {format_name!r}", hint=f"formats: {known}")
    return cast(Writer, import_module(WRITERS[format_name]))
