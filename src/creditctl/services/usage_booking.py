"""One chunk of an import, booked whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from creditctl.context import Context
from creditctl.errors import Busy, TooManyRejects
from creditctl.rules.event_ids import id_text
from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.rules.units import Credits
from creditctl.rules.usage_duplicates import Known, Sifted, sift
from creditctl.rules.usage_events import Reject
from creditctl.services.allocation import Charge, allocate
from creditctl.services.audit import record_change
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.price_book import PriceBook
from creditctl.services.usage_volume import with_volume_prices
from creditctl.services.waivers import waive_overage
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import lock_organizations, organization_by_id
from creditctl.store.queries.usage import (
    PricedEvent,
    book_events,
    insert_rejects,
    known_events,
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

_ANOTHER_IMPORT = "another import of this file is running"


@dataclass(slots=True)
class Chunk:
    """Some records of a file, in its order, each priced or rejected."""

    events: list[PricedEvent] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def add(self, priced: PricedEvent | Reject) -> None:
        """Take the next record."""
        if isinstance(priced, Reject):
            self.rejects.append(priced)
        else:
            self.events.append(priced)

    @property
    def records(self) -> int:
        """How many records of the file these are."""
        return len(self.events) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Import:
    """One file under its options: what stays the same from chunk to chunk."""

    name: str
    format_name: str
    sha256: str
    options: str
    max_rejects: int | None
    ensured: set[int]
    """Organizations for which this run has booked what is due already."""

    book: PriceBook
    """The prices by which its records are priced."""


def book_chunk(
    unit: UnitOfWork,
    context: Context,
    job: Import,
    batch: BatchRow | None,
    chunk: Chunk,
    *,
    is_last: bool,
) -> BatchRow:
    """Book the file's next records and move its cursor past them; returns the batch as it is then.

    Raises Busy when another import of the file has moved on, TooManyRejects.
    """
    batch = _claimed(unit, context, job, batch, chunk.records)
    organizations = sorted({event.organization_id for event in chunk.events})
    lock_organizations(unit, organizations)
    for organization_id in organizations:
        if organization_id not in job.ensured:
            book_what_is_due(unit, context, organization_id)
            job.ensured.add(organization_id)
    sifted = _sifted(unit, chunk.events, context.settings.dedup_window)
    sifted.new[:] = with_volume_prices(unit, job.book, sifted.new)
    rejects = sorted([*chunk.rejects, *map(_conflict, sifted.conflicts)])
    _check_limit(job, batch, rejects)
    if sifted.new:
        _book(unit, context, batch.id, sifted.new)
    insert_rejects(unit, batch.id, rejects)
    add_counts(unit, batch.id, _counts(sifted, len(rejects)))
    if is_last:
        _finish(unit, context, batch)
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


def _sifted(unit: UnitOfWork, events: list[PricedEvent], window: timedelta) -> Sifted[PricedEvent]:
    if not events:
        return Sifted()
    micros = window // timedelta(microseconds=1)
    keys = sorted({(event.event_hour, event.event_id) for event in events})
    known: Known = {}
    for event_id, sighting in known_events(unit, keys, -(-micros // MICROS_PER_HOUR)):
        known.setdefault(event_id, []).append(sighting)
    return sift(events, known, micros)


def _conflict(event: PricedEvent) -> Reject:
    shown = event.id_text or id_text(event.event_id)
    return Reject(event.line, "id", shown, "was used before by another request")


def _check_limit(job: Import, batch: BatchRow, rejects: list[Reject]) -> None:
    if job.max_rejects is None or batch.rejected + len(rejects) <= job.max_rejects:
        return
    first = rejects[0]
    raise TooManyRejects(
        f"{job.name} has more than {job.max_rejects} rejected lines; "
        f"line {first.line}: {first.field} {first.value!r} {first.reason}",
        hint="correct the file, or allow more with --max-rejects",
    )


def _book(unit: UnitOfWork, context: Context, batch_id: int, events: list[PricedEvent]) -> None:
    if book_events(unit, batch_id, events) != len(events):
        # Two files with the same ids for different organizations, at the same moment.
        raise Busy("another import has just booked the same ids")
    mark_drafts_stale(unit)
    billed = sorted((event for event in events if event.billed), key=attrgetter("organization_id"))
    for organization_id, own in groupby(billed, key=attrgetter("organization_id")):
        paid = allocate(unit, context, organization_id, _charges(own), batch_id=batch_id)
        if paid.overage and organization_by_id(unit, organization_id).kind == "guest":
            # A guest cannot pay; what slipped through is forgiven, and stays on record.
            waive_overage(unit, context, organization_id, None, "guests are not billed")


def _charges(events: Iterable[PricedEvent]) -> list[Charge]:
    return [
        Charge(event.occurred_at, event.event_id, event.product_id, event.credits_micro)
        for event in events
    ]


def _counts(sifted: Sifted[PricedEvent], rejected: int) -> Counts:
    billed = sum(event.billed for event in sifted.new)
    failed = sum(event.failed for event in sifted.new)
    return Counts(
        billed=billed,
        free=len(sifted.new) - billed - failed,
        failed=failed,
        duplicate=sifted.duplicates,
        rejected=rejected,
        credits=Credits(sum(event.credits_micro for event in sifted.new)),
    )


def _finish(unit: UnitOfWork, context: Context, batch: BatchRow) -> None:
    finish_batch(unit, batch.id, context.now)
    record_change(
        unit, context, "usage.imported", batch.public_id, after={"file": batch.source_name}
    )
