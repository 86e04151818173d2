"""Subscriptions: put an organization on a plan, and show where in its period it is."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import AlreadyExists, GuestNotAllowed, SubscriptionNotFound
from creditctl.rules.units import Credits, Money
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.audit import record_change
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of_subscription
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.grants import allowance_of
from creditctl.store.queries.orgs import OrganizationRow, find_organization, lock_organizations
from creditctl.store.queries.plans import find_plan, plan_version_at
from creditctl.store.queries.subscriptions import (
    SubscriptionRow,
    all_subscriptions,
    insert_subscription,
    subscriptions_of,
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """An organization on a plan; its periods are anchored on `started_at`."""

    id: str
    organization: str
    plan: str
    status: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionCard:
    """A subscription with its plan's terms and its present period."""

    id: str
    organization: str
    plan: str
    status: str
    started_at: datetime
    fee: Money
    interval: str
    allowance: Credits
    allowance_used: Credits
    allowance_left: Credits
    postpaid_limit: Credits
    unlimited: bool
    period_starts_at: datetime
    period_ends_at: datetime


def create_subscription(
    context: Context, organization: str, plan: str, *, starts_at: datetime | None = None
) -> Subscription:
    """Put the organization on the plan from `starts_at` (now) and grant the allowances due.

    Raises OrganizationNotFound, PlanNotFound, GuestNotAllowed, AlreadyExists (one at a time).
    """
    started_at = starts_at or context.now
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, organization)
        lock_organizations(unit, [owner.id])
        found = find_plan(unit, plan)
        plan_version_at(unit, found.id, started_at)
        _refuse(unit, owner)
        public_id = new_public_id("sub", context.now)
        insert_subscription(
            unit,
            public_id=public_id,
            organization_id=owner.id,
            plan_id=found.id,
            started_at=started_at,
            created_at=context.now,
        )
        record_change(
            unit,
            context,
            "subscription.created",
            public_id,
            organization_id=owner.id,
            after={"plan": plan, "started_at": started_at},
        )
        grant_due_allowances(unit, context, owner.id)
    return Subscription(public_id, owner.slug, found.name, "active", started_at, None)


def list_subscriptions(context: Context) -> list[Subscription]:
    """Every subscription, by organization."""
    with reading(context.database) as unit:
        rows = all_subscriptions(unit)
    return [
        Subscription(
            row.public_id, row.organization, row.plan, row.status, row.started_at, row.ended_at
        )
        for row in rows
    ]


def show_subscription(context: Context, organization: str) -> SubscriptionCard:
    """The organization's active subscription; raises SubscriptionNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        for row in subscriptions_of(unit, owner.id):
            if row.status == "active":
                return _card(unit, context, row)
    raise SubscriptionNotFound(f"{owner.slug} has no subscription")


def _refuse(unit: UnitOfWork, owner: OrganizationRow) -> None:
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot subscribe")
    for row in subscriptions_of(unit, owner.id):
        if row.status == "active":
            raise AlreadyExists(f"{owner.slug} has a subscription to {row.plan} already")


def _card(unit: UnitOfWork, context: Context, row: SubscriptionRow) -> SubscriptionCard:
    period = _present_period(unit, context, row)
    granted, left = allowance_of(unit, row.id, period.starts_at)
    return SubscriptionCard(
        id=row.public_id,
        organization=row.organization,
        plan=row.plan,
        status=row.status,
        started_at=row.started_at,
        fee=Money(period.plan.fee_minor, period.plan.currency),
        interval=period.plan.interval,
        allowance=period.plan.allowance,
        allowance_used=granted - left,
        allowance_left=left,
        postpaid_limit=period.plan.postpaid_limit,
        unlimited=period.plan.unlimited,
        period_starts_at=period.starts_at,
        period_ends_at=period.ends_at,
    )


def _present_period(unit: UnitOfWork, context: Context, row: SubscriptionRow) -> SubscriptionPeriod:
    """The period that holds now, or the first one of a subscription that is yet to start."""
    return periods_of_subscription(unit, row, max(context.now, row.started_at))[-1]
