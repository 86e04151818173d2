"""An organization's state, decided under its lock and written with its history."""

from datetime import datetime

from creditctl.context import Context
from creditctl.rules.crossings import crossing_changes
from creditctl.rules.enforcement import Decision, Reason, State
from creditctl.rules.limit_events import event_of
from creditctl.rules.units import Credits
from creditctl.services.limit_changes import Checked, LimitChange
from creditctl.services.limit_events import Teller
from creditctl.services.standings import Assessment, assess
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.crossings import (
    close_crossings,
    crossings_now,
    insert_crossing,
    reopen_crossings,
)
from creditctl.store.queries.enforcement import (
    StateRow,
    append_enforcement_change,
    put_enforcement,
    state_rows,
)
from creditctl.store.queries.limit_marks import CHECK, last_run, unmark


def decide_anew(unit: UnitOfWork, context: Context, organization_id: int) -> LimitChange | None:
    """Decide and write the state of a locked organization; None if it is no news."""
    return check_organization(unit, context, organization_id).change


def check_organization(unit: UnitOfWork, context: Context, organization_id: int) -> Checked:
    """Decide and write the state of a locked organization, what it crossed, and whom to tell."""
    since = last_run(unit, CHECK)
    (found,) = assess(unit, context.now, organization_id, since=since)
    (row,) = state_rows(unit, organization_id)
    known = crossings_now(unit, context.now, organization_id, since=since)
    changes = crossing_changes(
        found.standing.readings, [one.crossing for one in known], context.now, found.missed
    )
    for reading in changes.crossed:
        event = event_of(reading.line)
        insert_crossing(unit, organization_id, reading, event, context.now)
    for reading in changes.missed:
        now, event = context.now, event_of(reading.line)
        insert_crossing(unit, organization_id, reading, event, now, recovered_at=now)
    reopen_crossings(unit, changes.reopened)
    close_crossings(unit, changes.recovered, context.now)
    change = _write_state(unit, context, row, found, since)
    over = {one.id for one in changes.recovered}
    teller = Teller(unit, context, found)
    told = teller.missed(changes.missed) + teller.crossed(changes.crossed)
    told += teller.recovered(one for one in known if one.id in over)
    if change is not None:
        told += teller.changed(row.decided.reason, found.decision)
    unmark(unit, organization_id)
    return Checked(change, changes, told)


def _write_state(
    unit: UnitOfWork,
    context: Context,
    row: StateRow,
    found: Assessment,
    checked_before: datetime | None,
) -> LimitChange | None:
    decision = found.decision
    is_news = decision.differs_from(row.decided)
    since = context.now
    if row.since is not None and decision.continues(row.decided):
        since = row.since
    kept = decision if is_news else row.decided
    put_enforcement(unit, row.organization_id, kept, since=since, next_check_at=found.next_check_at)
    if not is_news:
        return None
    append_enforcement_change(unit, row.organization_id, decision, changed_at=context.now)
    was_blocked = row.decided.at(context.now).state is State.BLOCKED
    is_new_block = decision.state is State.BLOCKED and not was_blocked
    return LimitChange(
        organization=row.organization,
        previous=row.decided.state.value,
        state=decision.state.value,
        reason=decision.reason.value or None,
        usage=decision.usage,
        limit=decision.limit,
        since=since,
        until=decision.until,
        is_new_block=is_new_block,
        slipped=_slipped(decision) if is_new_block else None,
        crossed_after=checked_before if is_new_block else None,
    )


def _slipped(decision: Decision) -> Credits | None:
    if decision.usage is None:
        return None
    if decision.reason is Reason.OVERAGE:
        return decision.usage
    return None if decision.limit is None else decision.usage - decision.limit
