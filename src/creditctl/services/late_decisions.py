"""`usage late`: events too late for any invoice, and what somebody decides (DESIGN 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.event_ids import id_text
from creditctl.rules.instants import instant_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.due_bookings import book_what_is_due_for
from creditctl.services.price_book import load_price_book
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.late_events import (
    QUARANTINED,
    REJECTED,
    RELEASED,
    LateEventRow,
    decide,
    late_event_named,
    list_late_events,
)
from creditctl.store.queries.orgs import find_organization, lock_organizations
from creditctl.store.queries.usage_batches import add_counts, batch_named


@dataclass(frozen=True, slots=True)
class LateEvent:
    """An event that came too late; `credits` is what it costs if it is released."""

    id: str
    organization: str
    batch: str
    file: str
    line: int
    event: str
    occurred_at: datetime
    request: str
    status: int
    units: int
    credits: Credits
    state: str
    quarantined_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which events in quarantine: single ones, or all of an organization, a batch, or everybody."""

    ids: tuple[str, ...] = ()
    organization: str | None = None
    batch: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class LateDecision:
    """What was decided for how many events."""

    state: str
    organizations: int
    events: int
    credits: Credits
    """What they cost; nothing was drawn for rejected ones."""

    dry_run: bool = False


def late_events(
    context: Context, *, organization: str | None = None, state: str | None, limit: int
) -> list[LateEvent]:
    """Events that came too late, in the order in which they came; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization).id if organization else None
        rows = list_late_events(unit, organization_id=owner, state=state, limit=limit)
    return [_shown(row) for row in rows]


def release(
    context: Context, chosen: Chosen, *, reason: str, dry_run: bool = False
) -> LateDecision:
    """Book the events at the prices of their time; the next invoice lists them as late usage.

    Raises InvalidInput without a reason or a choice, NotFound, Conflict when one was
    decided before.
    """
    return _decided(context, chosen, RELEASED, reason, dry_run=dry_run)


def reject(context: Context, chosen: Chosen, *, reason: str, dry_run: bool = False) -> LateDecision:
    """Never bill the events; their ids stay known, so that they cannot come again.

    Raises what `release` raises.
    """
    return _decided(context, chosen, REJECTED, reason, dry_run=dry_run)


def _decided(
    context: Context, chosen: Chosen, state: str, reason: str, *, dry_run: bool
) -> LateDecision:
    if not reason.strip():
        raise InvalidInput("a decision needs a reason", hint='add --reason "why"')
    begin = rehearsal if dry_run else unit_of_work
    with begin(context.database) as unit:
        owners = sorted({row.organization_id for row in _rows(unit, chosen)})
        lock_organizations(unit, owners)
        # Once more: somebody may have decided, or imported for others, before the locks were ours.
        rows = [row for row in _rows(unit, chosen) if row.organization_id in owners]
        cost = sum((row.credits for row in rows), NO_CREDITS)
        if state == RELEASED and rows:
            book_what_is_due_for(unit, context, owners)
            cost = _book(unit, context, rows)
        decide(
            unit,
            [row.id for row in rows],
            state=state,
            at=context.now,
            by=context.actor,
            reason=reason,
        )
        _record(unit, context, rows, state, reason)
    return LateDecision(
        state=state,
        organizations=len({row.organization_id for row in rows}),
        events=len(rows),
        credits=cost,
        dry_run=dry_run,
    )


def _rows(unit: UnitOfWork, chosen: Chosen) -> list[LateEventRow]:
    """The chosen events that wait for a decision."""
    if chosen.ids:
        return [_waiting(unit, public_id) for public_id in dict.fromkeys(chosen.ids)]
    if not (chosen.everything or chosen.organization or chosen.batch):
        raise InvalidInput("say which events", hint="give their ids, or --org, --batch or --all")
    owner = find_organization(unit, chosen.organization).id if chosen.organization else None
    batch = batch_named(unit, chosen.batch).id if chosen.batch else None
    return list_late_events(unit, organization_id=owner, batch_id=batch, state=QUARANTINED)


def _waiting(unit: UnitOfWork, public_id: str) -> LateEventRow:
    row = late_event_named(unit, public_id)
    if row is None:
        raise NotFound(
            f"there is no event {public_id!r} in quarantine",
            hint="'creditctl usage late list' shows the ids",
        )
    if row.state != QUARANTINED:
        raise Conflict(
            f"{public_id} was {row.state} by {row.decided_by}: {row.reason}",
            hint="a decision is final; 'creditctl usage undo' takes a whole import back",
        )
    return row


def _book(unit: UnitOfWork, context: Context, rows: Sequence[LateEventRow]) -> Credits:
    """Book the events, each with the file it came in; returns what they cost."""
    from creditctl.services.late_periods import late_periods  # these need NumPy
    from creditctl.services.late_usage import columns_of
    from creditctl.services.price_table import PriceTable
    from creditctl.services.usage_booking import book_events

    table = PriceTable(load_price_book(unit))
    cost = NO_CREDITS
    by_batch = attrgetter("batch_id")
    for batch_id, alike in groupby(sorted(rows, key=by_batch), key=by_batch):
        events = columns_of(table, list(alike))
        periods = late_periods(
            unit, events.organization_id, events.occurred_at, context.settings.late_window
        )
        counts = book_events(unit, context, batch_id, table, events, periods)
        add_counts(unit, batch_id, replace(counts, quarantined=-len(events)))
        cost += counts.credits
    return cost


def _record(
    unit: UnitOfWork, context: Context, rows: Sequence[LateEventRow], state: str, reason: str
) -> None:
    by_owner = attrgetter("organization_id")
    for owner, alike in groupby(sorted(rows, key=by_owner), key=by_owner):
        events = list(alike)
        record_change(
            unit,
            context,
            f"usage.late_{state}",
            events[0].organization,
            organization_id=owner,
            reason=reason,
            after={
                "events": [row.public_id for row in events],
                "credits": sum((row.credits for row in events), NO_CREDITS),
            },
        )


def _shown(row: LateEventRow) -> LateEvent:
    return LateEvent(
        id=row.public_id,
        organization=row.organization,
        batch=row.batch,
        file=row.file,
        line=row.line,
        event=row.id_text or id_text(row.event_id),
        occurred_at=instant_of(row.occurred_at),
        request=f"{row.method} {row.path}",
        status=row.status,
        units=row.units,
        credits=row.credits,
        state=row.state,
        quarantined_at=row.quarantined_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
    )
