"""Invariants that depend on the periods of subscriptions, which no query alone can tell."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.instants import day_of, instant_of, instant_text, micros_of
from creditctl.services.subscription_periods import (
    SubscriptionPeriod,
    periods_of,
    periods_of_each,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.check_sums import (
    AllowanceSpan,
    allowance_spans,
    rated_within,
    unpaid_days,
)
from creditctl.store.queries.subscriptions import SubscriptionRow, all_subscriptions


def unpaid_usage(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Days on which more was rated than grants paid, is overage, or an unlimited plan let pass.

    Usage booked before a back-dated unlimited subscription stays booked, hence the range.
    """
    found = []
    for organization_id, days in groupby(unpaid_days(unit), key=attrgetter("organization_id")):
        gaps = list(days)
        free = _unlimited_by_day(unit, organization_id, gaps[-1].day)
        for gap in gaps:
            if not 0 <= gap.rated - gap.paid <= free[gap.day]:
                detail = f"{day_of(gap.day)}: {gap.rated} rated, {gap.paid} paid"
                found.append((gap.organization, f"{detail}, {free[gap.day]} unlimited"))
    return found


def misplaced_allowances(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Allowances of no period, and periods left out before the last one granted."""
    found = []
    for subscription, grants, periods in _allowances(unit):
        granted = {one.period_starts_at for one in grants if one.period_starts_at is not None}
        if not granted:
            continue
        last = max(granted)
        starts = {micros_of(period.starts_at): period for period in periods}
        due = {start for start, period in starts.items() if start <= last and period.allowance}
        found += [
            (subscription.public_id, f"{what} at {instant_text(instant_of(start))}")
            for what, wrong in (
                ("an allowance begins, but no period,", granted - starts.keys()),
                ("no allowance for the period", due - granted),
            )
            for start in sorted(wrong)
        ]
    return found


def stretched_allowances(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Allowances that may be used outside the period they were granted for."""
    return [
        (grant.public_id, f"ends at {instant_text(grant.expires_at)}, its period before")
        for _, grants, periods in _allowances(unit)
        for ends in [{period.starts_at: period.whole.ends_at for period in periods}]
        for grant in grants
        if grant.effective_at in ends and grant.expires_at > ends[grant.effective_at]
    ]


def _allowances(
    unit: UnitOfWork,
) -> Iterator[tuple[SubscriptionRow, list[AllowanceSpan], list[SubscriptionPeriod]]]:
    """Each subscription that granted anything, with its periods until the last grant of all."""
    by_subscription: dict[int, list[AllowanceSpan]] = defaultdict(list)
    for grant in allowance_spans(unit):
        by_subscription[grant.subscription_id].append(grant)
    if not by_subscription:
        return
    last = max(grant.effective_at for grants in by_subscription.values() for grant in grants)
    chosen = [one for one in all_subscriptions(unit) if one.id in by_subscription]
    for subscription, periods in periods_of_each(unit, chosen, last):
        yield subscription, by_subscription[subscription.id], periods


def _unlimited_by_day(unit: UnitOfWork, organization_id: int, last_day: int) -> Counter[int]:
    """Micro-credits rated inside unlimited periods, by UTC day."""
    credits: Counter[int] = Counter()
    for period in periods_of(unit, organization_id, instant_of((last_day + 1) * MICROS_PER_DAY)):
        if period.plan.unlimited:
            credits.update(rated_within(unit, organization_id, period.starts_at, period.ends_at))
    return credits
