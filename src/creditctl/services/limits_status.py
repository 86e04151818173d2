"""Who is blocked or warned, and why: what the last `limits check` decided."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.charts import sparkline
from creditctl.rules.enforcement import State
from creditctl.rules.units import Credits
from creditctl.services.budgets import BudgetLine, budget_of_day, day_bar
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.crossings import crossing_history
from creditctl.store.queries.enforcement import StateRow, decision_history, state_rows
from creditctl.store.queries.orgs import find_organization

_ORDER = list(State)
MOST_HISTORY = 20


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """An organization's state; `usage` and `limit` are credits when it was decided."""

    organization: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    since: datetime | None
    until: datetime | None
    held: Credits
    """Reserved by open holds: calls in flight."""


@dataclass(frozen=True, slots=True)
class PastState:
    """A state it was in, from `changed_at` on."""

    changed_at: datetime
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PastCrossing:
    """A line that was crossed; without `recovered_at` it still is."""

    line: str
    watches: str
    target: str
    usage: Credits
    limit: Credits
    crossed_at: datetime
    recovered_at: datetime | None


@dataclass(frozen=True, slots=True)
class LimitStatusCard:
    """The same with every line as it stands now, and what happened before."""

    organization: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    since: datetime | None
    until: datetime | None
    held: Credits
    daily: Credits | None
    today: Credits | None
    """What the day's budget counted; None without any line."""

    left: Credits | None
    forecast: Credits | None
    """What the day comes to, if usage goes on as it did since midnight (UTC)."""

    hours: tuple[Credits, ...]
    lines: tuple[BudgetLine, ...]
    history: tuple[PastState, ...]
    crossings: tuple[PastCrossing, ...]

    @property
    def day_bar(self) -> str:
        """How much of the daily budget is used."""
        return day_bar(self.daily, self.today)

    @property
    def day_hours(self) -> str:
        """The day's hours as a picture."""
        return sparkline([hour.micro for hour in self.hours])


def list_limit_status(context: Context) -> list[LimitStatus]:
    """Every organization, the blocked first.

    A block whose `until` has passed is over, whether or not a check has run since.
    """
    with reading(context.database) as unit:
        rows = state_rows(unit)
    rows.sort(key=lambda row: (_ORDER.index(row.decided.at(context.now).state), row.organization))
    return [_status(row, context.now) for row in rows]


def show_limit_status(context: Context, organization: str) -> LimitStatusCard:
    """One organization; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        (row,) = state_rows(unit, owner.id)
        status = _status(row, context.now)
        budget = budget_of_day(unit, context, owner.id)
        lines = budget.lines if budget else ()
        return LimitStatusCard(
            organization=status.organization,
            state=status.state,
            reason=status.reason,
            usage=status.usage,
            limit=status.limit,
            since=status.since,
            until=status.until,
            held=status.held,
            daily=budget.daily if budget else None,
            today=budget.today if budget else None,
            left=budget.left if budget else None,
            forecast=budget.forecast if budget else None,
            hours=budget.hours if budget else (),
            lines=lines,
            history=_history(unit, owner.id),
            crossings=_crossings(unit, owner.id, {line.id: line.target for line in lines}),
        )


def _status(row: StateRow, now: datetime) -> LimitStatus:
    decision = row.decided.at(now)
    return LimitStatus(
        organization=row.organization,
        state=decision.state.value,
        reason=decision.reason.value or None,
        usage=decision.usage,
        limit=decision.limit,
        since=row.since if decision == row.decided else row.until,
        until=decision.until,
        held=row.held,
    )


def _history(unit: UnitOfWork, organization_id: int) -> tuple[PastState, ...]:
    return tuple(
        PastState(
            changed_at=row.changed_at,
            state=row.state.value,
            reason=row.reason.value or None,
            usage=row.usage,
            limit=row.limit,
            until=row.until,
        )
        for row in decision_history(unit, organization_id, MOST_HISTORY)
    )


def _crossings(
    unit: UnitOfWork, organization_id: int, names: dict[str, str]
) -> tuple[PastCrossing, ...]:
    return tuple(
        PastCrossing(
            line=row.line,
            watches=row.measure,
            target=names.get(row.line, "a line that was removed"),
            usage=row.usage,
            limit=row.limit,
            crossed_at=row.crossed_at,
            recovered_at=row.recovered_at,
        )
        for row in crossing_history(unit, organization_id, MOST_HISTORY)
    )
