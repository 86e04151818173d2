"""Budgets as they stand: what was counted, what is left, and where the day leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import BudgetNotFound
from creditctl.rules.budgets import IN_DAYS, Kind, Line, Measure, Reading, Scope, Span, Threshold
from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.charts import bar, sparkline
from creditctl.rules.instants import micros_of, start_of_day
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.spending import Spending, budget_of, period_at, window_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.budgets import BudgetRow
from creditctl.store.queries.enforcement import state_rows
from creditctl.store.queries.limit_marks import EVERYBODY
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.spending import used_by_hour

_BAR_WIDTH = 10


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A line and how it stands; figures are credits, requests or days, as `unit` says."""

    number: int
    """Its place among the organization's lines, as `budgets clear --line` takes it."""

    id: str
    target: str
    watches: str
    kind: str
    at: str
    unit: str
    usage: Credits | None
    limit: Credits | None
    left: Credits | None
    crossed: bool
    resets_at: datetime | None

    @property
    def bar(self) -> str:
        """How much of it is used; what runs low has no such picture."""
        if self.usage is None or self.limit is None or self.left is None:
            return ""
        return bar(min(self.usage.micro, self.limit.micro), self.limit.micro, _BAR_WIDTH)


@dataclass(frozen=True, slots=True)
class Budget:
    """An organization's budgets, in credits: the day's at the top, every line below."""

    organization: str
    daily: Credits | None
    notify_at: Credits | None
    scope: str
    today: Credits
    yesterday: Credits
    left: Credits | None
    forecast: Credits
    """What the day comes to, if usage goes on as it did since midnight (UTC)."""

    monthly: Credits | None
    month: Credits
    month_left: Credits | None
    state: str
    reason: str | None
    updated_at: datetime
    hours: tuple[Credits, ...]
    """Credits of each hour of the day so far, whatever the scope."""

    lines: tuple[BudgetLine, ...]

    @property
    def day_bar(self) -> str:
        """How much of the daily budget is used."""
        return day_bar(self.daily, self.today)

    @property
    def day_hours(self) -> str:
        """The day's hours as a picture."""
        return sparkline([hour.micro for hour in self.hours])


def day_bar(daily: Credits | None, today: Credits | None) -> str:
    """How much of a daily budget is used, as a picture; nothing without one."""
    if not daily or today is None:
        return ""
    return bar(min(today.micro, daily.micro), daily.micro, 2 * _BAR_WIDTH)


def show_budget(context: Context, organization: str) -> Budget:
    """The organization's budgets and its day; raises BudgetNotFound when it has none."""
    with reading(context.database) as unit:
        found = find_organization(unit, organization)
        return budget_now(unit, context, found.id, found.slug)


def list_budgets(context: Context) -> list[Budget]:
    """Every organization that has a budget or a threshold, by slug."""
    with reading(context.database) as unit:
        spending = Spending(unit, context.now, EVERYBODY)
        return [_budget(unit, context, spending, own) for own in spending.lines.values()]


def budget_now(unit: UnitOfWork, context: Context, organization_id: int, slug: str) -> Budget:
    """One organization's, in a unit of work; raises BudgetNotFound."""
    found = budget_of_day(unit, context, organization_id)
    if found is None:
        raise BudgetNotFound(
            f"{slug} has no budget", hint=f"'creditctl budgets set {slug} --daily 1000' sets one"
        )
    return found


def budget_of_day(unit: UnitOfWork, context: Context, organization_id: int) -> Budget | None:
    """The same, or None without any line."""
    spending = Spending(unit, context.now, organization_id)
    rows = spending.lines.get(organization_id)
    return _budget(unit, context, spending, rows) if rows else None


