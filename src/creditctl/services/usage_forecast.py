"""`usage forecast`: how fast credits are used, and when there are none left."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.instants import day_number, day_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.rules.usage_forecast import day_of_exhaustion
from creditctl.services.allocation import lot_of
from creditctl.services.balances import balance_of
from creditctl.services.subscription_periods import periods_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.grants import grants_of
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_reports import credits_by_product_and_day

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class UsageForecast:
    """The rate of the last complete days, and what it leads to if it goes on."""

    organization: str
    days: int
    """Complete UTC days that the rate is the mean of."""

    per_day: Credits
    today: Credits
    available: Credits
    open_overage: Credits
    unlimited: bool
    exhausted_on: date | None
    """The first day that is not covered; None: not within five years, or nothing is used."""

    exhausted_without_expiries_on: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The same, of one organization, as other services need it."""

    per_day: Credits
    today: Credits
    unlimited: bool
    exhausted_on: date | None
    exhausted_without_expiries_on: date | None
    days_left: int | None


def forecast_usage(context: Context, organization: str, *, days: int = 7) -> UsageForecast:
    """The forecast from now on; raises OrganizationNotFound, InvalidInput for the days.

    Grants that are there count, each in its turn and time; allowances of later periods and
    postpaid limits do not, for nobody has them yet.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"the rate is of 1 to {MOST_DAYS} days, not {days}")
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        balance = balance_of(unit, owner.id, owner.slug, context.now)
        outlook = outlook_of(unit, owner.id, context.now, days)
    return UsageForecast(
        organization=owner.slug,
        days=days,
        per_day=outlook.per_day,
        today=outlook.today,
        available=balance.available,
        open_overage=balance.open_overage,
        unlimited=outlook.unlimited,
        exhausted_on=outlook.exhausted_on,
        exhausted_without_expiries_on=outlook.exhausted_without_expiries_on,
        days_left=outlook.days_left,
    )


def outlook_of(unit: UnitOfWork, organization_id: int, now: datetime, days: int = 7) -> Outlook:
    """What the rate of the last complete days leads to."""
    today = day_number(now.date())
    used = credits_by_product_and_day(unit, organization_id, today - days, today)
    lots = [lot_of(grant) for grant in grants_of(unit, organization_id)]
    before = [(product, micro) for product, day, micro in used if day < today]
    products = {product for product, _ in before}
    per_day = {
        one: sum(micro for product, micro in before if product == one) // days for one in products
    }
    is_unlimited = any(
        period.plan.unlimited
        for period in periods_of(unit, organization_id, now)
        if period.starts_at <= now < period.ends_at
    )
    ends = [
        None if is_unlimited else day_of_exhaustion(lots, per_day, today, expiries=expiries)
        for expiries in (True, False)
    ]
    return Outlook(
        per_day=sum(map(Credits, per_day.values()), NO_CREDITS),
        today=Credits(sum(micro for _, day, micro in used if day == today)),
        unlimited=is_unlimited,
        exhausted_on=None if ends[0] is None else day_of(ends[0]),
        exhausted_without_expiries_on=None if ends[1] is None else day_of(ends[1]),
        days_left=None if ends[0] is None else ends[0] - today,
    )
