"""Where an auto-recharge stands: what it waits for, what it spent, why it cannot go on."""

from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.rules.instants import instant_text
from creditctl.rules.periods import calendar_month, month_text
from creditctl.rules.recharges import has_expired, next_attempt
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.recharge_events import tell
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.orgs import OrganizationRow
from creditctl.store.queries.recharges import (
    RechargeRow,
    charged_back_since,
    recharged_between,
    update_recharge,
)


def standing_of(row: RechargeRow, now: datetime) -> str:
    """In a word, what the next run would find."""
    if row.purchase_id is not None:
        return "open"
    if row.state == "disabled":
        return "disabled"
    if row.capped_month == month_text(calendar_month(now)):
        return "capped"
    wait = next_try(row)
    return "waiting" if wait is not None and now < wait else "ready"


def state_columns(context: Context, state: str, reason: str) -> dict[str, object]:
    """What the row says of a state: since when, by whom and why."""
    return {
        "state": state,
        "state_reason": reason,
        "state_at": context.now,
        "state_by": context.actor,
    }


def switch_off(unit: UnitOfWork, context: Context, row: RechargeRow, reason: str) -> None:
    """Disable the recharge of a locked organization, with an audit entry and an event."""
    update_recharge(unit, row.id, **state_columns(context, "disabled", reason))
    record_change(
        unit,
        context,
        "recharge.disabled",
        row.public_id,
        organization_id=row.organization_id,
        reason=reason,
        before={"state": row.state, "declines": row.declines},
        after={"state": "disabled"},
    )
    tell(unit, context, row, "recharge.disabled", window=instant_text(context.now), note=reason)


def method_trouble(row: RechargeRow, at: datetime) -> str | None:
    """Why its payment method cannot be charged any more."""
    if row.method_removed_at is not None:
        return f"the payment method {row.method} was taken off file"
    if has_expired(row.method_expires, at):
        return f"the payment method {row.method} expired with {row.method_expires}"
    return None


def lasting_trouble(
    unit: UnitOfWork, owner: OrganizationRow, row: RechargeRow, at: datetime
) -> str | None:
    """Why nothing may be bought until a person says so: its owner, its method, a lost dispute."""
    if owner.status == "closed":
        return f"{owner.slug} is closed"
    if trouble := method_trouble(row, at):
        return trouble
    lost = charged_back_since(unit, row.organization_id, row.state_at)
    return f"{lost} was charged back" if lost else None


def spent_in_month(unit: UnitOfWork, row: RechargeRow, at: datetime) -> Money:
    """What was bought in the UTC month of `at`, open purchases too, tax included."""
    month = calendar_month(at)
    spent = recharged_between(
        unit, row.organization_id, row.currency, month.starts_at, month.ends_at
    )
    return Money(spent, row.currency)


def next_try(row: RechargeRow) -> datetime | None:
    """The earliest instant of the next purchase; None: at once."""
    return next_attempt(row.last_at, timedelta(seconds=row.cool_down_seconds), row.next_try_at)
