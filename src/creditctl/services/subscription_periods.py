"""The periods of an organization's subscriptions, each with the plan as it was at its start."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from creditctl.rules.periods import Period, anchored_periods
from creditctl.rules.proration import prorated_credits, prorated_money, share_left
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.plans import PlanVersionRow, plan_versions, version_at
from creditctl.store.queries.subscriptions import (
    PlanChangeRow,
    SubscriptionRow,
    plan_changes,
    plan_changes_of_many,
    subscriptions_of,
    subscriptions_of_many,
)

_VersionsOf: TypeAlias = Callable[[int], list[PlanVersionRow]]


class Began(StrEnum):
    """Why a stretch of a subscription began."""

    TRIAL = "trial"
    START = "start"
    RENEWAL = "renewal"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class SubscriptionPeriod:
    """A billing period, or the part of one after a change of plan: one plan holds throughout.

    Allowance, fee and limits are those of `plan`; `previous` is what a change came from.
    """

    subscription_id: int
    organization_id: int
    starts_at: datetime
    ends_at: datetime
    plan: PlanVersionRow
    began: Began
    whole: Period
    """The billing period that it is a part of, uncut by an end of the subscription."""

    previous: PlanVersionRow | None = None

    def __contains__(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at

    @property
    def allowance(self) -> Credits:
        """What the subscription grants at its start; an unlimited plan grants nothing."""
        if self.plan.unlimited:
            return NO_CREDITS
        if self.began is Began.TRIAL:
            return self.plan.trial
        if self.previous is None:
            return self.plan.allowance
        before = NO_CREDITS if self.previous.unlimited else self.previous.allowance
        more = self.plan.allowance - before
        return prorated_credits(more, share_left(self.whole, self.starts_at))

    @property
    def postpaid_limit(self) -> Credits:
        """What may be owed for it beyond all grants; nothing in a trial, which is free."""
        return NO_CREDITS if self.began is Began.TRIAL else self.plan.postpaid_limit

    @property
    def fee(self) -> Money:
        """What is charged for it; a trial is free."""
        full = Money(self.plan.fee_minor, self.plan.currency)
        if self.began is Began.TRIAL:
            return Money(0, full.currency)
        if self.previous is None:
            return full
        more = full - Money(self.previous.fee_minor, self.previous.currency)
        return prorated_money(more, share_left(self.whole, self.starts_at))


def periods_of(unit: UnitOfWork, organization_id: int, until: datetime) -> list[SubscriptionPeriod]:
    """Every period of the organization's subscriptions that starts at or before `until`."""
    return [
        period
        for subscription in subscriptions_of(unit, organization_id)
        for period in periods_of_subscription(unit, subscription, until)
    ]


def periods_of_many(
    unit: UnitOfWork, organization_ids: Sequence[int], until: datetime
) -> dict[int, list[SubscriptionPeriod]]:
    """The same of each organization that has a subscription, in a few statements for all."""
    found: dict[int, list[SubscriptionPeriod]] = defaultdict(list)
    subscriptions = subscriptions_of_many(unit, organization_ids)
    for subscription, periods in periods_of_each(unit, subscriptions, until):
        found[subscription.organization_id] += periods
    return found


def periods_of_each(
    unit: UnitOfWork, subscriptions: Iterable[SubscriptionRow], until: datetime
) -> Iterator[tuple[SubscriptionRow, list[SubscriptionPeriod]]]:
    """Each of these with its periods as `periods_of_subscription` has them, in few statements."""
    chosen = list(subscriptions)
    versions_of = _versions_in(unit)
    changes: dict[int, list[PlanChangeRow]] = defaultdict(list)
    owners = sorted({one.organization_id for one in chosen})
    for subscription_id, change in plan_changes_of_many(unit, owners):
        changes[subscription_id].append(change)
    for one in chosen:
        yield one, list(_periods(versions_of, one, changes.get(one.id, ()), until))


def periods_of_subscription(
    unit: UnitOfWork, subscription: SubscriptionRow, until: datetime
) -> list[SubscriptionPeriod]:
    """The subscription's periods, in order; the last one ends when the subscription did."""
    versions_of = _versions_in(unit)
    changes, _ = unit.together(
        lambda: plan_changes(unit, subscription.id), lambda: versions_of(subscription.plan_id)
    )
    return list(_periods(versions_of, subscription, changes, until))


def period_after(
    unit: UnitOfWork, subscription: SubscriptionRow, boundary: datetime
) -> SubscriptionPeriod | None:
    """The period that begins at that boundary, or None when the subscription ends there."""
    for period in periods_of_subscription(unit, subscription, boundary):
        if period.starts_at == boundary:
            return period
    return None


def _versions_in(unit: UnitOfWork) -> _VersionsOf:
    """Every plan's versions, each plan's read once."""

    @cache
    def versions_of(plan_id: int) -> list[PlanVersionRow]:
        return plan_versions(unit, plan_id)

    return versions_of


def _periods(
    versions_of: _VersionsOf,
    subscription: SubscriptionRow,
    changes: Sequence[PlanChangeRow],
    until: datetime,
) -> Iterator[SubscriptionPeriod]:
    def plan_at(at: datetime) -> PlanVersionRow:
        plan_id = subscription.plan_id
        for change in changes:
            if change.effective_at <= at:
                plan_id = change.plan_id
        return version_at(versions_of(plan_id), at)

    for whole, began in _whole_periods(subscription, lambda at: plan_at(at).interval, until):
        ends_at = min(whole.ends_at, subscription.ended_at or whole.ends_at)
        if whole.starts_at >= ends_at:
            return
        inside = [
            change.effective_at
            for change in changes
            if whole.starts_at < change.effective_at < ends_at and change.effective_at <= until
        ]
        starts = [whole.starts_at, *inside]
        previous = None
        for starts_at, stops_at in zip(starts, [*inside, ends_at], strict=True):
            plan = plan_at(starts_at)
            yield SubscriptionPeriod(
                subscription.id,
                subscription.organization_id,
                starts_at,
                stops_at,
                plan,
                Began.CHANGE if previous else began,
                whole,
                previous,
            )
            previous = plan


def _whole_periods(
    subscription: SubscriptionRow, interval_at: Callable[[datetime], str], until: datetime
) -> Iterator[tuple[Period, Began]]:
    anchor = subscription.trial_ends_at or subscription.started_at
    if anchor > subscription.started_at and subscription.started_at <= until:
        yield Period(subscription.started_at, anchor), Began.TRIAL
    for period in anchored_periods(anchor, interval_at, until):
        yield period, Began.START if period.starts_at == anchor else Began.RENEWAL
