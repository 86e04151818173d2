"""Files of an import whose size and hash are known, booked chunk by chunk (DESIGN 3.5)."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from creditctl.adapters.readers import ALIASES, AUTO, reader_for
from creditctl.adapters.readers.files import UsageStream, open_stream, recognised_format
from creditctl.context import Context
from creditctl.errors import ImportStopped, InvalidInput
from creditctl.rules.usage_mapping import FieldSource
from creditctl.services.usage_batches import (
    ImportSummary,
    imported_file,
    summary_of,
)
from creditctl.services.usage_chunks import Chunk
from creditctl.services.usage_files import SourceFile, write_rejects
from creditctl.services.usage_mapping import FieldMapping
from creditctl.services.usage_pricing import Pricer
from creditctl.services.usage_progress import NobodyWatches, Progress, Watch
from creditctl.services.usage_reading import Preparation, priced_chunks, read_ahead
from creditctl.store.engine import (
    UnitOfWork,
    dialect_of,
    kept_open,
    reading,
    rehearsal,
    unit_of_work,
)
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.usage_batches import BatchRow, batch_rejects, find_batch
from creditctl.store.staging import chunk_rows

_ONE_PER_LINE = "ndjson"
_WORTH_SETTLING = 10_000
"""Records: what fewer of them change is tidied up at the end, which takes less than a thread."""

Begin = Callable[[], AbstractContextManager[UnitOfWork]]


@dataclass(frozen=True, slots=True)
class Transactions:
    """How to begin one: each is its own, or all are parts of one rehearsal."""

    read: Begin
    write: Begin
    write_chunk: Begin
    """A power cut may lose the last ones: the batch then goes on from where it stands."""

    settle: Callable[[], None]
    """What follows each chunk beside the next one: the database tidies up."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the same file may be imported under; different options make different batches."""

    format_name: str
    mapping: FieldMapping
    organization: OrganizationRow | None
    max_rejects: int | None
    watch: Watch

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


class ImportedBatch(NamedTuple):
    """A file's batch, and whether it was `imported` now or had been before (`unchanged`)."""

    batch: BatchRow
    status: str
    unended_line: int | None = None


def import_measured(
    context: Context,
    measured: Callable[[], Sequence[tuple[SourceFile, str]]],
    *,
    format_name: str,
    mapping: Sequence[FieldSource],
    organization: str | None,
    max_rejects: int | None,
    rejects_path: Path | None,
    dry_run: bool,
    watch: Watch,
) -> ImportSummary:
    """What `usage_import.import_usage` does, once the files are measured; raises what that does."""
    fields = FieldMapping(mapping)
    sources = measured()
    with _transactions(context, dry_run=dry_run) as transactions:
        with transactions.read() as unit:
            owner = find_organization(unit, organization) if organization else None
        options = ImportOptions(format_name, fields, owner, max_rejects, watch)
        files = [
            _import_file(context, transactions, source, sha256, options)
            for source, sha256 in sources
        ]
        if rejects_path is not None:
            with transactions.read() as unit:
                rows = (row for file in files for row in batch_rejects(unit, file.batch.id))
                write_rejects(rejects_path, rows)
        with transactions.read() as unit:
            shown = [imported_file(unit, *file) for file in files]
    return summary_of(shown, dry_run=dry_run)


@contextmanager
def _transactions(context: Context, *, dry_run: bool) -> Iterator[Transactions]:
    """Chunks commit one by one; a dry run does everything in one transaction and drops it."""
    if not dry_run:
        with kept_open(context.database) as settle:
            yield Transactions(
                partial(reading, context.database),
                partial(unit_of_work, context.database),
                partial(unit_of_work, context.database, flushed=False),
                settle,
            )
        return
    with rehearsal(context.database) as unit:
        yield _parts_of(unit)


def _parts_of(unit: UnitOfWork) -> Transactions:
    """Those that are all the same one, whoever ends it."""

    def same() -> AbstractContextManager[UnitOfWork]:
        return nullcontext(unit)

    return Transactions(same, same, same, lambda: None)


def import_within(
    unit: UnitOfWork, context: Context, source: SourceFile, sha256: str, owner: OrganizationRow
) -> ImportedBatch:
    """The step: a small file of an organization's events, as NDJSON, in an open transaction."""
    options = ImportOptions(_ONE_PER_LINE, FieldMapping(()), owner, None, NobodyWatches())
    return _import_file(context, _parts_of(unit), source, sha256, options)


def _import_file(
    context: Context,
    transactions: Transactions,
    source: SourceFile,
    sha256: str,
    options: ImportOptions,
) -> ImportedBatch:
    """Import one file from where its import stands: at its start, at a chunk, or at its end."""
    format_name = ALIASES.get(options.format_name, options.format_name)
    if format_name == AUTO:
        format_name = recognised_format(source.path, source.name, source.size)
    fingerprint = options.fingerprint(format_name)
    with transactions.read() as unit:
        batch = find_batch(unit, sha256, fingerprint)
        if batch is not None and batch.status == "done":
            return ImportedBatch(batch, "unchanged")
        pricer = Pricer(unit, context.now, options.organization_id)
    done = 0 if batch is None else batch.cursor
    with (
        open_stream(source.path, source.name, source.size) as stream,
        read_ahead(
            _chunks(context, stream, source.name, format_name, pricer, options, done)
        ) as chunks,
    ):
        # Loading all that books takes as long as reading the first chunk.
        from creditctl.services.usage_booking import Import, book_chunk, finish

        job = Import(
            source.name, format_name, sha256, fingerprint, options.max_rejects, pricer.table
        )
        for chunk in chunks:
            _stop_if_asked(options.watch, source, batch)
            with transactions.write_chunk() as unit:
                batch = book_chunk(unit, context, job, batch, chunk)
            if chunk.records >= _WORTH_SETTLING:
                transactions.settle()
            options.watch.advanced(
                Progress(source.name, chunk.records, stream.consumed, source.size or 0)
            )
    if batch is None:
        raise InvalidInput(f"{source.name} holds no events")
    with transactions.write() as unit:
        batch = finish(unit, context, batch)
    return ImportedBatch(batch, "imported", stream.unended_line)


def _chunks(
    context: Context,
    stream: UsageStream,
    name: str,
    format_name: str,
    pricer: Pricer,
    options: ImportOptions,
    done: int,
) -> Iterator[Chunk]:
    """The file's chunks after the records that are `done`; raises InvalidInput for its head."""
    reader = reader_for(format_name)
    blocks = reader.open_blocks(stream, name, options.mapping.wanted())
    given = options.organization is not None
    options.mapping.check(blocks.columns, name, organization_given=given)
    dialect = dialect_of(context.database)
    preparation = Preparation(
        options.mapping,
        pricer,
        dialect,
        context.settings.dedup_window // timedelta(microseconds=1),
        context.settings.import_chunk or chunk_rows(dialect),
    )
    return priced_chunks(blocks.items, preparation, done=done)


def _stop_if_asked(watch: Watch, source: SourceFile, batch: BatchRow | None) -> None:
    if watch.wants_to_stop():
        booked = 0 if batch is None else batch.cursor
        raise ImportStopped(f"{source.name}: stopped after {booked} records, all of them booked")
