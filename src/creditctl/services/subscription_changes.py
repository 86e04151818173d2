"""Subscriptions change: upgrade at once, downgrade and cancel at the period's end (DESIGN 3.2)."""

from dataclasses import dataclass, replace
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.units import NO_CREDITS, Money
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.plan_changes import (
    MOMENT,
    NOW,
    PERIOD_END,
    check_when,
    effect_of,
    latest_stretch,
    withdraw_scheduled,
)
from creditctl.services.plans import plan_on_offer
from creditctl.services.reversals import after_last_use, end_early
from creditctl.services.subscription_periods import Began
from creditctl.services.subscriptions import (
    SubscriptionOutcome,
    active_subscription,
    outcome_of,
    present_period,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import grants_of
from creditctl.store.queries.invoices import mark_drafts_stale_from
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    close_ended_subscriptions,
    insert_plan_change,
    set_subscription_end,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """Another plan; `at` None lets the plans decide: up at once, down at the period's end."""

    organization: str
    plan: str
    reason: str
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """End the subscription; at the period's end unless told otherwise."""

    organization: str
    reason: str
    at: str = PERIOD_END


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest:
    """Take a cancellation back before it takes effect."""

    organization: str
    reason: str


def change_subscription(
    context: Context, request: ChangeRequest, rails: Rails = NO_RAILS
) -> SubscriptionOutcome:
    """Put the subscription on another plan; changing to the present one withdraws what is planned.

    An upgrade now grants and bills the differences for the whole days left. Raises
    SubscriptionNotFound, PlanNotFound, Conflict, InvalidInput, and what rails raise.
    """
    check_when(request.at)
    return run_verb(context, CHANGE, request, rails)


def cancel_subscription(
    context: Context, request: CancelRequest, rails: Rails = NO_RAILS
) -> SubscriptionOutcome:
    """End it: the allowance expires then, bought credits stay; no fee is given back.

    Raises SubscriptionNotFound, Conflict, InvalidInput, and what rails raise.
    """
    check_when(request.at)
    return run_verb(context, CANCEL, request, rails)


def resume_subscription(
    context: Context, request: ResumeRequest, rails: Rails = NO_RAILS
) -> SubscriptionOutcome:
    """Let a cancelled subscription go on; raises SubscriptionNotFound, Conflict, and the rails'."""
    return run_verb(context, RESUME, request, rails)


def end_subscription(
    unit: UnitOfWork, context: Context, row: SubscriptionRow, reason: str
) -> datetime:
    """The step: it ends now with its allowances; returns when exactly.

    One that has not begun ends as it begins: without a period, a fee or an allowance.
    """
    withdraw_scheduled(unit, row, context.now)
    grants = [
        grant
        for grant in grants_of(unit, row.organization_id)
        if grant.subscription_id == row.id
        and grant.reversed_at is None
        and (grant.expires_at is None or grant.expires_at > context.now)
    ]
    if context.now < row.started_at:
        ended_at = row.started_at
    else:
        begun = latest_stretch(unit, row, context.now).starts_at + MOMENT
        ended_at = max(context.now, begun, *(after_last_use(unit, grant) for grant in grants))
    set_subscription_end(unit, row.id, ended_at)
    mark_drafts_stale_from(unit, row.organization_id, ended_at)
    for grant in grants:
        end_early(unit, context, grant, reason, at=ended_at)
    close_ended_subscriptions(unit, context.now, row.organization_id)
    return ended_at


def _change(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ChangeRequest
) -> SubscriptionOutcome:
    row = active_subscription(unit, owner, context.now)
    target = plan_on_offer(unit, request.plan, context.now)
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    withdrawn = withdraw_scheduled(unit, row, context.now)
    period = latest_stretch(unit, row, context.now)
    if target.plan_id == period.plan.plan_id:
        if not withdrawn:
            raise Conflict(f"{owner.slug} is on plan {target.name} already")
        effective_at, action = context.now, "withdrawn"
    else:
        effective_at, action = effect_of(period, target, request.at, context.now)
        if row.ended_at is not None and effective_at >= row.ended_at:
            raise Conflict(
                f"the subscription of {owner.slug} ends on {row.ended_at:%Y-%m-%d}",
                hint=f"'creditctl subscriptions resume {owner.slug}' lets it go on",
            )
        insert_plan_change(unit, row.id, target.plan_id, effective_at=effective_at, now=context.now)
    mark_drafts_stale_from(unit, owner.id, effective_at)
    _audit(unit, context, row, action, request.reason, period.plan.name, target.name)
    if action == "changed":
        # It may begin a microsecond after now, where a period has just begun.
        context = replace(context, now=effective_at)
        grant_due_allowances(unit, context, owner.id)
    began = present_period(unit, row, effective_at)
    has_begun = action == "changed" and began.began is Began.CHANGE
    return outcome_of(
        unit,
        context,
        row.id,
        action,
        effective_at=effective_at,
        fee=Money(0, target.currency) if action == "withdrawn" else began.fee,
        granted=began.allowance if has_begun else NO_CREDITS,
        before=before,
    )


def _cancel(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: CancelRequest
) -> SubscriptionOutcome:
    row = active_subscription(unit, owner, context.now)
    if row.ended_at is not None and request.at == PERIOD_END:
        raise Conflict(f"the subscription of {owner.slug} ends on {row.ended_at:%Y-%m-%d} already")
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    plan = present_period(unit, row, context.now).plan
    if request.at == NOW:
        ended_at = end_subscription(unit, context, row, request.reason)
    else:
        ended_at = present_period(unit, row, context.now).whole.ends_at
        withdraw_scheduled(unit, row, context.now)
        set_subscription_end(unit, row.id, ended_at)
        mark_drafts_stale_from(unit, row.organization_id, ended_at)
    action = "ended" if request.at == NOW else "cancelled"
    _audit(unit, context, row, action, request.reason, plan.name, None)
    # It may end a moment after now, where a period has just begun.
    has_begun = request.at == NOW and row.started_at <= context.now
    return outcome_of(
        unit,
        replace(context, now=max(context.now, ended_at)) if has_begun else context,
        row.id,
        action,
        effective_at=ended_at,
        fee=Money(0, plan.currency),
        before=before,
    )


def _resume(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ResumeRequest
) -> SubscriptionOutcome:
    row = active_subscription(unit, owner, context.now)
    if row.ended_at is None:
        raise Conflict(f"the subscription of {owner.slug} was not cancelled")
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    set_subscription_end(unit, row.id, None)
    mark_drafts_stale_from(unit, owner.id, row.ended_at)
    plan = present_period(unit, row, context.now).plan
    _audit(unit, context, row, "resumed", request.reason, None, plan.name)
    return outcome_of(
        unit,
        context,
        row.id,
        "resumed",
        effective_at=context.now,
        fee=Money(0, plan.currency),
        before=before,
    )


def _audit(
    unit: UnitOfWork,
    context: Context,
    row: SubscriptionRow,
    action: str,
    reason: str,
    old: str | None,
    new: str | None,
) -> None:
    record_change(
        unit,
        context,
        f"subscription.{action}",
        row.public_id,
        organization_id=row.organization_id,
        reason=reason,
        before={"plan": old, "ended_at": row.ended_at},
        after={"plan": new},
    )


def _owner(
    unit: UnitOfWork, request: ChangeRequest | CancelRequest | ResumeRequest
) -> list[OrganizationRow]:
    return [find_organization(unit, request.organization)]


CHANGE = Verb(
    name="subscriptions.change",
    request=ChangeRequest,
    result=SubscriptionOutcome,
    organizations=_owner,
    perform=_change,
    amount=nothing_counted,
)
CANCEL = Verb(
    name="subscriptions.cancel",
    request=CancelRequest,
    result=SubscriptionOutcome,
    organizations=_owner,
    perform=_cancel,
    amount=nothing_counted,
)
RESUME = Verb(
    name="subscriptions.resume",
    request=ResumeRequest,
    result=SubscriptionOutcome,
    organizations=_owner,
    perform=_resume,
    amount=nothing_counted,
)
