"""The files of an import: their names and hashes, piped input, lookups and the file of rejects."""

import csv
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import BinaryIO

from creditctl.errors import FileMissing, InvalidInput
from creditctl.store.queries.usage_batches import RejectRow

_BLOCK = 1_048_576
_LOOKUP_COLUMNS = 2
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to import, and what to call it."""

    path: Path
    name: str


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[SourceFile]:
    """Piped input as a file: it is read twice, once for its hash."""
    with tempfile.NamedTemporaryFile(prefix="creditctl-") as spool:
        shutil.copyfileobj(stream, spool, _BLOCK)
        spool.flush()
        yield SourceFile(Path(spool.name), "stdin")


def sha256_of(source: SourceFile) -> str:
    """The content's hash, hexadecimal; raises FileMissing when it cannot be read."""
    try:
        with source.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise FileMissing(f"{source.name}: {reason}") from None


def read_lookup(name: str) -> dict[str, str]:
    """A CSV file of two columns, from and to; raises FileMissing, InvalidInput with the line."""
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise FileMissing(f"{name}: {problem.strerror or 'it cannot be read'}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} is not UTF-8 text") from None
    table: dict[str, str] = {}
    rows = csv.reader(text.splitlines())
    for row in rows:
        if not row:
            continue
        if len(row) != _LOOKUP_COLUMNS:
            raise InvalidInput(
                f"{name}, line {rows.line_num}: {len(row)} columns instead of 2",
                hint="a lookup file has the column's value and what it stands for",
            )
        table[row[0].strip()] = row[1].strip()
    return table


def check_writable(path: Path) -> None:
    """Raise FileMissing now rather than after the import when rejects cannot be written there."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise FileMissing(f"{path}: a file cannot be written there")


def write_rejects(path: Path, rejects: Iterable[RejectRow]) -> None:
    """Write them as CSV: file, line, field, value, reason; safe to open in a spreadsheet."""
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream, lineterminator="\n")
            rows.writerow(("file", "line", "field", "value", "reason"))
            rows.writerows([_inert(cell) for cell in astuple(reject)] for reject in rejects)
    except OSError as problem:
        reason = problem.strerror or "it cannot be written"
        raise FileMissing(f"{path}: {reason}") from None


def _inert(cell: str | int) -> str | int:
    """A spreadsheet runs text that looks like a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
