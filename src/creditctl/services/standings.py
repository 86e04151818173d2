"""What organizations have, owe and used: what decides whether they may go on, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.rules.budgets import Reading
from creditctl.rules.enforcement import Decision, Standing, decide
from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.spending import Spending, period_at
from creditctl.services.subscription_periods import SubscriptionPeriod
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.enforcement import StandingRow, standing_rows
from creditctl.store.queries.ledger import postpaid_booked

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Assessment:
    """How an organization stands, what follows, and when time alone may change that."""

    organization_id: int
    organization: str
    standing: Standing
    decision: Decision
    next_check_at: datetime | None
    missed: tuple[Reading, ...] = ()
    """Lines that were crossed in a day or month that ended since the last check."""


def assess(
    unit: UnitOfWork,
    at: datetime,
    organization_id: int | None = None,
    *,
    since: datetime | None = None,
) -> list[Assessment]:
    """Every marked organization, or the one given, at that time; from rollups only.

    `since` is when the last check was: what was missed after it is looked for.
    """
    spending = Spending(unit, at, organization_id)
    return [
        _assessed(unit, at, row, spending, since)
        for row in standing_rows(unit, at, organization_id)
    ]


def _assessed(
    unit: UnitOfWork,
    at: datetime,
    row: StandingRow,
    spending: Spending,
    since: datetime | None,
) -> Assessment:
    has_lines = bool(spending.lines.get(row.organization_id))
    # The plan matters where nothing is left, a line asks, or no grant ends with its period.
    asks = has_lines or not row.available or row.allowance_ends_at is None
    period = period_at(unit, row.organization_id, at) if row.has_subscription and asks else None
    standing = Standing(
        status=row.status,
        available=row.available,
        open_overage=row.open_overage,
        postpaid_left=postpaid_left(unit, row.organization_id, period),
        unlimited=period is not None and period.plan.unlimited,
        readings=spending.readings(row.organization_id, period) if has_lines else (),
    )
    decision = decide(standing)
    midnight = start_of_day(at) + timedelta(days=1)
    times = [
        decision.until,
        row.next_grant_at,
        row.next_expiry_at,
        period.ends_at if period else None,
        # Days begin anew, and what is left for is counted in days.
        midnight if has_lines or (row.has_subscription and asks and period is None) else None,
    ]
    return Assessment(
        row.organization_id,
        row.organization,
        standing,
        decision,
        min((time for time in times if time is not None), default=None),
        _missed(unit, row, spending, since, period) if has_lines and since is not None else (),
    )


def _missed(
    unit: UnitOfWork,
    row: StandingRow,
    spending: Spending,
    since: datetime,
    now: SubscriptionPeriod | None,
) -> tuple[Reading, ...]:
    def period_of(window: Period) -> SubscriptionPeriod | None:
        last = window.ends_at - _INSTANT
        if not row.has_subscription or (now is not None and last in now):
            return now
        return period_at(unit, row.organization_id, last)

    return spending.missed(row.organization_id, since, period_of)


def postpaid_left(
    unit: UnitOfWork, organization_id: int, period: SubscriptionPeriod | None
) -> Credits:
    """What the organization may still owe in the period beyond its grants."""
    if period is None or not period.postpaid_limit:
        return NO_CREDITS
    booked = postpaid_booked(unit, organization_id, period.whole.starts_at, period.whole.ends_at)
    return max(period.postpaid_limit - booked, NO_CREDITS)
