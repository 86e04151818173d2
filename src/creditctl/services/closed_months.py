"""Closed months: what `period close` writes, once its checklist is done (DESIGN 3.8)."""

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import Period, calendar_month, month_text, months_after
from creditctl.services.audit import record_change
from creditctl.services.fee_revenue import earned_live
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.closings import (
    EarnedRow,
    first_activity,
    insert_closing,
    insert_earned,
    last_closing,
)


def close_months(unit: UnitOfWork, context: Context, month: Period, reason: str) -> list[str]:
    """The step: close `month` and every month before it that is open; returns them, oldest first.

    From then on movements of those months are posted on the first open day, and what fees had
    earned by then is kept: no figure of a closed month moves. Raises Conflict for a month that is
    closed or not over.
    """
    if month.ends_at > context.now:
        raise Conflict(f"{month_text(month)} is not over", hint="close it when it has ended")
    last = last_closing(unit)
    if last is not None and month.ends_at.date() <= last.first_open_day:
        raise Conflict(f"{month_text(month)} is closed", hint="a closed month stays closed")
    closed = months_to_close(unit, month)
    for one in closed:
        end = one.ends_at.date()
        earned = earned_live(unit, context.now, [end])
        closing_id = insert_closing(
            unit, month_text(one), end, closed_at=context.now, closed_by=context.actor
        )
        rows = [EarnedRow(*key, minor[0]) for key, minor in sorted(earned.items()) if minor[0]]
        insert_earned(unit, closing_id, rows)
        record_change(unit, context, "period.closed", month_text(one), reason=reason)
    return [month_text(one) for one in closed]


def months_to_close(unit: UnitOfWork, month: Period) -> list[Period]:
    """The months up to `month` that are not closed, from the first in which anything happened."""
    last = last_closing(unit)
    first_open_day = last.first_open_day if last else None
    began = first_activity(unit)
    months = [month]
    while (before := calendar_month(months_after(months[0].starts_at, -1))).ends_at > began:
        if first_open_day is not None and before.ends_at.date() <= first_open_day:
            break
        months.insert(0, before)
    return months
