"""One chunk of an import, booked whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from creditctl.context import Context
from creditctl.errors import Busy, TooManyRejects
from creditctl.rules.columns.duplicates import Verdict
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.event_ids import id_text
from creditctl.rules.units import Credits
from creditctl.rules.usage_events import Reject
from creditctl.services.audit import record_change
from creditctl.services.due_bookings import book_what_is_due_for
from creditctl.services.price_table import PriceTable
from creditctl.services.usage_chunks import Bookable, Chunk, spans
from creditctl.services.usage_payment import pay
from creditctl.services.usage_sifting import sifted
from creditctl.services.usage_volume import with_volume_prices
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import lock_organizations
from creditctl.store.queries.usage import (
    add_batch_products,
    has_fresh_drafts,
    insert_rejects,
    insert_staged_events,
    insert_texts,
    mark_drafts_stale,
)
from creditctl.store.queries.usage_batches import (
    BatchRow,
    Counts,
    add_counts,
    batch_by_id,
    finish_batch,
    insert_batch,
    move_cursor,
)
from creditctl.store.queries.usage_rollups import add_staged_sums
from creditctl.store.staging import stage, stage_tables

_ANOTHER_IMPORT = "another import of this file is running"


@dataclass(frozen=True, slots=True)
class Import:
    """One file under its options: what stays the same from chunk to chunk."""

    name: str
    format_name: str
    sha256: str
    options: str
    max_rejects: int | None
    table: PriceTable
    """The prices by which its records are priced."""

    ensured: set[int] = field(default_factory=set)
    """Organizations for which this run has booked what is due already."""


def book_chunk(
    unit: UnitOfWork,
    context: Context,
    job: Import,
    batch: BatchRow | None,
    chunk: Chunk,
) -> BatchRow:
    """Book the file's next records and move its cursor past them; returns the batch as it is then.

    Raises Busy when another import of the file has moved on, TooManyRejects.
    """
    batch = _claimed(unit, context, job, batch, chunk.records)
    organizations = np.unique(chunk.events.organization_id).tolist()
    lock_organizations(unit, organizations)
    if not_ensured := set(organizations) - job.ensured:
        book_what_is_due_for(unit, context, not_ensured)
        job.ensured.update(not_ensured)
    window = context.settings.dedup_window // timedelta(microseconds=1)
    verdict = sifted(unit, chunk.events, chunk.repeats, window)
    rejects = sorted([*chunk.rejects, *_conflicts(chunk.events, verdict or chunk.verdict)])
    _check_limit(job, batch, rejects)
    new = _bookable(unit, job, chunk, verdict)
    if new.events:
        _book(unit, context, batch.id, new)
        if has_fresh_drafts(unit):
            booked = chunk.events.take((verdict or chunk.verdict).new)
            stage_tables(unit, {"staged_span": spans(booked)})
            mark_drafts_stale(unit)
    insert_rejects(unit, batch.id, rejects)
    add_counts(unit, batch.id, _counts(new, verdict or chunk.verdict, len(rejects)))
    return batch_by_id(unit, batch.id)


def finish(unit: UnitOfWork, context: Context, batch: BatchRow) -> BatchRow:
    """Everything of the file is booked; a second time changes nothing."""
    if finish_batch(unit, batch.id, context.now):
        after = {"file": batch.source_name}
        record_change(unit, context, "usage.imported", batch.public_id, after=after)
    return batch_by_id(unit, batch.id)


def _claimed(
    unit: UnitOfWork, context: Context, job: Import, batch: BatchRow | None, records: int
) -> BatchRow:
    """The batch, this chunk's alone: it is claimed first, so that the slower of two stops early."""
    cursor = 0 if batch is None else batch.cursor
    if batch is None:
        batch_id = insert_batch(
            unit,
            public_id=new_public_id("batch", context.now),
            source_name=job.name,
            format_name=job.format_name,
            sha256=job.sha256,
            options=job.options,
            started_at=context.now,
            actor=context.actor,
        )
    else:
        batch_id = batch.id
    if batch_id is None or not move_cursor(unit, batch_id, cursor, records):
        raise Busy(f"{job.name}: {_ANOTHER_IMPORT}")
    return batch_by_id(unit, batch_id)


def _bookable(unit: UnitOfWork, job: Import, chunk: Chunk, verdict: Verdict | None) -> Bookable:
    """The new events; laid out anew only where the database changed what was read."""
    if verdict is None and not job.table.rules.graduated.any():
        return chunk.bookable
    new = chunk.events.take((verdict or chunk.verdict).new)
    return Bookable.of(unit.dialect, job.table, with_volume_prices(unit, job.table, new))


def _conflicts(events: PricedColumns, verdict: Verdict) -> list[Reject]:
    reason = "was used before by another request"
    return [
        Reject(
            int(events.line[place]),
            "id",
            _id_as_written(events, place),
            reason,
        )
        for place in verdict.conflicts
    ]


def _id_as_written(events: PricedColumns, place: int) -> str:
    text = None if events.texts is None else events.texts[place]
    return text or id_text(events.event_id(place))


def _check_limit(job: Import, batch: BatchRow, rejects: Sequence[Reject]) -> None:
    if job.max_rejects is None or batch.rejected + len(rejects) <= job.max_rejects:
        return
    first = rejects[0]
    raise TooManyRejects(
        f"{job.name} has more than {job.max_rejects} rejected lines; "
        f"line {first.line}: {first.field} {first.value!r} {first.reason}",
        hint="correct the file, or allow more with --max-rejects",
    )


def _book(unit: UnitOfWork, context: Context, batch_id: int, new: Bookable) -> None:
    stage(unit, new.rows)
    if insert_staged_events(unit, batch_id) != new.events:
        # Two files with the same ids for different organizations, at the same moment.
        raise Busy("another import has just booked the same ids")
    insert_texts(unit, new.texts)
    stage(unit, new.sums)
    add_staged_sums(unit, new.tiers)
    add_batch_products(unit, batch_id, new.products)
    pay(unit, context, batch_id, new.charges)


def _counts(new: Bookable, verdict: Verdict, rejected: int) -> Counts:
    return Counts(
        billed=new.billed,
        free=new.events - new.billed - new.failed,
        failed=new.failed,
        duplicate=verdict.duplicates,
        rejected=rejected,
        reused=verdict.reused,
        credits=Credits(new.credits_micro),
    )
