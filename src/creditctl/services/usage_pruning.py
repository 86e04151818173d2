"""`usage prune`: single events and calls of old days go; sums and ids stay (DESIGN 3.5)."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.instants import day_number, day_of
from creditctl.rules.periods import calendar_month, months_after
from creditctl.services.audit import record_change
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.orgs import OrganizationRow
from creditctl.store.queries.usage_pruning import (
    batches_of_days,
    count_before,
    count_closed_holds,
    has_usage_before,
    keep_importers_out,
    note_pruning,
    oldest_day,
    prune_closed_holds,
    prune_days,
    pruned_before,
)

_HINT = "the sums are there: 'creditctl usage show'"


@dataclass(frozen=True, slots=True)
class PrunedUsage:
    """How many events of how many days were deleted, and how many holds of calls."""

    before: date
    days: int
    events: int
    holds: int
    dry_run: bool = False


def prune_usage(
    context: Context, before: date, *, reason: str, dry_run: bool = False
) -> PrunedUsage:
    """Delete all events of days before `before`, a transaction a day; run again, it goes on.

    Holds of those days that were captured or let go are deleted with them. Reports, balances and
    invoices stay as they are, and no pruned event is billed when it comes again. Raises
    InvalidInput without a reason, or for days whose usage may still be adjusted.
    """
    if not reason.strip():
        raise InvalidInput("pruning needs a reason", hint='add --reason "why"')
    _refuse_recent(context, before)
    end = day_number(before)
    if dry_run:
        with reading(context.database) as unit:
            days, events = count_before(unit, end)
            return PrunedUsage(before, days, events, count_closed_holds(unit, end), dry_run=True)
    days = events = holds = 0
    while True:
        with unit_of_work(context.database) as unit:
            pruned = _prune_oldest_day(unit, context, end, reason)
            if pruned is None:
                holds += _prune_other_holds(unit, context, end, reason)
                return PrunedUsage(before, days, events, holds)
        days += 1
        events += pruned[0]
        holds += pruned[1]


def refuse_pruned(unit: UnitOfWork, since: datetime, what: str) -> None:
    """Raises Conflict where single events from `since` on are needed and some were pruned."""
    kept = pruned_before(unit)
    if kept is not None and since.date() < kept:
        raise Conflict(f"{what} needs events before {kept}, which were pruned", hint=_HINT)


def refuse_pruned_owner(unit: UnitOfWork, owner: OrganizationRow, what: str) -> None:
    """Raises Conflict where all events of an organization are needed and some were pruned."""
    kept = pruned_before(unit)
    if kept is not None and has_usage_before(unit, owner.id, kept):
        raise Conflict(
            f"{what} needs all events of {owner.slug}; those before {kept} were pruned", hint=_HINT
        )


def _refuse_recent(context: Context, before: date) -> None:
    this_month = calendar_month(context.now).starts_at
    latest = months_after(this_month, -context.settings.late_window).date()
    if before > latest:
        raise InvalidInput(
            f"usage from {latest} on may still be corrected or adjusted",
            hint=f"--before {latest} is the latest day there is",
        )


def _prune_oldest_day(
    unit: UnitOfWork, context: Context, end: int, reason: str
) -> tuple[int, int] | None:
    """Prune the oldest day with events before `end`, and holds up to it; returns how many."""
    keep_importers_out(unit)
    day = oldest_day(unit)
    if day is None or day >= end:
        return None
    batches = batches_of_days(unit, day, day + 1)
    prune_days(unit, day, day + 1, batches)
    holds = prune_closed_holds(unit, day + 1)
    events = sum(batch.events for batch in batches)
    note_pruning(
        unit,
        before_day=day + 1,
        events=events,
        at=context.now,
        actor=context.actor,
        reason=reason,
    )
    record_change(
        unit,
        context,
        "usage.pruned",
        day_of(day).isoformat(),
        reason=reason,
        before={"events": events, "holds": holds},
    )
    return events, holds


def _prune_other_holds(unit: UnitOfWork, context: Context, end: int, reason: str) -> int:
    """Prune the holds of the days before `end` that had no events; returns how many."""
    holds = prune_closed_holds(unit, end)
    if holds:
        record_change(
            unit,
            context,
            "usage.pruned",
            day_of(end - 1).isoformat(),
            reason=reason,
            before={"events": 0, "holds": holds},
        )
    return holds
