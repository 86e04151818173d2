"""The files of an import: their names and hashes, piped input, lookups and the file of rejects."""

import csv
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from glob import glob
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from creditctl.adapters.bounded_reads import read_text
from creditctl.errors import CreditctlError, DiskFull, FileMissing, InvalidInput
from creditctl.store.queries.usage_batches import RejectRow

_BLOCK = 1_048_576
_HASHED_BLOCK = 16 * _BLOCK
"""Large: between two of them the hashing thread waits for one that loads modules meanwhile."""
_LOOKUP_COLUMNS = 2
_PATTERN_MARKS = "*?["
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, and what an administrator allows at most."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to import, and what to call it."""

    path: Path
    name: str
    size: int | None = None
    """Bytes of it that are imported: those it had when the import began."""


@contextmanager
def spooled(stream: BinaryIO, name: str = "stdin") -> Iterator[SourceFile]:
    """Piped input as a file: it is read twice, once for its hash; raises DiskFull."""
    try:
        with tempfile.NamedTemporaryFile(prefix="creditctl-") as spool:
            shutil.copyfileobj(stream, spool, _BLOCK)
            spool.flush()
            yield SourceFile(Path(spool.name), name)
    except OSError as problem:
        if problem.errno not in _NO_ROOM:
            raise
        # Another disk than the database's, perhaps.
        raise unwritable(Path(tempfile.gettempdir()), problem) from None


@contextmanager
def readable_twice(source: SourceFile) -> Iterator[SourceFile]:
    """The file itself, or what comes through a named pipe; raises FileMissing and DiskFull."""
    if not source.path.is_fifo():
        yield source
        return
    try:
        stream = source.path.open("rb")
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise FileMissing(f"{source.name}: {reason}") from None
    with stream, spooled(stream, source.name) as spool:
        yield spool


def sources_named(names: Sequence[str]) -> list[SourceFile]:
    """The files that these names and patterns stand for, in the order of both.

    Raises FileMissing when a pattern matches nothing, InvalidInput for a directory.
    """
    found: list[SourceFile] = []
    for name in names:
        paths = [Path(name)]
        if not paths[0].exists() and any(mark in name for mark in _PATTERN_MARKS):
            # The shell did not expand it: it was quoted, or cron has none.
            paths = [Path(match) for match in sorted(glob(name, recursive=True))]  # noqa: PTH207
            if not paths:
                raise FileMissing(f"no file matches {name!r}")
        for path in paths:
            if path.is_dir():
                raise InvalidInput(f"{path} is a directory", hint=f"write {path}/*")
            found.append(SourceFile(path, str(path)))
    return found


def measured(source: SourceFile) -> tuple[SourceFile, str]:
    """The file with its present size, and the hash of that much; raises FileMissing."""
    digest = hashlib.sha256()
    try:
        with source.path.open("rb", buffering=0) as stream:
            left = size = os.fstat(stream.fileno()).st_size
            buffer = memoryview(bytearray(min(size, _HASHED_BLOCK)))
            while count := stream.readinto(buffer[:left]):
                digest.update(buffer[:count])
                left -= count
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise FileMissing(f"{source.name}: {reason}") from None
    return replace(source, size=size), digest.hexdigest()


def measured_meanwhile(
    sources: Iterable[SourceFile],
) -> Callable[[], list[tuple[SourceFile, str]]]:
    """All of them measured in a thread of their own from now on: call it for what was found."""
    found: Future[list[tuple[SourceFile, str]]] = Future()
    files = list(sources)

    def measure() -> None:
        try:
            found.set_result(list(map(measured, files)))
        except Exception as problem:  # it is raised where the answer is asked for
            found.set_exception(problem)

    # A daemon: who gives up does not wait until a large file has been read.
    Thread(target=measure, name="measure", daemon=True).start()
    return found.result


def read_lookup(name: str) -> dict[str, str]:
    """A CSV file of two columns, from and to; raises FileMissing, InvalidInput with the line."""
    try:
        text = read_text(Path(name), "utf-8-sig")
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
        word, meaning = row[0].strip(), row[1].strip()
        if table.setdefault(word, meaning) != meaning:
            raise InvalidInput(
                f"{name}, line {rows.line_num}: {word!r} stands for something else above",
                hint="give each value one line",
            )
    return table


def check_writable(path: Path, read: Iterable[Path]) -> None:
    """Refuse now rather than after the import a place where rejects cannot be written.

    Raises FileMissing, and InvalidInput for one of the files that are read.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise FileMissing(f"{path}: a file cannot be written there")
    if path.exists() and any(other.exists() and path.samefile(other) for other in read):
        raise InvalidInput(
            f"{path} is read by this import: the rejects would be written over it",
            hint="name another file with --rejects",
        )


def write_rejects(path: Path, rejects: Iterable[RejectRow]) -> None:
    """Write them as CSV: file, line, field, value, reason; safe to open in a spreadsheet."""
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream, lineterminator="\n")
            rows.writerow(("file", "line", "field", "value", "reason"))
            rows.writerows([_inert(cell) for cell in astuple(reject)] for reject in rejects)
    except OSError as problem:
        raise unwritable(path, problem) from None


def unwritable(path: Path, problem: OSError) -> CreditctlError:
    """Why a file could not be written: DiskFull, or FileMissing for a place that is none."""
    reason = f"{path}: {problem.strerror or 'it cannot be written'}"
    return DiskFull(reason) if problem.errno in _NO_ROOM else FileMissing(reason)


def _inert(cell: str | int) -> str | int:
    """A spreadsheet runs text that looks like a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
