"""`credits explain --event`: from an event to its price, the grants that paid, and why they did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import EventNotFound
from creditctl.rules.burn_down import MICROS_PER_DAY, burn_order
from creditctl.rules.burn_reasons import why_before, why_ineligible
from creditctl.rules.event_ids import event_id, id_text
from creditctl.rules.instants import instant_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.allocation import lot_of
from creditctl.services.price_book import load_price_book
from creditctl.services.price_words import cost_in_words
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.grants import GrantRow, grants_of
from creditctl.store.queries.lineage import EntryRow, bookings_of_product, held_before
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_events import EventRow, costs_of_day, events_with_id


@dataclass(frozen=True, slots=True)
class Payer:
    """Who paid a part of the event: a grant, or nobody yet."""

    grant: str | None
    source: str
    credits: Credits
    why: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A grant that did not pay, and why."""

    grant: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class EventLineage:
    """An event, what it cost by which version of the price, and who paid."""

    event: str
    organization: str
    key: str | None
    occurred_at: datetime
    request: str
    product: str
    status: int
    units: int
    credits: Credits
    rule: str
    price_from: datetime
    plan: str | None
    """Whose price it was; None: the list price."""

    batch: str
    file: str
    payers: tuple[Payer, ...]
    passed_over: tuple[PassedOver, ...]


def explain_event(context: Context, organization: str, event: str) -> EventLineage:
    """Where an event's credits came from; raises OrganizationNotFound and EventNotFound.

    Of several events with the id, which may come again after the duplicate window, the newest.
    """
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        identity, _ = event_id(event)
        found = events_with_id(unit, owner.id, identity)
        if not found:
            raise EventNotFound(f"{owner.slug} has no usage event {event!r}")
        return _lineage(unit, owner.slug, found[0])


def _lineage(unit: UnitOfWork, organization: str, event: EventRow) -> EventLineage:
    price = load_price_book(unit).version(event.price_id)
    grants = grants_of(unit, event.organization_id)
    parts = _parts(unit, event)
    return EventLineage(
        event=event.id_text or id_text(event.event_id),
        organization=organization,
        key=event.key,
        occurred_at=instant_of(event.occurred_at),
        request=f"{event.method} {event.path}",
        product=event.product,
        status=event.status,
        units=event.units,
        credits=Credits(event.credits_micro),
        rule=cost_in_words(price.rule),
        price_from=price.effective_from,
        plan=price.plan,
        batch=event.batch,
        file=event.source_name,
        payers=tuple(_payers(unit, event, grants, parts)),
        passed_over=tuple(_passed_over(unit, event, grants, parts)),
    )


def _parts(unit: UnitOfWork, event: EventRow) -> list[tuple[EntryRow, Credits]]:
    """The entries that paid the event, each with its part of it.

    A run of events is booked as one sum for each payer, so the day's runs are walked once more.
    """
    day = event.occurred_at // MICROS_PER_DAY
    entries = bookings_of_product(unit, event.organization_id, event.product_id, day)
    left = {entry.id: -entry.amount.micro for entry in entries}
    for cost in costs_of_day(unit, event.organization_id, event.product_id, day):
        here = (cost.occurred_at, cost.event_id)
        due = cost.credits_micro
        parts = []
        for entry in _payers_of_batch(entries, cost.batch_id, here):
            taken = min(due, left[entry.id])
            left[entry.id] -= taken
            due -= taken
            if taken:
                parts.append((entry, Credits(taken)))
        if here == (event.occurred_at, event.event_id):
            return parts
    return []


def _payers_of_batch(
    entries: Sequence[EntryRow], batch_id: int, here: tuple[int, bytes]
) -> list[EntryRow]:
    """The entries that may have paid an event: its batch's, or those of a month paid again."""
    covering = [entry for entry in entries if _covers(entry, here)]
    own = [entry for entry in covering if entry.batch_id == batch_id]
    return own or [entry for entry in covering if entry.batch_id is None]


def _covers(entry: EntryRow, here: tuple[int, bytes]) -> bool:
    first = (entry.first_event_at or 0, entry.first_event_id or b"")
    last = (entry.last_event_at or 0, entry.last_event_id or b"")
    return first <= here <= last


def _payers(
    unit: UnitOfWork,
    event: EventRow,
    grants: Sequence[GrantRow],
    parts: Sequence[tuple[EntryRow, Credits]],
) -> Iterator[Payer]:
    by_id = {grant.id: grant for grant in grants}
    for entry, credits in parts:
        if entry.grant_id is None:
            yield Payer(None, "overage", credits, "no grant was left to pay")
            continue
        grant = by_id[entry.grant_id]
        yield Payer(grant.public_id, grant.source, credits, _why(unit, event, grant, grants, entry))


def _why(
    unit: UnitOfWork,
    event: EventRow,
    grant: GrantRow,
    grants: Sequence[GrantRow],
    entry: EntryRow,
) -> str:
    """The rule that chose this grant before the next one that could have paid."""
    mine = lot_of(grant)
    rivals = [
        lot
        for other in grants
        if other.id != grant.id and held_before(unit, other.id, entry.id) > NO_CREDITS
        for lot in [lot_of(other)]
        if why_ineligible(lot, event.product_id, event.occurred_at) is None
        and burn_order(lot) > burn_order(mine)
    ]
    if not rivals:
        return "it was the only one left that could pay"
    return why_before(mine, min(rivals, key=burn_order))


def _passed_over(
    unit: UnitOfWork,
    event: EventRow,
    grants: Sequence[GrantRow],
    parts: Sequence[tuple[EntryRow, Credits]],
) -> Iterator[PassedOver]:
    paid = {entry.grant_id for entry, _ in parts}
    booked = min((entry.id for entry, _ in parts), default=None)
    for grant in sorted(grants, key=lambda grant: burn_order(lot_of(grant))):
        if grant.id in paid or booked is None:
            continue
        why = why_ineligible(lot_of(grant), event.product_id, event.occurred_at)
        if why is None:
            held = held_before(unit, grant.id, booked)
            why = "its turn comes later" if held > NO_CREDITS else "nothing was left of it"
        yield PassedOver(grant.public_id, grant.source, why)
