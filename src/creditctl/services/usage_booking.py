"""One chunk of an import, booked whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np

from creditctl.context import Context
from creditctl.errors import Busy, TooManyRejects
from creditctl.rules.columns import Column
from creditctl.rules.columns.duplicates import Verdict
from creditctl.rules.columns.grouping import distinct
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.event_ids import id_text
from creditctl.rules.units import Credits
from creditctl.rules.usage_events import ID_TAKEN, Reject
from creditctl.services.audit import record_change
from creditctl.services.due_bookings import book_what_is_due_for
from creditctl.services.hold_matching import capture_imported, finish_captures
from creditctl.services.late_periods import NOT_LATE, LatePeriods
from creditctl.services.late_usage import late_among, pay_with_adjustments, quarantine
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
    insert_events,
    insert_rejects,
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
from creditctl.store.queries.usage_rollups import add_sums
from creditctl.store.staging import stage_tables

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
    organizations = distinct(chunk.events.organization_id)[0].tolist()
    lock_organizations(unit, organizations)
    if not_ensured := set(organizations) - job.ensured:
        book_what_is_due_for(unit, context, not_ensured)
        job.ensured.update(not_ensured)
    window = context.settings.dedup_window // timedelta(microseconds=1)
    verdict = sifted(unit, chunk.events, chunk.repeats, chunk.verdict, window)
    rejects = sorted([*chunk.rejects, *_conflicts(chunk.events, verdict)])
    _check_limit(job, batch, rejects)
    late = late_among(unit, chunk.events, verdict.new, context.settings.late_window)
    served = verdict.new if late is None else late.booked
    captured = capture_imported(unit, context, batch.id, chunk.events, served, window)
    if late is None:
        counts = _book_chunk(unit, context, job, batch.id, chunk, verdict)
    else:
        quarantine(unit, context, batch.id, job.table, chunk.events.take(late.quarantined))
        booked = chunk.events.take(served)
        counts = book_events(unit, context, batch.id, job.table, booked, late.periods)
        counts = replace(counts, quarantined=len(late.quarantined))
    finish_captures(unit, context, captured)
    insert_rejects(unit, batch.id, rejects)
    add_counts(unit, batch.id, _with_rest(counts, verdict, len(rejects)))
    return batch_by_id(unit, batch.id)


def book_events(
    unit: UnitOfWork,
    context: Context,
    batch_id: int,
    table: PriceTable,
    events: PricedColumns,
    periods: LatePeriods,
) -> Counts:
    """Book new events of locked organizations, in key order; those of late times as adjustments.

    Prices that are graduated by the day's volume start at what is booked now. Raises Busy.
    """
    priced = with_volume_prices(unit, table, events)
    new = Bookable.of(unit.dialect, table, priced)
    if not new.events:
        return Counts()
    _insert(unit, batch_id, new)
    pay_with_adjustments(unit, context, batch_id, table, priced, new.charges, periods)
    _mark_stale(unit, events)
    late = periods.places(events.organization_id, events.occurred_at) != NOT_LATE
    return replace(_counts(new), adjusted=int(late.sum()))


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


def _book_chunk(
    unit: UnitOfWork,
    context: Context,
    job: Import,
    batch_id: int,
    chunk: Chunk,
    verdict: Verdict,
) -> Counts:
    """Book a chunk's new events, none of which is late."""
    new = _bookable(unit, job, chunk, verdict)
    if new.events:
        _insert(unit, batch_id, new)
        pay(unit, context, batch_id, new.charges)
        _mark_stale(unit, chunk.events, verdict.new)
    return _counts(new)


def _mark_stale(unit: UnitOfWork, events: PricedColumns, places: Column | None = None) -> None:
    if has_fresh_drafts(unit):
        booked = events if places is None else events.take(places)
        stage_tables(unit, {"staged_span": spans(booked)})
        mark_drafts_stale(unit)


def _bookable(unit: UnitOfWork, job: Import, chunk: Chunk, verdict: Verdict) -> Bookable:
    """The new events; laid out anew only where they are not those that were expected."""
    if np.array_equal(verdict.new, chunk.expected) and not job.table.rules.graduated.any():
        return chunk.bookable
    new = chunk.events.take(verdict.new)
    return Bookable.of(unit.dialect, job.table, with_volume_prices(unit, job.table, new))


def _conflicts(events: PricedColumns, verdict: Verdict) -> list[Reject]:
    return [
        Reject(int(events.line[place]), "id", _id_as_written(events, place), ID_TAKEN)
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


def _insert(unit: UnitOfWork, batch_id: int, new: Bookable) -> None:
    """Write everything of new events but who pays them."""
    if insert_events(unit, new.layouts.pop(), batch_id) != new.events:
        # Two files with the same ids for different organizations, at the same moment.
        raise Busy("another import has just booked the same ids")
    insert_texts(unit, new.texts)
    add_sums(unit, new.layouts.pop(), new.tiers)
    add_batch_products(unit, batch_id, new.products)


def _counts(new: Bookable) -> Counts:
    return Counts(
        billed=new.billed,
        free=new.events - new.billed - new.failed,
        failed=new.failed,
        credits=Credits(new.credits_micro),
    )


def _with_rest(counts: Counts, verdict: Verdict, rejected: int) -> Counts:
    return replace(counts, duplicate=verdict.duplicates, rejected=rejected, reused=verdict.reused)
