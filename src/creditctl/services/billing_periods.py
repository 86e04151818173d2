"""Which days an organization's invoice of a month is about (DESIGN 2 and 3.8)."""

from datetime import timedelta

from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period, calendar_month, month_text
from creditctl.services.subscription_periods import periods_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoices import (
    end_of_invoice_before,
    invoice_of_month,
    start_of_invoice_after,
)
from creditctl.store.queries.orgs import organization_by_id


def billing_period(unit: UnitOfWork, organization_id: int, month: Period) -> Period | None:
    """The days that end in `month`: a calendar month, or a subscription's period [FF].

    An aligned organization is billed from the day one period of its subscription begins to the day
    the next one does; in a month without such a day, by the calendar. Invoices stay side by side
    when alignment is switched on or off: no day is left out, and none is on two of them. None when
    every day is on another invoice.
    """
    before = end_of_invoice_before(unit, organization_id, month_text(month))
    after = start_of_invoice_after(unit, organization_id, month_text(month))
    existing = invoice_of_month(unit, organization_id, month_text(month))
    if existing is not None and after is not None:
        return Period(existing.starts_at, existing.ends_at)
    period = _own_period(unit, organization_id, month)
    starts_at, ends_at = period.starts_at, period.ends_at
    # An invoice that ended within a month was an aligned one, and left the rest of it to this one.
    if before is not None and (before > starts_at or before != calendar_month(before).starts_at):
        starts_at = before
    # One that begins in this month, or with the next, leaves everything before it to this one.
    if after is not None and after <= month.ends_at:
        ends_at = after
    return Period(starts_at, ends_at) if starts_at < ends_at else None


def _own_period(unit: UnitOfWork, organization_id: int, month: Period) -> Period:
    if not organization_by_id(unit, organization_id).aligned:
        return month
    # Whole days, for usage is summed by day: the last may begin during the day after the month.
    periods = periods_of(unit, organization_id, month.ends_at + timedelta(days=1))
    boundaries = [start_of_day(period.whole.starts_at) for period in periods]
    inside = [at for at in boundaries if month.starts_at < at <= month.ends_at]
    if not inside:
        return month
    ends_at = max(inside)
    return Period(max([at for at in boundaries if at < ends_at], default=month.starts_at), ends_at)
