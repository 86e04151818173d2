"""JSON lines: an object for each row; amounts are texts, for a JSON number may become a float."""

import json
from typing import Any, BinaryIO

from creditctl.adapters.row_writers.plain_cells import cells, column

__all__ = ["cells", "column", "open_writer"]


class _Lines:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write_batch(self, batch: Any) -> None:
        """Append a block; what a row does not have is null."""
        for row in batch.to_pylist():
            self._stream.write(f"{json.dumps(row, ensure_ascii=False)}\n".encode())

    def close(self) -> None:
        """Nothing follows the last line."""


def open_writer(stream: BinaryIO, schema: Any) -> _Lines:  # noqa: ARG001 - every line has its names
    """Begin a file."""
    return _Lines(stream)
