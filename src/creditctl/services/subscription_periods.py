"""The periods of an organization's subscriptions, each with the plan as it was at its start."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.periods import Period, anchored_periods
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.plans import PlanVersionRow, plan_version_at
from creditctl.store.queries.subscriptions import SubscriptionRow, subscriptions_of


@dataclass(frozen=True, slots=True)
class SubscriptionPeriod:
    """One period: allowance, fee and postpaid limit are those of `plan`."""

    subscription_id: int
    organization_id: int
    starts_at: datetime
    ends_at: datetime
    plan: PlanVersionRow
    is_first: bool

    @property
    def period(self) -> Period:
        """Its dates."""
        return Period(self.starts_at, self.ends_at)


def periods_of(unit: UnitOfWork, organization_id: int, until: datetime) -> list[SubscriptionPeriod]:
    """Every period of the organization's subscriptions that starts at or before `until`."""
    return [
        period
        for subscription in subscriptions_of(unit, organization_id)
        for period in periods_of_subscription(unit, subscription, until)
    ]


def periods_of_subscription(
    unit: UnitOfWork, subscription: SubscriptionRow, until: datetime
) -> list[SubscriptionPeriod]:
    """The subscription's periods, in order; the last one ends when the subscription did."""
    periods: list[SubscriptionPeriod] = []
    interval = plan_version_at(unit, subscription.plan_id, subscription.started_at).interval
    for period in anchored_periods(subscription.started_at, interval, until):
        if subscription.ended_at is not None and period.starts_at >= subscription.ended_at:
            break
        ends_at = min(period.ends_at, subscription.ended_at or period.ends_at)
        periods.append(
            SubscriptionPeriod(
                subscription.id,
                subscription.organization_id,
                period.starts_at,
                ends_at,
                plan_version_at(unit, subscription.plan_id, period.starts_at),
                is_first=not periods,
            )
        )
    return periods
