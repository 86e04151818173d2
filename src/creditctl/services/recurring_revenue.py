"""`reports mrr`: monthly recurring revenue, the plans of active subscriptions by the month."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from creditctl.context import Context
from creditctl.rules.deferred_revenue import share
from creditctl.rules.periods import MONTHS_IN, Period, month_text
from creditctl.rules.units import Money
from creditctl.services.report_lines import AmountLine, amount_lines, months_of
from creditctl.services.subscription_periods import (
    Began,
    SubscriptionPeriod,
    periods_of_each,
)
from creditctl.store.engine import reading
from creditctl.store.queries.subscriptions import all_subscriptions


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


def report_recurring(context: Context, month: Period) -> RecurringRevenue:
    """What active subscriptions pay by the month, at the end of that month; trials pay nothing.

    It is a measure of today's contracts and no booking: one that is changed with effect in the
    past changes it. Annual fees are rounded once per plan, half-up.
    """
    months = months_of(month)
    counts: dict[tuple[str, str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    with reading(context.database) as unit:
        moments = [datetime.combine(day, time(), UTC) for day in (months.first, months.end)]
        for _, periods in periods_of_each(unit, all_subscriptions(unit), moments[-1]):
            for place, moment in enumerate(moments):
                period = _last_stretch(periods, moment)
                if period is not None:
                    plan = period.plan
                    fee = 0 if period.began is Began.TRIAL else plan.fee_minor
                    counts[plan.name, plan.interval, plan.currency, fee][place] += 1
    plans = tuple(
        _plan(name, interval, currency, *_monthly(fee, interval, pair), pair[1])
        for (name, interval, currency, fee), pair in sorted(counts.items())
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


def _monthly(fee_minor: int, interval: str, counts: list[int]) -> tuple[int, int]:
    previous, present = (share(fee_minor * count, 1, MONTHS_IN[interval]) for count in counts)
    return previous, present


def _plan(
    name: str, interval: str, currency: str, previous: int, present: int, count: int
) -> RecurringPlan:
    return RecurringPlan(
        plan=name,
        interval=interval,
        subscriptions=count,
        amount=Money(present, currency),
        previous=Money(previous, currency),
        change=Money(present - previous, currency),
    )
