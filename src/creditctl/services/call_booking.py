"""A captured call becomes a usage event: what an import does with one, without its machinery.

Rates, rollups, lineage and who pays are those of an import of that event alone, which
`tests/services/test_hold_capture.py` proves. A call of an invoiced time takes the import's own
steps.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.burn_down import Charge
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, instant_of, micros_of
from creditctl.rules.pricing import LARGEST_COST_MICRO, billed_units, is_billed, price_of
from creditctl.services.allocation import allocate
from creditctl.services.audit import record_change
from creditctl.services.price_book import PriceBook
from creditctl.services.waivers import waive_overage
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.calls import (
    CallRow,
    NewBatch,
    add_to_batch,
    add_to_rollups,
    batch_of_day,
    insert_call,
    open_batches,
    options_of,
)
from creditctl.store.queries.holds import HoldRow
from creditctl.store.queries.invoices import mark_draft_stale
from creditctl.store.queries.orgs import organization_by_id
from creditctl.store.queries.usage_volume import put_volumes, volumes_of

FORMAT = "calls"
"""The format of batches that came from no file."""

REASON = "captured call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCall:
    """A call that was served: whose, when, at which price, and how it ended."""

    organization_id: int
    organization: str
    api_key_id: int | None
    event_id: bytes
    id_text: str | None
    price_id: int
    at: datetime
    status: int
    units: int


def served_call(hold: HoldRow, status: int, units: int) -> ServedCall:
    """The call that a hold was placed for, served with this answer."""
    return ServedCall(
        organization_id=hold.organization_id,
        organization=hold.organization,
        api_key_id=hold.api_key_id,
        event_id=hold.event_id,
        id_text=hold.id_text,
        price_id=hold.price_id,
        at=hold.authorized_at,
        status=status,
        units=units,
    )


def priced_call(unit: UnitOfWork, book: PriceBook, call: ServedCall) -> CallRow:
    """The call as it is booked, at the price it fell under; raises InvalidInput if that is absurd.

    A graduated price starts at the volume that the locked organization has that day.
    """
    version = book.version(call.price_id)
    endpoint, rule = book.endpoint_of(version), version.rule
    occurred_at = micros_of(call.at)
    hour = occurred_at // MICROS_PER_HOUR
    billed = is_billed(rule.billed_statuses, call.status)
    volume = 0
    if billed and rule.volume_steps:
        place = (hour // HOURS_PER_DAY, call.organization_id, endpoint.product_id)
        volume = volumes_of(unit, [place])[place]
    cost = price_of(rule, call.units, volume) if billed else 0
    if cost > LARGEST_COST_MICRO:
        raise InvalidInput(f"{call.units} units cost an absurd number of credits")
    return CallRow(
        event_hour=hour,
        event_id=call.event_id,
        id_text=call.id_text,
        occurred_at=occurred_at,
        organization_id=call.organization_id,
        api_key_id=call.api_key_id,
        price_id=version.id,
        endpoint_id=endpoint.id,
        product_id=endpoint.product_id,
        tier=rule.tier or "",
        status=call.status,
        units=call.units,
        credits_micro=cost,
        volume_before=volume,
        failed=not billed,
    )


def digest_of_day(at: datetime) -> str:
    """What stands for a file's hash in the batches of a day's calls."""
    return _digest_of(at.date())


@lru_cache(maxsize=64)
def _digest_of(day: date) -> str:
    return sha256(f"{FORMAT} {day:%Y-%m-%d}".encode()).hexdigest()


def batch_of_calls(unit: UnitOfWork, call: ServedCall) -> int | None:
    """The batch of the organization's calls of that day: `usage undo` takes a day of one back.

    None before the first one.
    """
    return batch_of_day(unit, call.organization_id, digest_of_day(call.at))


def open_batches_of_calls(
    unit: UnitOfWork, calls: Sequence[tuple[Context, ServedCall]]
) -> list[int]:
    """The batches that these calls are the first of, each of its organization and day."""
    rows = [
        NewBatch(
            public_id=new_public_id("batch", context.now),
            source_name=f"calls of {call.organization} on {call.at:%Y-%m-%d}",
            format=FORMAT,
            sha256=digest_of_day(call.at),
            options=options_of(call.organization_id),
            actor=context.actor,
            started_at=micros_of(context.now),
            finished_at=micros_of(context.now),
        )
        for context, call in calls
    ]
    opened = open_batches(unit, rows)
    for (context, call), row in zip(calls, rows, strict=True):
        owner_id, after = call.organization_id, {"calls": row.source_name}
        record_change(
            unit, context, "usage.charged", row.public_id, organization_id=owner_id, after=after
        )
    return [opened[row.public_id] for row in rows]


def book_call(
    unit: UnitOfWork,
    context: Context,
    book: PriceBook,
    call: CallRow,
    batch_id: int,
    *,
    final_end: datetime | None,
    first: Collection[int] = (),
) -> None:
    """Book a priced call of a locked organization into its batch.

    Where the newest final invoice of all organizations ends is `final_end`. The grants in `first`
    pay before others; what no grant covers is overage, a guest's is forgiven. Raises Conflict for
    a time that was invoiced long ago.
    """
    at = instant_of(call.occurred_at)
    if final_end is not None and at < final_end:
        from creditctl.services.late_calls import book_call_of_invoiced_time  # rare, loads numpy

        book_call_of_invoiced_time(unit, context, book, call, batch_id)
        return
    with unit.along():
        insert_call(unit, call, batch_id)
        _add_volume(unit, book, call)
    if call.credits_micro:
        _pay(unit, context, call, batch_id, first)
    with unit.along():
        mark_draft_stale(unit, call.organization_id, at)
        add_to_batch(unit, batch_id, call)
    # Last, for calls of other organizations wait for rows that all of them add to.
    unit.later(add_to_rollups, call)


def _pay(
    unit: UnitOfWork, context: Context, call: CallRow, batch_id: int, first: Collection[int]
) -> None:
    owner_id = call.organization_id
    charge = Charge(call.occurred_at, call.event_id, call.product_id, call.credits_micro)
    paid = allocate(
        unit, context, owner_id, [charge], batch_id=batch_id, reason=REASON, first=first
    )
    if paid.overage and organization_by_id(unit, owner_id).kind == "guest":
        waive_overage(unit, context, owner_id, None, "guests are not billed")


def _add_volume(unit: UnitOfWork, book: PriceBook, row: CallRow) -> None:
    rule = book.version(row.price_id).rule
    if rule.volume_steps and not row.failed:
        place = (row.event_hour // HOURS_PER_DAY, row.organization_id, row.product_id)
        put_volumes(unit, {place: row.volume_before + billed_units(rule, row.units)})
