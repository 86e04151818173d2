"""Subscriptions change: upgrade at once, downgrade and cancel at the period's end (DESIGN 3.2)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import MONTHS_IN
from creditctl.rules.units import NO_CREDITS, Money
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.reversals import after_last_use, end_early
from creditctl.services.subscription_periods import Began, SubscriptionPeriod
from creditctl.services.subscriptions import (
    SubscriptionOutcome,
    active_subscription,
    outcome_of,
    present_period,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import grants_of
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.plans import PlanVersionRow, find_plan, plan_version_at
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    close_ended_subscriptions,
    insert_plan_change,
    set_subscription_end,
    withdraw_plan_changes,
)

NOW, PERIOD_END = "now", "period-end"
WHEN = (NOW, PERIOD_END)
_MOMENT = timedelta(microseconds=1)


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
    _check_when(request.at)
    return run_verb(context, CHANGE, request, rails)


def cancel_subscription(
    context: Context, request: CancelRequest, rails: Rails = NO_RAILS
) -> SubscriptionOutcome:
    """End it: the allowance expires then, bought credits stay; no fee is given back.

    Raises SubscriptionNotFound, Conflict, InvalidInput, and what rails raise.
    """
    _check_when(request.at)
    return run_verb(context, CANCEL, request, rails)


def resume_subscription(
    context: Context, request: ResumeRequest, rails: Rails = NO_RAILS
) -> SubscriptionOutcome:
    """Let a cancelled subscription go on; raises SubscriptionNotFound, Conflict, and the rails'."""
    return run_verb(context, RESUME, request, rails)


def end_subscription(
    unit: UnitOfWork, context: Context, row: SubscriptionRow, reason: str
) -> datetime:
    """The step: it ends now with its allowances; returns when exactly."""
    grants = [
        grant
        for grant in grants_of(unit, row.organization_id)
        if grant.subscription_id == row.id
        and grant.reversed_at is None
        and (grant.expires_at is None or grant.expires_at > context.now)
    ]
    ended_at = max(
        context.now, row.started_at + _MOMENT, *(after_last_use(unit, grant) for grant in grants)
    )
    withdraw_plan_changes(unit, row.id, context.now)
    set_subscription_end(unit, row.id, ended_at)
    for grant in grants:
        end_early(unit, context, grant, reason, at=ended_at)
    close_ended_subscriptions(unit, context.now, row.organization_id)
    return ended_at


def is_upgrade(old: PlanVersionRow, new: PlanVersionRow) -> bool:
    """Whether the new plan costs more for the same time, or as much and gives more."""
    fees = [plan.fee_minor * 12 // MONTHS_IN[plan.interval] for plan in (old, new)]
    if fees[0] != fees[1]:
        return fees[1] > fees[0]
    return (new.unlimited, new.allowance) > (old.unlimited, old.allowance)


def _change(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ChangeRequest
) -> SubscriptionOutcome:
    row = active_subscription(unit, owner, context.now)
    target = plan_version_at(unit, find_plan(unit, request.plan).id, context.now)
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    withdrawn = withdraw_plan_changes(unit, row.id, context.now)
    period = present_period(unit, row, context.now)
    if target.plan_id == period.plan.plan_id:
        if not withdrawn:
            raise Conflict(f"{owner.slug} is on plan {target.name} already")
        effective_at, action = context.now, "withdrawn"
    else:
        at_once = _takes_effect_now(period, target, request.at)
        if not at_once and row.ended_at is not None:
            raise Conflict(
                f"the subscription of {owner.slug} ends on {row.ended_at:%Y-%m-%d}",
                hint=f"'creditctl subscriptions resume {owner.slug}' lets it go on",
            )
        effective_at = max(context.now, period.starts_at + _MOMENT)
        if not at_once:
            effective_at = period.whole.ends_at
        insert_plan_change(unit, row.id, target.plan_id, effective_at=effective_at, now=context.now)
        action = "changed" if at_once else "scheduled"
    _audit(unit, context, row, action, request.reason, period.plan.name, target.name)
    if action == "changed":
        # It may begin a microsecond after now, where a period has just begun.
        grant_due_allowances(unit, replace(context, now=effective_at), owner.id)
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


def _takes_effect_now(period: SubscriptionPeriod, target: PlanVersionRow, at: str | None) -> bool:
    """Upgrades do, unless the billing interval changes or a trial has to end first."""
    problem = ""
    if period.began is Began.TRIAL:
        problem = "during a trial a change of plan takes effect at its end"
    elif period.plan.interval != target.interval:
        problem = "from a month to a year, or back, a plan changes at the period's end"
    elif not is_upgrade(period.plan, target):
        problem = "a downgrade takes effect at the period's end"
    if problem and at == NOW:
        raise Conflict(problem, hint="leave --at out; there are no refunds for what has begun")
    return not problem and at != PERIOD_END


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
        withdraw_plan_changes(unit, row.id, context.now)
        set_subscription_end(unit, row.id, ended_at)
    action = "ended" if request.at == NOW else "cancelled"
    _audit(unit, context, row, action, request.reason, plan.name, None)
    return outcome_of(
        unit,
        context,
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


def _check_when(at: str | None) -> None:
    if at is not None and at not in WHEN:
        raise InvalidInput(f"--at: {at!r} is neither {' nor '.join(WHEN)}")


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