def _budget(
    unit: UnitOfWork, context: Context, spending: Spending, rows: Sequence[BudgetRow]
) -> Budget:
    first = rows[0]
    owner = first.organization_id
    period = period_at(unit, owner, context.now)
    headline = next(
        (row.line for row in rows if row.line.target == (None, None)), _of_all(Span.DAY)
    )
    counted = {
        name: spending.counted(
            owner,
            headline,
            window_of(span, context.now - timedelta(days=back)),
            unlimited=period is not None and period.plan.unlimited,
        )
        for name, span, back in (
            ("today", Span.DAY, 0),
            ("yesterday", Span.DAY, 1),
            ("month", Span.MONTH, 0),
        )
    }
    daily, monthly = (budget_of(rows, _of_all(span)) for span in (Span.DAY, Span.MONTH))
    readings = {one.line.id: one for one in spending.readings(owner, period)}
    (state,) = state_rows(unit, owner)
    decision = state.decided.at(context.now)
    return Budget(
        organization=first.organization,
        daily=daily,
        notify_at=_first_threshold(rows, readings),
        scope=headline.scope.value,
        today=counted["today"],
        yesterday=counted["yesterday"],
        left=_left(daily, counted["today"]),
        forecast=_at_midnight(counted["today"], context.now),
        monthly=monthly,
        month=counted["month"],
        month_left=_left(monthly, counted["month"]),
        state=decision.state.value,
        reason=decision.reason.value or None,
        updated_at=max(row.updated_at for row in rows),
        hours=_hours(unit, owner, context.now),
        lines=lines_of(rows, readings),
    )


def _of_all(span: Span) -> Line:
    return Line("", 1, Kind.HARD, Measure.USAGE, span, Scope.ALL, Threshold())


def _left(budget: Credits | None, used: Credits) -> Credits | None:
    return None if budget is None else max(budget - used, NO_CREDITS)


def _first_threshold(rows: Sequence[BudgetRow], readings: dict[str, Reading]) -> Credits | None:
    """The lowest threshold of the day, of all products and keys together."""
    limits = [
        readings[row.public_id].limit
        for row in rows
        if row.kind is Kind.NOTIFY
        and row.span is Span.DAY
        and row.line.target == (None, None)
        and row.public_id in readings
    ]
    return min(limits, default=None)


def _at_midnight(today: Credits, now: datetime) -> Credits:
    elapsed = micros_of(now) - micros_of(start_of_day(now))
    return Credits(today.micro * MICROS_PER_DAY // elapsed) if elapsed else today


def _hours(unit: UnitOfWork, organization_id: int, now: datetime) -> tuple[Credits, ...]:
    used = dict(used_by_hour(unit, organization_id, now.date()))
    return tuple(Credits(used.get(hour, 0)) for hour in range(now.hour + 1))


def lines_of(rows: Sequence[BudgetRow], readings: Mapping[str, Reading]) -> tuple[BudgetLine, ...]:
    """Rows as they are shown, each with how it stands where it can be measured."""
    return tuple(
        _line(number, row, readings.get(row.public_id)) for number, row in enumerate(rows, 1)
    )


def _line(number: int, row: BudgetRow, now: Reading | None) -> BudgetLine:
    unit = "days" if row.measure in IN_DAYS else "credits"
    left = None
    if now is not None and row.measure not in IN_DAYS and row.measure is not Measure.BALANCE:
        left = max(now.limit - now.usage, NO_CREDITS)
    return BudgetLine(
        number=number,
        id=row.public_id,
        target=target_in_words(row),
        watches=row.span.value if row.measure is Measure.USAGE else row.measure.value,
        kind=row.kind.value,
        at=str(row.threshold),
        unit="requests" if row.measure is Measure.QUOTA else unit,
        usage=now.usage if now else None,
        limit=now.limit if now else None,
        left=left,
        crossed=now is not None and now.is_crossed,
        resets_at=now.window.ends_at if now and now.window else None,
    )


def target_in_words(row: BudgetRow) -> str:
    """What a line is about: everything, a product or a key."""
    if row.key is not None:
        return f"key {row.key}"
    return f"product {row.product}" if row.product is not None else "all"
