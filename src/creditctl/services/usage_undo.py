"""`usage undo`: reverses the import of a wrong file, so that the corrected one can come."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period
from creditctl.rules.pricing import billed_units, is_billed
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.expiry import book_due_expiries
from creditctl.services.price_book import load_price_book
from creditctl.services.reallocation import pay_again, refuse_fixed
from creditctl.services.repayment import repay_with_paid_grants
from creditctl.services.unwinding import unwind_bookings
from creditctl.store.engine import UnitOfWork, rehearsal, unit_of_work
from creditctl.store.queries.invoices import mark_drafts_stale_between
from creditctl.store.queries.late_events import list_late_events
from creditctl.store.queries.late_usage import forget_late_usage
from creditctl.store.queries.lineage import bookings_of_days
from creditctl.store.queries.orgs import lock_organizations, organization_by_id
from creditctl.store.queries.usage_batches import BatchRow, batch_named
from creditctl.store.queries.usage_undo import (
    OwnerSpan,
    delete_events,
    final_invoices_with,
    graduated_of_batch,
    mark_undone,
    owners_of_batch,
    standing_bookings,
    statuses_of_batch,
    subtract_events,
    was_paid_again,
)
from creditctl.store.queries.usage_volume import put_volumes, volumes_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class UndoneImport:
    """What was taken back: events, and the credits they had cost."""

    batch: str
    file: str
    organizations: int
    events: int
    credits: Credits
    returned: Credits
    """What grants got back; some of it may have expired at once."""

    overage: Credits
    """What nobody owes any more."""

    dry_run: bool = False


def undo_import(
    context: Context, batch: str, *, reason: str, dry_run: bool = False
) -> UndoneImport:
    """Take an import back as it was booked (DESIGN 3.5): its ids and its file are free then.

    Raises NotFound, InvalidInput without a reason, Conflict when it was undone before or a final
    invoice holds its usage.
    """
    if not reason.strip():
        raise InvalidInput("undoing an import needs a reason", hint='add --reason "why"')
    begin = rehearsal if dry_run else unit_of_work
    with begin(context.database) as unit:
        row = batch_named(unit, batch)
        if row.status == "undone":
            raise Conflict(f"{row.public_id} was undone before", hint="import the corrected file")
        if row.pruned:
            raise Conflict(
                f"{row.pruned} events of {row.public_id} were pruned",
                hint="what they cost can be granted: 'creditctl credits grant'",
            )
        owners = owners_of_batch(unit, row.id)
        quarantined = {event.organization_id for event in list_late_events(unit, batch_id=row.id)}
        lock_organizations(unit, sorted(quarantined | {owner.organization_id for owner in owners}))
        _refuse_final(unit, row.id, owners)
        if was_paid_again(unit, row.id):
            events = _remove(unit, row.id)
            returned, overage = _pay_rest(unit, context, owners, reason)
        else:
            returned, overage = _take_back(unit, context, row, owners, reason)
            events = _remove(unit, row.id)
        forget_late_usage(unit, row.id)
        mark_undone(unit, row.id, at=context.now, by=context.actor, reason=reason)
        result = UndoneImport(
            batch=row.public_id,
            file=row.source_name,
            organizations=len(owners),
            events=events,
            credits=sum((owner.credits for owner in owners), NO_CREDITS),
            returned=returned,
            overage=overage,
            dry_run=dry_run,
        )
        _record(unit, context, row, result, reason)
    return result


def _refuse_final(unit: UnitOfWork, batch_id: int, owners: list[OwnerSpan]) -> None:
    """Raises Conflict where a final invoice holds an event, in its own period or as late usage."""
    for owner in owners:
        for number in final_invoices_with(unit, batch_id, owner):
            raise Conflict(
                f"{number} is final and holds usage of this import",
                hint="correct it with a credit note",
            )


def _take_back(
    unit: UnitOfWork, context: Context, row: BatchRow, owners: list[OwnerSpan], reason: str
) -> tuple[Credits, Credits]:
    """Unwind the batch's own entries; what had ended since ends again."""
    returned = overage = NO_CREDITS
    for owner in owners:
        book_what_is_due(unit, context, owner.organization_id)
        bookings = standing_bookings(unit, row.id, owner.organization_id)
        unwound = unwind_bookings(unit, context, bookings, reason)
        returned += unwound.debited
        overage += unwound.overage
        repay_with_paid_grants(unit, context, owner.organization_id)
        book_due_expiries(unit, context, owner.organization_id)
        mark_drafts_stale_between(unit, owner.organization_id, owner.first_at, owner.last_at)
    return returned, overage


def _pay_rest(
    unit: UnitOfWork, context: Context, owners: list[OwnerSpan], reason: str
) -> tuple[Credits, Credits]:
    """Where usage was paid again since, no entry is the batch's own: pay what remains once more."""
    returned = overage = NO_CREDITS
    for owner in owners:
        first = start_of_day(owner.first_at)
        end = start_of_day(owner.last_at) + _DAY
        refuse_fixed(unit, organization_by_id(unit, owner.organization_id), first, end)
        bookings = bookings_of_days(unit, owner.organization_id, first.date(), end.date())
        unwound = unwind_bookings(unit, context, bookings, reason)
        span = Period(first, end)
        paid = pay_again(unit, context, owner.organization_id, span, unwound, reason)
        returned += unwound.debited - paid.debited
        overage += unwound.overage - paid.overage
        mark_drafts_stale_between(unit, owner.organization_id, owner.first_at, owner.last_at)
    return returned, overage


def _remove(unit: UnitOfWork, batch_id: int) -> int:
    """Take the events off every rollup and delete them; returns how many there were."""
    book = load_price_book(unit)
    failed = [
        (price_id, status)
        for price_id, status in statuses_of_batch(unit, batch_id)
        if not is_billed(book.version(price_id).rule.billed_statuses, status)
    ]
    billed: Counter[tuple[int, int, int]] = Counter()
    for alike in graduated_of_batch(unit, batch_id):
        rule = book.version(alike.price_id).rule
        if is_billed(rule.billed_statuses, alike.status):
            place = (alike.day, alike.organization_id, alike.product_id)
            billed[place] += billed_units(rule, alike.units) * alike.events
    booked = volumes_of(unit, billed)
    put_volumes(unit, {place: booked[place] - units for place, units in billed.items()})
    subtract_events(unit, batch_id, failed)
    return delete_events(unit, batch_id)


def _record(
    unit: UnitOfWork, context: Context, row: BatchRow, result: UndoneImport, reason: str
) -> None:
    record_change(
        unit,
        context,
        "usage.undone",
        row.public_id,
        reason=reason,
        before={"file": row.source_name, "events": result.events, "credits": result.credits},
    )
