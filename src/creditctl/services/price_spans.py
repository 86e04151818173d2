"""Which days have which price: a plan's overage price, else the list price (DESIGN 3.8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period
from creditctl.services.subscription_periods import SubscriptionPeriod
from creditctl.store.queries.billing import ListPriceRow
from creditctl.store.queries.plans import PlanVersionRow

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DayPrice:
    """Money per credit on a day, and what says so: a version of a plan, or a list price."""

    price: Decimal
    plan: PlanVersionRow | None
    listed: ListPriceRow | None


def price_spans(
    days: Period, periods: Sequence[SubscriptionPeriod], prices: Sequence[ListPriceRow]
) -> list[tuple[Period, Decimal]]:
    """Whole days in runs with one price: mostly a single one."""
    spans: list[tuple[Period, Decimal]] = []
    for starts_at, ends_at in pairwise(_boundaries(days, periods, prices)):
        price = day_price(starts_at, periods, prices).price
        is_same = bool(spans) and spans[-1][1] == price
        since = spans.pop()[0].starts_at if is_same else starts_at
        spans.append((Period(since, ends_at), price))
    return spans


def day_price(
    at: datetime, periods: Sequence[SubscriptionPeriod], prices: Sequence[ListPriceRow]
) -> DayPrice:
    """The price of the UTC day that holds `at`: the last plan of the day decides."""
    starts_at = start_of_day(at)
    ends_at = starts_at + _DAY
    for period in reversed(periods):
        if period.starts_at < ends_at and starts_at < period.ends_at:
            if period.plan.overage_price is not None:
                return DayPrice(period.plan.overage_price, period.plan, None)
            break
    in_force = [price for price in prices if price.effective_from < ends_at]
    listed = (in_force or prices[:1])[-1]
    return DayPrice(listed.list_price, None, listed)


def _boundaries(
    days: Period, periods: Iterable[SubscriptionPeriod], prices: Iterable[ListPriceRow]
) -> list[datetime]:
    """The first day, every later one on which the price may be another, and the end."""
    # Most begin before and end after these days: no need to ask for the day.
    changes = {
        start_of_day(price.effective_from)
        for price in prices
        if days.starts_at < price.effective_from
    }
    for period in periods:
        if days.starts_at < period.starts_at:
            changes.add(start_of_day(period.starts_at))
        if period.ends_at < days.ends_at:
            changes.add(start_of_day(period.ends_at - _MICROSECOND) + _DAY)
    inside = {at for at in changes if days.starts_at < at < days.ends_at}
    return sorted(inside | {days.starts_at, days.ends_at})
