"""`usage import`: files of events, chunk by chunk, each billed exactly once (DESIGN 3.5)."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from creditctl.adapters.readers import (
    AUTO,
    Record,
    open_stream,
    reader_for,
    recognised_format,
)
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject
from creditctl.rules.usage_mapping import FieldSource
from creditctl.services.usage_batches import (
    ImportedFile,
    ImportSummary,
    imported_file,
    summary_of,
)
from creditctl.services.usage_booking import Chunk, Import, book_chunk
from creditctl.services.usage_files import SourceFile, check_writable, sha256_of, write_rejects
from creditctl.services.usage_mapping import FieldMapping
from creditctl.services.usage_pricing import Pricer
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.usage_batches import BatchRow, batch_rejects, find_batch

Begin = Callable[[], AbstractContextManager[UnitOfWork]]


@dataclass(frozen=True, slots=True)
class Transactions:
    """How to begin one: each is its own, or all are parts of one rehearsal."""

    read: Begin
    write: Begin


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the same file may be imported under; different options make different batches."""

    format_name: str
    mapping: FieldMapping
    organization: OrganizationRow | None
    max_rejects: int | None

    @property
    def organization_id(self) -> int | None:
        """Whose the lines are that name nobody."""
        return self.organization.id if self.organization else None

    def fingerprint(self, format_name: str) -> str:
        """Everything that decides what becomes of a line."""
        organization = self.organization.public_id if self.organization else None
        facts = {
            "format": format_name,
            "map": self.mapping.fingerprint(),
            "organization": organization,
        }
        return json.dumps(facts, sort_keys=True)


def import_usage(
    context: Context,
    paths: Sequence[Path | SourceFile],
    *,
    format_name: str = AUTO,
    mapping: Sequence[FieldSource] = (),
    organization: str | None = None,
    max_rejects: int | None = None,
    rejects_path: Path | None = None,
    dry_run: bool = False,
) -> ImportSummary:
    """Import the files one after the other; a file that was finished before changes nothing.

    Raises FileMissing, InvalidInput (format, columns, lookup), OrganizationNotFound,
    TooManyRejects, and Busy when another process imports the same file.
    """
    if format_name != AUTO:
        reader_for(format_name)
    if rejects_path is not None:
        check_writable(rejects_path)
    fields = FieldMapping(mapping)
    sources = [path if isinstance(path, SourceFile) else SourceFile(path, str(path)) for path in paths]
    hashes = [sha256_of(source) for source in sources]
    with _transactions(context, dry_run=dry_run) as transactions:
        with transactions.read() as unit:
            owner = find_organization(unit, organization) if organization else None
        options = ImportOptions(format_name, fields, owner, max_rejects)
        files = [
            _import_file(context, transactions, source, sha256, options)
            for source, sha256 in zip(sources, hashes, strict=True)
        ]
        if rejects_path is not None:
            with transactions.read() as unit:
                batches = [file.batch_id for file, _ in files]
                rows = (row for batch_id in batches for row in batch_rejects(unit, batch_id))
                write_rejects(rejects_path, rows)
        with transactions.read() as unit:
            shown = [_shown(unit, batch, status) for batch, status in files]
    return summary_of(shown, dry_run=dry_run)
