"""What subscription fees have earned: by the day, and never anew in a closed month."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from creditctl.rules.fee_revenue import FeeSpan, earned_until
from creditctl.rules.instants import start_of_day
from creditctl.services.net_fees import NetFees
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of_each
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.closings import earned_at, last_closing
from creditctl.store.queries.subscriptions import SubscriptionRow, all_subscriptions

Earned: TypeAlias = Mapping[tuple[int, str], tuple[int, ...]]
"""(subscription, currency) -> what its fees had earned before each of some days, minor units."""

_DAY = timedelta(days=1)


def earned_fees(unit: UnitOfWork, now: datetime, days: Sequence[date]) -> Earned:
    """What fees had earned before each of the days, which are ends of months or days after them.

    Up to the last close it is what was earned then: a change with effect in a closed month is
    earned in the first open one.
    """
    earned: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(days))
    last = last_closing(unit)
    live = earned_live(unit, now, days)
    for place, day in enumerate(days):
        if last is not None and day <= last.first_open_day:
            closing = last_closing(unit, day)
            for row in earned_at(unit, closing.id) if closing else []:
                earned[row.subscription_id, row.currency][place] = row.earned_minor
        else:
            for key, minor in live.items():
                earned[key][place] = minor[place]
    return {key: tuple(minor) for key, minor in earned.items()}


def earned_live(unit: UnitOfWork, now: datetime, days: Sequence[date]) -> Earned:
    """The same by what subscriptions and plans say today; nothing is earned after today."""
    tomorrow = (start_of_day(now) + _DAY).date()
    until = [min(day, tomorrow) for day in days]
    earned: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(days))
    midnight = datetime.combine(max(until), time(), UTC)
    subscriptions = all_subscriptions(unit)
    fees = NetFees(unit, subscriptions)
    for subscription, periods in periods_of_each(unit, subscriptions, midnight):
        for currency, span in _fee_spans(subscription, periods, fees):
            sums = earned[subscription.id, currency]
            for place, day in enumerate(until):
                sums[place] += earned_until(span, day)
    return {key: tuple(minor) for key, minor in earned.items()}


def _fee_spans(
    subscription: SubscriptionRow, periods: Iterable[SubscriptionPeriod], fees: NetFees
) -> Iterator[tuple[str, FeeSpan]]:
    """The fees of the subscription's periods without tax, each with its currency.

    A change's fee is for the rest of the period; one that is cut short is earned until its end.
    """
    for period in periods:
        fee = period.fee
        if fee:
            ends_at = min(period.whole.ends_at, subscription.ended_at or period.whole.ends_at)
            span = FeeSpan(fees.of(period, fee), period.starts_at.date(), ends_at.date())
            yield fee.currency, span
