"""Subscriptions as they are: all of them, or one with its plan's terms and its period."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import Credits, Money
from creditctl.services.subscription_periods import Began
from creditctl.services.subscriptions import active_subscription, present_period, status_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.grants import allowance_of
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    all_subscriptions,
    current_plans,
    plan_changes,
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """An organization on a plan; its periods are anchored on `started_at`, or a trial's end."""

    id: str
    organization: str
    plan: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    trial_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionCard:
    """A subscription with its plan's terms and its present period."""

    id: str
    organization: str
    plan: str
    status: str
    started_at: datetime
    trial_ends_at: datetime | None
    ended_at: datetime | None
    fee: Money
    interval: str
    allowance: Credits
    rollover: str
    allowance_used: Credits
    allowance_left: Credits
    """With what was carried over and added by a change."""

    postpaid_limit: Credits
    unlimited: bool
    period_starts_at: datetime
    period_ends_at: datetime
    next_plan: str | None
    """Scheduled for the end of the period."""


def list_subscriptions(context: Context) -> list[Subscription]:
    """Every subscription, by organization, with the plan it is on now."""
    with reading(context.database) as unit:
        plans = current_plans(unit, context.now)
        rows = all_subscriptions(unit)
    return [
        Subscription(
            row.public_id,
            row.organization,
            plans[row.id],
            status_of(row, context.now),
            row.started_at,
            row.ended_at,
            row.trial_ends_at,
        )
        for row in rows
    ]


def show_subscription(context: Context, organization: str) -> SubscriptionCard:
    """The organization's active subscription; raises SubscriptionNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        return _card(unit, context, active_subscription(unit, owner, context.now))


def _card(unit: UnitOfWork, context: Context, row: SubscriptionRow) -> SubscriptionCard:
    period = present_period(unit, row, context.now)
    plan = period.plan
    granted, left = allowance_of(unit, row.id, period.whole.starts_at, period.whole.ends_at)
    now = max(context.now, row.started_at)
    later = [change.plan for change in plan_changes(unit, row.id) if change.effective_at > now]
    is_trial = period.began is Began.TRIAL
    return SubscriptionCard(
        id=row.public_id,
        organization=row.organization,
        plan=plan.name,
        status=status_of(row, context.now),
        started_at=row.started_at,
        trial_ends_at=row.trial_ends_at,
        ended_at=row.ended_at,
        fee=Money(plan.fee_minor, plan.currency),
        interval=plan.interval,
        allowance=plan.trial if is_trial else plan.allowance,
        rollover=plan.rollover,
        allowance_used=granted - left,
        allowance_left=left,
        postpaid_limit=period.postpaid_limit,
        unlimited=plan.unlimited,
        period_starts_at=period.whole.starts_at,
        period_ends_at=period.ends_at if row.ended_at else period.whole.ends_at,
        next_plan=later[0] if later else None,
    )
