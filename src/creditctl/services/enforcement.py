"""An organization's state, decided under its lock and written with its history."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.enforcement import Decision, State, decide
from creditctl.rules.units import Credits
from creditctl.services.standings import read_standings
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.enforcement import (
    StandingRow,
    append_enforcement_change,
    put_enforcement,
)


@dataclass(frozen=True, slots=True)
class LimitChange:
    """An organization whose state changed; `usage` and `limit` are credits of the day."""

    organization: str
    previous: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    since: datetime
    until: datetime | None
    is_new_block: bool


def decide_anew(unit: UnitOfWork, context: Context, organization_id: int) -> LimitChange | None:
    """Decide and write the state of a locked organization; None if it is no news."""
    ((row, standing),) = read_standings(unit, context.now, organization_id)
    decision = decide(standing, context.now)
    if not decision.differs_from(row.decided):
        return None
    return _write(unit, context, row, decision)


def _write(unit: UnitOfWork, context: Context, row: StandingRow, decision: Decision) -> LimitChange:
    since = context.now
    if row.since is not None and decision.continues(row.decided):
        since = row.since
    put_enforcement(unit, row.organization_id, decision, since=since)
    append_enforcement_change(unit, row.organization_id, decision, changed_at=context.now)
    was_blocked = row.decided.at(context.now).state is State.BLOCKED
    return LimitChange(
        organization=row.organization,
        previous=row.decided.state.value,
        state=decision.state.value,
        reason=decision.reason.value or None,
        usage=decision.usage,
        limit=decision.limit,
        since=since,
        until=decision.until,
        is_new_block=decision.state is State.BLOCKED and not was_blocked,
    )
