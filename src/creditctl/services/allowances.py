"""Allowances: the credits a subscription grants each period, exactly once (DESIGN 3.3)."""

from collections.abc import Iterable
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.instants import micros_of
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.subscription_periods import (
    Began,
    SubscriptionPeriod,
    periods_of_subscription,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.due_work import note_quiet
from creditctl.store.queries.gate import asked_newest_catalog
from creditctl.store.queries.orgs import lock_organizations
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    all_subscriptions,
    close_ended_subscriptions,
    granted_periods,
    marked_subscriptions,
    plan_changes,
    subscriptions_of,
)


def grant_due_allowances(
    unit: UnitOfWork, context: Context, organization_id: int | None = None
) -> int:
    """Grant the allowance of every period that has begun and has none; returns how many.

    Of one organization, or of all. Also after weeks without cron: each missed period gets its own
    grant, with its own dates. An unlimited plan grants none: nothing is deducted under it.
    """
    if organization_id is None:
        owners = sorted({row.organization_id for row in all_subscriptions(unit)})
        return sum(grant_due_allowances(unit, context, number) for number in owners)
    # The lock comes first: what is read before it may be ended by somebody else meanwhile.
    lock_organizations(unit, [organization_id])
    close_ended_subscriptions(unit, context.now, organization_id)
    catalog_id = asked_newest_catalog(unit)()
    granted = 0
    for row in subscriptions_of(unit, organization_id):
        periods = periods_of_subscription(unit, row, context.now)
        due = _missing(unit, row, periods)
        for period in due:
            add_grant(unit, context, _allowance(period))
        granted += len(due)
        _note_quiet(unit, row, periods, catalog_id, context.now)
    return granted


def owners_of_due_allowances(unit: UnitOfWork, now: datetime) -> list[int]:
    """Marked organizations that a period has begun or ended for, by internal id; without locks."""
    return sorted(
        {
            row.organization_id
            for row in marked_subscriptions(unit)
            if _has_ended(row, now) or _missing(unit, row, periods_of_subscription(unit, row, now))
        }
    )


def _missing(
    unit: UnitOfWork, subscription: SubscriptionRow, periods: Iterable[SubscriptionPeriod]
) -> list[SubscriptionPeriod]:
    granted = granted_periods(unit, subscription.id)
    return [
        period
        for period in periods
        if micros_of(period.starts_at) not in granted and period.allowance
    ]


def _note_quiet(
    unit: UnitOfWork,
    row: SubscriptionRow,
    periods: Iterable[SubscriptionPeriod],
    catalog_id: int,
    now: datetime,
) -> None:
    """All that has begun is granted: until when that stays so, and whether only grants pay."""
    starts_at, ends_at, pays_beyond = row.ended_at, None, False
    if row.status == "active":
        current = next((one for one in periods if now in one), None)
        changes = [one.effective_at for one in plan_changes(unit, row.id) if one.effective_at > now]
        if current is None:
            starts_at, ends_at = None, row.started_at
        else:
            starts_at, ends_at = current.starts_at, min([current.ends_at, *changes])
            pays_beyond = current.plan.unlimited or bool(current.plan.postpaid_limit)
    note_quiet(
        unit,
        row.id,
        catalog_id=catalog_id,
        starts_at=starts_at,
        ends_at=ends_at,
        pays_beyond=pays_beyond,
    )


def _has_ended(row: SubscriptionRow, now: datetime) -> bool:
    return row.status == "active" and row.ended_at is not None and row.ended_at <= now


def _allowance(period: SubscriptionPeriod) -> NewGrant:
    is_trial = period.began is Began.TRIAL
    words = {Began.TRIAL: "trial of", Began.CHANGE: "change to"}.get(period.began, "allowance of")
    return NewGrant(
        organization_id=period.organization_id,
        source="trial" if is_trial else "subscription",
        amount=period.allowance,
        reason=f"{words} plan {period.plan.name}",
        effective_at=period.starts_at,
        expires_at=period.ends_at,
        subscription_id=period.subscription_id,
        period_starts_at=period.starts_at,
    )
