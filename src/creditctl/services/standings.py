"""What organizations have, owe and used today: the figures that budgets and limits look at."""

from collections import defaultdict
from datetime import datetime

from creditctl.rules.budgets import counted_credits
from creditctl.rules.enforcement import Counted, Standing
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.budgets import BudgetRow, DayCountRow, daily_budgets, day_counts
from creditctl.store.queries.enforcement import StandingRow, standing_rows
from creditctl.store.queries.ledger import postpaid_booked


def read_standings(
    unit: UnitOfWork, at: datetime, organization_id: int | None = None
) -> list[tuple[StandingRow, Standing]]:
    """Each organization, or the one given, with its figures at that time; from rollups only."""
    counts = {row.organization_id: row for row in day_counts(unit, at.date(), organization_id)}
    budgets: dict[int, dict[str, BudgetRow]] = defaultdict(dict)
    for budget in daily_budgets(unit, organization_id):
        budgets[budget.organization_id][budget.kind] = budget
    return [
        (row, _standing(unit, at, row, budgets[row.organization_id], counts))
        for row in standing_rows(unit, at, organization_id)
    ]


def period_at(unit: UnitOfWork, organization_id: int, at: datetime) -> SubscriptionPeriod | None:
    """The subscription period that holds `at`, if the organization has one."""
    for period in periods_of(unit, organization_id, at):
        if at in period:
            return period
    return None


def counted_today(budget: BudgetRow, day: DayCountRow, *, unlimited: bool) -> Credits:
    """What the budget counts of that day."""
    return counted_credits(
        budget.scope,
        rated=day.rated,
        beyond_allowance=day.beyond_allowance,
        unlimited=unlimited,
    )


def _standing(
    unit: UnitOfWork,
    at: datetime,
    row: StandingRow,
    budgets: dict[str, BudgetRow],
    counts: dict[int, DayCountRow],
) -> Standing:
    # The plan matters only where nothing is left or a budget asks: most organizations skip it.
    asks = budgets or not row.available
    period = period_at(unit, row.organization_id, at) if asks else None
    unlimited = period is not None and period.plan.unlimited
    counted = {
        kind: Counted(
            counted_today(budget, counts[row.organization_id], unlimited=unlimited), budget.limit
        )
        for kind, budget in budgets.items()
    }
    return Standing(
        status=row.status,
        available=row.available,
        open_overage=row.open_overage,
        postpaid_left=_postpaid_left(unit, row.organization_id, period),
        unlimited=unlimited,
        budget=counted.get("hard"),
        threshold=counted.get("notify"),
    )


def _postpaid_left(
    unit: UnitOfWork, organization_id: int, period: SubscriptionPeriod | None
) -> Credits:
    if period is None or not period.postpaid_limit:
        return NO_CREDITS
    booked = postpaid_booked(unit, organization_id, period.whole.starts_at, period.whole.ends_at)
    return max(period.postpaid_limit - booked, NO_CREDITS)
