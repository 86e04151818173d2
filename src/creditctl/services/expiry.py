"""Endings: what a grant still holds some time after its date expires or rolls over (DESIGN 3.3)."""

from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.reversal_notes import credit_what_was_reversed
from creditctl.services.subscription_periods import period_after, periods_of_subscription
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import GrantRow, adjust, carried_at, due_endings
from creditctl.store.queries.ledger import NewEntry, append_entries
from creditctl.store.queries.subscriptions import subscription_by_id


def book_due_expiries(unit: UnitOfWork, context: Context, organization_id: int) -> int:
    """End every grant of a locked organization whose grace is over; returns how many.

    New calls stopped at `expires_at`; the grace lets usage served before it arrive. An import after
    that takes back what it draws. What went back to a reversed grant is reversed again.
    """
    grace_over = context.now - context.settings.usage_grace
    booked = 0
    # What a grant rolls into may be due itself by now.
    while due := due_endings(unit, grace_over, organization_id):
        for grant in due:
            _end(unit, context, grant)
        booked += len(due)
    return booked


def _end(unit: UnitOfWork, context: Context, grant: GrantRow) -> None:
    if grant.reversed_at is not None:
        take_from(unit, context, grant, grant.available, "reversal", "reversed before")
        return
    carried = _carry_over(unit, context, grant)
    expire(unit, context, grant, grant.available - carried, "unused at its expiry")


def expire(
    unit: UnitOfWork, context: Context, grant: GrantRow, amount: Credits, reason: str
) -> None:
    """Move credits from what remains to what has expired: usage from before may take them back."""
    take_from(unit, context, grant, amount, "expiry", reason)


def take_from(
    unit: UnitOfWork,
    context: Context,
    grant: GrantRow,
    amount: Credits,
    kind: str,
    reason: str,
) -> None:
    """Book that credits leave the grant unused: expiry, reversal, rollover or transfer.

    What is reversed of a paid grant has a credit note in the same transaction.
    """
    if not amount:
        return
    adjust(unit, grant.id, remaining=-amount, expired=amount if kind == "expiry" else NO_CREDITS)
    ends = kind in ("expiry", "rollover") and grant.expires_at is not None
    entry = NewEntry(
        organization_id=grant.organization_id,
        grant_id=grant.id,
        kind=kind,
        amount=-amount,
        event_at=grant.expires_at if ends and grant.expires_at else context.now,
        recorded_at=context.now,
        product_id=grant.product_id,
        actor=context.actor,
        reason=reason,
    )
    append_entries(unit, [entry])
    if kind == "reversal" and grant.unit_cost is not None:
        credit_what_was_reversed(
            unit,
            context,
            grant_id=grant.id,
            organization_id=grant.organization_id,
            reason=reason,
        )


def _carry_over(unit: UnitOfWork, context: Context, grant: GrantRow) -> Credits:
    """Roll an allowance into the next period where its plan says so; returns what was carried."""
    if grant.source != "subscription" or grant.subscription_id is None or grant.expires_at is None:
        return NO_CREDITS
    subscription = subscription_by_id(unit, grant.subscription_id)
    following = period_after(unit, subscription, grant.expires_at)
    ending = periods_of_subscription(unit, subscription, grant.expires_at)
    plans = [period.plan for period in ending if period.ends_at == grant.expires_at]
    if following is None or not plans or plans[-1].rollover != "carry":
        return NO_CREDITS
    amount = grant.available
    if (cap := plans[-1].carry_cap) is not None:
        room = cap - carried_at(unit, subscription.id, grant.expires_at)
        amount = max(min(amount, room), NO_CREDITS)
    if amount:
        take_from(unit, context, grant, amount, "rollover", f"carried to {following.starts_at:%F}")
        ends_at = min(following.whole.ends_at, subscription.ended_at or following.whole.ends_at)
        add_grant(unit, context, _carried(grant, amount, following.starts_at, ends_at))
    return amount


def _carried(grant: GrantRow, amount: Credits, starts_at: datetime, ends_at: datetime) -> NewGrant:
    return NewGrant(
        organization_id=grant.organization_id,
        source="subscription",
        amount=amount,
        reason=f"carried over from {grant.public_id}",
        product_id=grant.product_id,
        priority=grant.priority,
        effective_at=starts_at,
        expires_at=ends_at,
        subscription_id=grant.subscription_id,
        rolled_from_id=grant.id,
    )
