"""Takes bookings back as they were recorded, newest first, whatever today's order (DESIGN 3.3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from creditctl.context import Context
from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.instants import instant_of
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.allocation import OVERAGE
from creditctl.services.waivers import waive_overage
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import adjust
from creditctl.store.queries.invoices import mark_draft_stale
from creditctl.store.queries.ledger import NewEntry, add_debits, append_entries
from creditctl.store.queries.lineage import EntryRow, settlements_of


@dataclass(frozen=True, slots=True)
class Unwound:
    """What was taken back: entries, credits that grants got back, overage, and what was waived."""

    entries: int
    debited: Credits
    overage: Credits
    waived: Credits
    repaid: Mapping[int, Credits] = field(default_factory=dict)
    """What of that overage each grant had repaid, by the grant's internal id."""


def unwind_bookings(
    unit: UnitOfWork, context: Context, bookings: list[EntryRow], reason: str
) -> Unwound:
    """Take back usage and overage entries, and first what repaid or waived that overage."""
    owed = [entry for entry in bookings if entry.kind == OVERAGE]
    settlements = settlements_of(unit, [entry.id for entry in owed])
    unwind_entries(unit, context, [*settlements, *bookings], reason)
    return Unwound(
        entries=len(bookings) + len(settlements),
        debited=_sum(-entry.amount for entry in bookings if entry.grant_id is not None),
        overage=_sum(-entry.amount for entry in owed),
        waived=_sum(entry.amount for entry in settlements if entry.kind == "waiver"),
        repaid=_by_grant(settlements),
    )


def unwind_entries(
    unit: UnitOfWork, context: Context, entries: Iterable[EntryRow], reason: str
) -> None:
    """Book the opposite of each entry; what a grant paid returns to it."""
    for entry in entries:
        append_entries(unit, [_opposite(context, entry, reason)])
        if entry.grant_id is not None:
            adjust(unit, entry.grant_id, remaining=-entry.amount)
        if entry.settles_id is None:
            add_debits(unit, [debit_of(entry, entry.source or OVERAGE, entry.amount)])
        mark_draft_stale(unit, entry.organization_id, instant_of(entry.event_at))


def waive_again(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    amount: Credits,
    reason: str,
    span: Period,
) -> None:
    """What was forgiven of usage in `span` stays forgiven, as far as there is overage again."""
    if amount:
        waive_overage(unit, context, organization_id, amount, reason, span=span)


def debit_of(entry: EntryRow, source: str, amount: Credits) -> dict[str, object]:
    """A row to add to the rollup of who paid a day's usage."""
    return {
        "day": entry.event_at // MICROS_PER_DAY,
        "organization_id": entry.organization_id,
        "product_id": entry.product_id,
        "source": source,
        "credits_micro": amount,
    }


def _opposite(context: Context, entry: EntryRow, reason: str) -> NewEntry:
    return NewEntry(
        organization_id=entry.organization_id,
        grant_id=entry.grant_id,
        kind="unwind",
        amount=-entry.amount,
        event_at=entry.event_at,
        recorded_at=context.now,
        product_id=entry.product_id,
        batch_id=entry.batch_id,
        settles_id=entry.settles_id,
        first_event_at=entry.first_event_at,
        first_event_id=entry.first_event_id,
        last_event_at=entry.last_event_at,
        last_event_id=entry.last_event_id,
        reverses_id=entry.id,
        invoice_id=entry.invoice_id,
        actor=context.actor,
        reason=reason,
    )


def _by_grant(settlements: Iterable[EntryRow]) -> dict[int, Credits]:
    repaid: dict[int, Credits] = defaultdict(lambda: NO_CREDITS)
    for entry in settlements:
        if entry.grant_id is not None:
            repaid[entry.grant_id] -= entry.amount
    return repaid


def _sum(amounts: Iterable[Credits]) -> Credits:
    return sum(amounts, NO_CREDITS)
