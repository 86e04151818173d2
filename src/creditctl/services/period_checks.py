"""Invariants that depend on the periods of subscriptions, which no query alone can tell."""

from collections import Counter
from itertools import groupby
from operator import attrgetter

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.instants import day_of, instant_of, instant_text, micros_of
from creditctl.services.subscription_periods import periods_of, periods_of_subscription
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.check_sums import allowance_spans, rated_within, unpaid_days
from creditctl.store.queries.subscriptions import all_subscriptions, granted_periods


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
    for subscription in all_subscriptions(unit):
        granted = granted_periods(unit, subscription.id)
        if not granted:
            continue
        periods = periods_of_subscription(unit, subscription, instant_of(max(granted)))
        starts = {micros_of(period.starts_at): period for period in periods}
        due = {start for start, period in starts.items() if period.allowance}
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
    found = []
    for subscription in all_subscriptions(unit):
        grants = allowance_spans(unit, subscription.id)
        if not grants:
            continue
        last = max(grant.effective_at for grant in grants)
        periods = {
            period.starts_at: period for period in periods_of_subscription(unit, subscription, last)
        }
        found += [
            (grant.public_id, f"ends at {instant_text(grant.expires_at)}, its period before")
            for grant in grants
            if (period := periods.get(grant.effective_at)) is not None
            and grant.expires_at > max(period.ends_at, period.whole.ends_at)
        ]
    return found


def _unlimited_by_day(unit: UnitOfWork, organization_id: int, last_day: int) -> Counter[int]:
    """Micro-credits rated inside unlimited periods, by UTC day."""
    credits: Counter[int] = Counter()
    for period in periods_of(unit, organization_id, instant_of((last_day + 1) * MICROS_PER_DAY)):
        if period.plan.unlimited:
            credits.update(rated_within(unit, organization_id, period.starts_at, period.ends_at))
    return credits
