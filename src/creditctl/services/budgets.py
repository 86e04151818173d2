"""Daily budgets: how many credits an organization wants to use in a UTC day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import BudgetNotFound, InvalidInput
from creditctl.rules.budgets import (
    Scope,
    Threshold,
    default_scope,
    require_threshold_within,
)
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.standings import counted_today, period_at
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.budgets import (
    BudgetRow,
    daily_budgets,
    day_counts,
    delete_daily_budgets,
    put_daily_budget,
)
from creditctl.store.queries.enforcement import standing_rows
from creditctl.store.queries.orgs import find_organization, lock_organizations


@dataclass(frozen=True, slots=True)
class Budget:
    """An organization's budget for a UTC day, in credits, and what was counted so far."""

    organization: str
    daily: Credits | None
    notify_at: Credits | None
    scope: str
    today: Credits
    yesterday: Credits
    left: Credits | None
    state: str
    reason: str | None
    updated_at: datetime


def set_budget(
    context: Context,
    organization: str,
    *,
    daily: Credits | None = None,
    notify_at: Threshold | None = None,
    scope: Scope | None = None,
) -> Budget:
    """Change what is given and keep the rest; it takes effect at the next check.

    Raises InvalidInput when there would be neither a budget nor a threshold, when the threshold
    is above the budget, and for a scope that an unlimited plan cannot have.
    """
    with unit_of_work(context.database) as unit:
        found = find_organization(unit, organization)
        lock_organizations(unit, [found.id])
        before = {row.kind: row for row in daily_budgets(unit, found.id)}
        limits = _limits(before, daily, notify_at)
        kept = next((row.scope for row in before.values()), None)
        chosen = _scope(unit, context, found.id, scope or kept, refuse=scope is not None)
        for kind, limit in limits.items():
            put_daily_budget(
                unit,
                public_id=new_public_id("budget", context.now),
                organization_id=found.id,
                kind=kind,
                scope=chosen,
                limit=limit,
                updated_at=context.now,
            )
        after = daily_budgets(unit, found.id)
        record_change(
            unit,
            context,
            "budget.set",
            found.slug,
            organization_id=found.id,
            before=_facts(before.values()) if before else None,
            after=_facts(after),
        )
        return _budget(unit, context, after)


def show_budget(context: Context, organization: str) -> Budget:
    """The organization's budget and its day; raises BudgetNotFound when it has none."""
    with reading(context.database) as unit:
        found = find_organization(unit, organization)
        return _budget(unit, context, _require(daily_budgets(unit, found.id), found.slug))


def list_budgets(context: Context) -> list[Budget]:
    """Every organization that has a budget or a threshold, by slug."""
    with reading(context.database) as unit:
        rows: dict[int, list[BudgetRow]] = defaultdict(list)
        for row in daily_budgets(unit):
            rows[row.organization_id].append(row)
        return [_budget(unit, context, own) for own in rows.values()]


def clear_budget(context: Context, organization: str) -> Budget:
    """Remove the budget and its threshold; returns what they were. Raises BudgetNotFound."""
    with unit_of_work(context.database) as unit:
        found = find_organization(unit, organization)
        lock_organizations(unit, [found.id])
        rows = _require(daily_budgets(unit, found.id), found.slug)
        cleared = _budget(unit, context, rows)
        delete_daily_budgets(unit, found.id)
        record_change(
            unit,
            context,
            "budget.cleared",
            found.slug,
            organization_id=found.id,
            before=_facts(rows),
        )
        return cleared


def _limits(
    before: dict[str, BudgetRow], daily: Credits | None, notify_at: Threshold | None
) -> dict[str, Credits]:
    """The limits of both kinds as they will be."""
    limits = {kind: row.limit for kind, row in before.items()}
    if daily is not None:
        limits["hard"] = daily
    if notify_at is not None:
        limits["notify"] = notify_at.credits_of(limits.get("hard"))
    if not limits:
        raise InvalidInput("there is no limit to set", hint="add --daily CREDITS")
    require_threshold_within(limits.get("notify"), limits.get("hard"))
    return limits


def _scope(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    wanted: Scope | None,
    *,
    refuse: bool,
) -> Scope:
    period = period_at(unit, organization_id, context.now)
    if period is None:
        return wanted or Scope.ALL
    if not period.plan.unlimited:
        return wanted or default_scope(period.plan.allowance, unlimited=False)
    if refuse and wanted is Scope.BEYOND_ALLOWANCE:
        raise InvalidInput(
            "an unlimited plan has no allowance to go beyond", hint="leave --scope out"
        )
    return Scope.ALL


def _require(rows: list[BudgetRow], slug: str) -> list[BudgetRow]:
    if not rows:
        raise BudgetNotFound(
            f"{slug} has no budget", hint=f"'creditctl budgets set {slug} --daily 1000' sets one"
        )
    return rows


def _budget(unit: UnitOfWork, context: Context, rows: list[BudgetRow]) -> Budget:
    """What the rows of one organization say, with today's and yesterday's count."""
    limits = {row.kind: row.limit for row in rows}
    daily = limits.get("hard")
    first = rows[0]
    today = _counted(unit, first, context.now)
    (standing,) = standing_rows(unit, context.now, first.organization_id)
    decision = standing.decided.at(context.now)
    return Budget(
        organization=first.organization,
        daily=daily,
        notify_at=limits.get("notify"),
        scope=first.scope.value,
        today=today,
        yesterday=_counted(unit, first, context.now - timedelta(days=1)),
        left=None if daily is None else max(daily - today, NO_CREDITS),
        state=decision.state.value,
        reason=decision.reason.value or None,
        updated_at=max(row.updated_at for row in rows),
    )


def _counted(unit: UnitOfWork, budget: BudgetRow, at: datetime) -> Credits:
    (count,) = day_counts(unit, at.date(), budget.organization_id)
    period = period_at(unit, budget.organization_id, at)
    return counted_today(budget, count, unlimited=period is not None and period.plan.unlimited)


def _facts(rows: Iterable[BudgetRow]) -> dict[str, object]:
    facts: dict[str, object] = {row.kind: row.limit for row in rows}
    return facts | {"scope": next(row.scope.value for row in rows)}
