"""`reports mrr`: monthly recurring revenue, the plans of active subscriptions by the month."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from creditctl.context import Context
from creditctl.rules.deferred_revenue import share
from creditctl.rules.periods import MONTHS_IN, Period, month_text
from creditctl.rules.units import Money
from creditctl.services.net_fees import NetFees
from creditctl.services.report_lines import AmountLine, amount_lines, months_of
from creditctl.services.subscription_periods import (
    Began,
    SubscriptionPeriod,
    periods_of_each,
)
from creditctl.store.engine import reading
from creditctl.store.queries.subscriptions import all_subscriptions

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class RecurringPlan:
    """A plan's fees at the month's end; those of an annual plan divided by twelve."""

    plan: str
    interval: str
    subscriptions: int
    amount: Money
    previous: Money
    change: Money


@dataclass(frozen=True, slots=True)
class RecurringRevenue:
    """Monthly recurring revenue at the end of a month."""

    month: str
    subscriptions: int
    plans: tuple[RecurringPlan, ...]
    totals: tuple[AmountLine, ...]


@dataclass(slots=True)
class _Sum:
    """Subscriptions of one plan and fee, and what is left of their fees without tax."""

    subscriptions: int = 0
    net: int = 0


def report_recurring(context: Context, month: Period) -> RecurringRevenue:
    """What active subscriptions pay by the month, at the end of that month; trials pay nothing.

    It is a measure of today's contracts and no booking: one that is changed with effect in the
    past changes it. Where fees include a tax they count without the one that the subscriber owes
    then. Annual fees are rounded once per plan, half-up.
    """
    months = months_of(month)
    sums: dict[tuple[str, str, str, int], list[_Sum]] = defaultdict(lambda: [_Sum(), _Sum()])
    with reading(context.database) as unit:
        moments = [datetime.combine(day, time(), UTC) for day in (months.first, months.end)]
        subscriptions = all_subscriptions(unit)
        fees = NetFees(unit, subscriptions)
        for _, periods in periods_of_each(unit, subscriptions, moments[-1]):
            for place, moment in enumerate(moments):
                period = _last_stretch(periods, moment)
                if period is not None:
                    plan = period.plan
                    fee = Money(0 if period.began is Began.TRIAL else plan.fee_minor, plan.currency)
                    found = sums[plan.name, plan.interval, plan.currency, fee.minor][place]
                    found.subscriptions += 1
                    found.net += fees.at(period.organization_id, moment - _INSTANT, fee)
    plans = tuple(
        _plan(name, interval, currency, *pair)
        for (name, interval, currency, _), pair in sorted(sums.items())
    )
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for one in plans:
        key = (one.amount.currency, "mrr")
        previous, present = totals.get(key, (0, 0))
        totals[key] = (previous + one.previous.minor, present + one.amount.minor)
    active = sum(one.subscriptions for one in plans)
    return RecurringRevenue(month_text(month), active, plans, amount_lines(totals, total=False))


def _last_stretch(
    periods: Sequence[SubscriptionPeriod], midnight: datetime
) -> SubscriptionPeriod | None:
    """The stretch that held the last instant before `midnight`."""
    for period in reversed(periods):
        if period.starts_at < midnight:
            return period if period.ends_at >= midnight else None
    return None


def _plan(name: str, interval: str, currency: str, before: _Sum, now: _Sum) -> RecurringPlan:
    previous, present = (
        Money(share(one.net, 1, MONTHS_IN[interval]), currency) for one in (before, now)
    )
    return RecurringPlan(
        plan=name,
        interval=interval,
        subscriptions=now.subscriptions,
        amount=present,
        previous=previous,
        change=present - previous,
    )
