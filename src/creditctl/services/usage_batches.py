"""Imports that were made: what each brought, and the list of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.usage_batches import (
    BatchProductRow,
    BatchRow,
    batch_products,
    latest_batches,
)


@dataclass(frozen=True, slots=True)
class ProductTotal:
    """What was imported for a product; requests are billed, free and failed ones."""

    product: str
    requests: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file; read = billed + free + failed + duplicate + rejected + quarantined."""

    id: str
    file: str
    status: str
    """`imported`, or `unchanged` when it had been imported before."""

    read: int
    billed: int
    free: int
    failed: int
    duplicate: int
    rejected: int
    reused: int
    """Of the new events those whose id had been seen before, outside of the duplicate window.

    Looked for in the chunk and in the hours that the window touches, not in all of the past.
    """

    adjusted: int
    """Of the booked events those that the next invoice lists: theirs is final."""

    quarantined: int
    """Events too late to be billed: `usage late` lists and releases them."""

    credits: Credits
    products: tuple[ProductTotal, ...]
    unended_line: int | None = None
    """The last line, where it has no line end: nobody can tell it from one that was cut off."""


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """All files of one command, and their sums."""

    read: int
    billed: int
    free: int
    failed: int
    duplicate: int
    rejected: int
    reused: int
    adjusted: int
    quarantined: int
    credits: Credits
    dry_run: bool
    files: tuple[ImportedFile, ...]
    products: tuple[ProductTotal, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """An import as the list shows it."""

    id: str
    file: str
    format: str
    status: str
    read: int
    billed: int
    free: int
    failed: int
    duplicate: int
    rejected: int
    adjusted: int
    quarantined: int
    credits: Credits
    started_at: datetime
    finished_at: datetime | None
    actor: str


def list_batches(context: Context, *, limit: int) -> list[Batch]:
    """The newest imports first; `running` ones were interrupted or are at work."""
    with reading(context.database) as unit:
        rows = latest_batches(unit, limit)
    return [
        Batch(
            id=row.public_id,
            file=row.source_name,
            format=row.format,
            status=row.status,
            read=row.cursor,
            billed=row.billed,
            free=row.free,
            failed=row.failed,
            duplicate=row.duplicate,
            rejected=row.rejected,
            adjusted=row.adjusted,
            quarantined=row.quarantined,
            credits=row.credits,
            started_at=row.started_at,
            finished_at=row.finished_at,
            actor=row.actor,
        )
        for row in rows
    ]


def imported_file(
    unit: UnitOfWork, batch: BatchRow, status: str, unended_line: int | None = None
) -> ImportedFile:
    """What a finished import says of itself."""
    return ImportedFile(
        id=batch.public_id,
        file=batch.source_name,
        status=status,
        read=batch.cursor,
        billed=batch.billed,
        free=batch.free,
        failed=batch.failed,
        duplicate=batch.duplicate,
        rejected=batch.rejected,
        reused=batch.reused,
        adjusted=batch.adjusted,
        quarantined=batch.quarantined,
        credits=batch.credits,
        products=_totals(batch_products(unit, batch.id)),
        unended_line=unended_line,
    )


def summary_of(files: Sequence[ImportedFile], *, dry_run: bool) -> ImportSummary:
    """The files and their sums."""
    return ImportSummary(
        read=sum(file.read for file in files),
        billed=sum(file.billed for file in files),
        free=sum(file.free for file in files),
        failed=sum(file.failed for file in files),
        duplicate=sum(file.duplicate for file in files),
        rejected=sum(file.rejected for file in files),
        reused=sum(file.reused for file in files),
        adjusted=sum(file.adjusted for file in files),
        quarantined=sum(file.quarantined for file in files),
        credits=sum((file.credits for file in files), NO_CREDITS),
        dry_run=dry_run,
        files=tuple(files),
        products=_totals([total for file in files for total in file.products]),
    )


def _totals(parts: Sequence[BatchProductRow | ProductTotal]) -> tuple[ProductTotal, ...]:
    products = sorted({part.product for part in parts})
    return tuple(
        ProductTotal(
            product,
            sum(part.requests for part in parts if part.product == product),
            sum((part.credits for part in parts if part.product == product), NO_CREDITS),
        )
        for product in products
    )
