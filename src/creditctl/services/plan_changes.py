"""When a change of plan takes effect: upgrades at once, the rest with the period (DESIGN 3.2)."""

from datetime import datetime, timedelta

from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import MONTHS_IN
from creditctl.services.subscription_periods import Began, SubscriptionPeriod
from creditctl.services.subscriptions import present_period
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.plans import PlanVersionRow
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    last_allowance_start,
    withdraw_plan_changes,
)

NOW, PERIOD_END = "now", "period-end"
WHEN = (NOW, PERIOD_END)
MOMENT = timedelta(microseconds=1)
"""After a boundary: a change or an end in the very instant a period begins comes after it."""


def is_upgrade(old: PlanVersionRow, new: PlanVersionRow) -> bool:
    """Whether the new plan costs more for the same time, or as much and gives more."""
    fees = [plan.fee_minor * 12 // MONTHS_IN[plan.interval] for plan in (old, new)]
    if fees[0] != fees[1]:
        return fees[1] > fees[0]
    return (new.unlimited, new.allowance) > (old.unlimited, old.allowance)


def withdraw_scheduled(unit: UnitOfWork, row: SubscriptionRow, now: datetime) -> int:
    """Forget the changes that have not taken effect; returns how many.

    Raises Conflict where an allowance was granted later than that: a clock went back.
    """
    granted_at = last_allowance_start(unit, row.id)
    if granted_at is not None and granted_at > now + MOMENT:
        began, present = (f"{time:%Y-%m-%d %H:%M}" for time in (granted_at, now))
        raise Conflict(
            f"the period from {began} has begun, and the clock says {present}",
            hint="its allowance was granted already: set the clock right, or act as of later",
        )
    if now < row.started_at:
        return withdraw_plan_changes(unit, row.id, now)
    # One that was made in this very instant took effect, though it begins a moment later.
    return withdraw_plan_changes(
        unit, row.id, present_period(unit, row, now).whole.ends_at - MOMENT
    )


def latest_stretch(unit: UnitOfWork, row: SubscriptionRow, now: datetime) -> SubscriptionPeriod:
    """The present period after all changes in it, also one made in this very instant."""
    return present_period(unit, row, present_period(unit, row, now).whole.ends_at - MOMENT)


def effect_of(
    period: SubscriptionPeriod, target: PlanVersionRow, at: str | None, now: datetime
) -> tuple[datetime, str]:
    """When the change takes effect, and what that is called."""
    if now < period.starts_at and at != PERIOD_END and period.began is not Began.CHANGE:
        return period.starts_at, "scheduled"
    if _takes_effect_now(period, target, at):
        return max(now, period.starts_at + MOMENT), "changed"
    return period.whole.ends_at, "scheduled"


def _takes_effect_now(period: SubscriptionPeriod, target: PlanVersionRow, at: str | None) -> bool:
    """Upgrades do, unless the billing interval changes or a trial has to end first."""
    problem = ""
    if period.began is Began.TRIAL:
        problem = "during a trial a change of plan takes effect at its end"
    elif period.plan.interval != target.interval:
        problem = "from a month to a year, or back, a plan changes at the period's end"
    elif not is_upgrade(period.plan, target):
        problem = "a downgrade takes effect at the period's end"
    if problem and at == NOW:
        raise Conflict(problem, hint="leave --at out; there are no refunds for what has begun")
    return not problem and at != PERIOD_END


def check_when(at: str | None) -> None:
    """Raises InvalidInput for a time that is neither now nor the period's end."""
    if at is not None and at not in WHEN:
        raise InvalidInput(f"--at: {at!r} is neither {' nor '.join(WHEN)}")
