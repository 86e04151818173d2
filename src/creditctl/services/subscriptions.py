"""Subscriptions: put an organization on a plan, and show where in its period it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import AlreadyExists, Conflict, GuestNotAllowed, SubscriptionNotFound
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.plans import plan_on_offer
from creditctl.services.subscription_periods import (
    SubscriptionPeriod,
    periods_of_subscription,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.grants import allowance_of
from creditctl.store.queries.invoice_steps import newest_final_of
from creditctl.store.queries.invoices import mark_drafts_stale_from
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    close_ended_subscriptions,
    current_plans,
    insert_subscription,
    subscription_by_id,
    subscriptions_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeRequest:
    """Put the organization on the plan from `starts_at` (now unless given)."""

    organization: str
    plan: str
    reason: str = "subscribed"
    starts_at: datetime | None = None
    trial: bool = True
    """Begin with the plan's trial, if it has one and this is the first subscription."""


@dataclass(frozen=True, slots=True)
class SubscriptionOutcome:
    """What became of a subscription, and what that cost and gave."""

    id: str
    organization: str
    plan: str
    status: str
    started_at: datetime
    trial_ends_at: datetime | None
    ended_at: datetime | None
    action: str
    """created, changed, scheduled, withdrawn, cancelled, ended or resumed"""

    effective_at: datetime
    fee: Money
    """Due for what begins then; a change in the middle of a period owes a share."""

    granted: Credits
    available_before: Credits
    available_after: Credits
    dry_run: bool = False


def create_subscription(
    context: Context,
    organization: str,
    plan: str,
    *,
    starts_at: datetime | None = None,
    trial: bool = True,
    reason: str = "subscribed",
    rails: Rails = NO_RAILS,
) -> SubscriptionOutcome:
    """Put the organization on the plan and grant the allowances due.

    Raises OrganizationNotFound, PlanNotFound, GuestNotAllowed, AlreadyExists (one at a time), and
    Conflict where it would begin in days of a final invoice or of another subscription.
    """
    request = SubscribeRequest(
        organization=organization, plan=plan, starts_at=starts_at, trial=trial, reason=reason
    )
    return run_verb(context, CREATE, request, rails)


def active_subscription(unit: UnitOfWork, owner: OrganizationRow, now: datetime) -> SubscriptionRow:
    """The one that has not ended; raises SubscriptionNotFound."""
    for row in subscriptions_of(unit, owner.id):
        if row.status == "active" and (row.ended_at is None or row.ended_at > now):
            return row
    raise SubscriptionNotFound(f"{owner.slug} has no subscription")


def present_period(unit: UnitOfWork, row: SubscriptionRow, now: datetime) -> SubscriptionPeriod:
    """The period that holds now, or the first one of a subscription that is yet to start."""
    return periods_of_subscription(unit, row, max(now, row.started_at))[-1]


def status_of(row: SubscriptionRow, now: datetime) -> str:
    """active, trial, cancelled (it ends at a known time) or ended."""
    if row.status == "ended" or (row.ended_at is not None and row.ended_at <= now):
        return "ended"
    if row.ended_at is not None:
        return "cancelled"
    in_trial = row.trial_ends_at is not None and now < row.trial_ends_at
    return "trial" if in_trial else "active"


def outcome_of(
    unit: UnitOfWork,
    context: Context,
    subscription_id: int,
    action: str,
    *,
    effective_at: datetime,
    fee: Money,
    granted: Credits = NO_CREDITS,
    before: Credits,
) -> SubscriptionOutcome:
    """What a verb answers, read back from the database."""
    row = subscription_by_id(unit, subscription_id)
    after = balance_of(unit, row.organization_id, row.organization, context.now).available
    return SubscriptionOutcome(
        id=row.public_id,
        organization=row.organization,
        plan=current_plans(unit, max(context.now, effective_at))[row.id],
        status=status_of(row, context.now),
        started_at=row.started_at,
        trial_ends_at=row.trial_ends_at,
        ended_at=row.ended_at,
        action=action,
        effective_at=effective_at,
        fee=fee,
        granted=granted,
        available_before=before,
        available_after=after,
    )


def _create(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: SubscribeRequest
) -> SubscriptionOutcome:
    started_at = request.starts_at or context.now
    version = plan_on_offer(unit, request.plan, started_at)
    close_ended_subscriptions(unit, context.now, owner.id)
    is_first = _refuse(unit, context, owner, started_at)
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    trial = timedelta(days=version.trial_days if request.trial and is_first else 0)
    subscription_id = insert_subscription(
        unit,
        public_id=(public_id := new_public_id("sub", context.now)),
        organization_id=owner.id,
        plan_id=version.plan_id,
        started_at=started_at,
        trial_ends_at=started_at + trial if trial else None,
        created_at=context.now,
    )
    mark_drafts_stale_from(unit, owner.id, started_at)
    record_change(
        unit,
        context,
        "subscription.created",
        public_id,
        organization_id=owner.id,
        reason=request.reason,
        after={"plan": request.plan, "started_at": started_at, "trial_days": trial.days},
    )
    grant_due_allowances(unit, context, owner.id)
    first = present_period(unit, subscription_by_id(unit, subscription_id), started_at)
    granted, _ = allowance_of(unit, subscription_id, first.starts_at, first.ends_at)
    return outcome_of(
        unit,
        context,
        subscription_id,
        "created",
        effective_at=started_at,
        fee=first.fee,
        granted=granted,
        before=before,
    )


def _refuse(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, started_at: datetime
) -> bool:
    """Refuse guests and a second subscription at one time; returns whether it is the first."""
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot subscribe")
    begun = [row for row in subscriptions_of(unit, owner.id) if row.ended_at != row.started_at]
    for row in begun:
        if row.status == "active":
            plan = current_plans(unit, context.now)[row.id]
            raise AlreadyExists(
                f"{owner.slug} has a subscription to {plan} already",
                hint=f"'creditctl subscriptions change {owner.slug} PLAN' changes its plan",
            )
        if row.ended_at is not None and started_at < row.ended_at:
            raise Conflict(f"{owner.slug} had a subscription until {row.ended_at:%Y-%m-%d %H:%M}")
    _refuse_before_final(unit, owner, started_at)
    return not begun


def _refuse_before_final(unit: UnitOfWork, owner: OrganizationRow, started_at: datetime) -> None:
    """Refuse a start in days of a final invoice: no invoice would bill the fee any more."""
    final = newest_final_of(unit, owner.id)
    if final is not None and started_at < final.ends_at:
        raise Conflict(
            f"{final.number} bills {owner.slug} until {final.ends_at:%Y-%m-%d %H:%M} and is final",
            hint="begin it then, or void that invoice before",
        )


CREATE = Verb(
    name="subscriptions.create",
    request=SubscribeRequest,
    result=SubscriptionOutcome,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_create,
    amount=nothing_counted,
)
