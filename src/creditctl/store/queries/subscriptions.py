"""Subscriptions: insert, find, list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import instant_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.due_work import forget_quiet


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription with its organization's slug and its plan's name."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    plan_id: int
    plan: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime
    trial_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanChangeRow:
    """Another plan from that instant on."""

    plan_id: int
    plan: str
    effective_at: datetime


_SELECT = """
    SELECT s.id, s.public_id, s.organization_id, o.slug, s.plan_id, p.name, s.status,
           s.started_at, s.ended_at, s.created_at, s.trial_ends_at
    FROM subscription AS s JOIN organization AS o ON o.id = s.organization_id
         JOIN plan AS p ON p.id = s.plan_id
"""


def subscriptions_of(unit: UnitOfWork, organization_id: int) -> list[SubscriptionRow]:
    """Every subscription the organization ever had, oldest first."""
    return unit.fetch(
        SubscriptionRow,
        f"{_SELECT} WHERE s.organization_id = :organization_id ORDER BY s.started_at, s.id",
        organization_id=organization_id,
    )


def all_subscriptions(unit: UnitOfWork) -> list[SubscriptionRow]:
    """Every subscription, by organization."""
    return unit.fetch(SubscriptionRow, f"{_SELECT} ORDER BY o.slug, s.started_at, s.id")


def marked_subscriptions(unit: UnitOfWork) -> list[SubscriptionRow]:
    """Every subscription of an organization that a check of limits is to look at."""
    return unit.fetch(
        SubscriptionRow,
        f"""
        {_SELECT} JOIN limit_mark AS m ON m.organization_id = s.organization_id
        ORDER BY o.slug, s.started_at, s.id
        """,
    )


def insert_subscription(unit: UnitOfWork, **columns: object) -> int:
    """Insert an active subscription; returns its internal id."""
    return unit.insert("subscription", status="active", **columns)


def subscription_by_id(unit: UnitOfWork, subscription_id: int) -> SubscriptionRow:
    """The subscription with that internal id, which exists."""
    found = unit.fetch_one(SubscriptionRow, f"{_SELECT} WHERE s.id = :id", id=subscription_id)
    if found is None:
        raise LookupError(f"subscription {subscription_id}")
    return found


def current_plans(unit: UnitOfWork, now: datetime) -> dict[int, str]:
    """The plan that every subscription is on at that time, or begins with, by internal id."""
    rows = unit.fetch_rows(
        """
        SELECT s.id, COALESCE((
            SELECT p.name FROM subscription_change AS c JOIN plan AS p ON p.id = c.plan_id
            WHERE c.subscription_id = s.id
              AND c.effective_at <= CASE WHEN s.started_at > :now THEN s.started_at ELSE :now END
            ORDER BY c.effective_at DESC LIMIT 1
        ), p.name)
        FROM subscription AS s JOIN plan AS p ON p.id = s.plan_id
        """,
        now=now,
    )
    return {int(subscription_id): str(plan) for subscription_id, plan in rows}


def plans_of_organizations(unit: UnitOfWork, now: datetime) -> dict[int, str]:
    """The plan of each organization whose subscription has not ended, by internal id."""
    plans = current_plans(unit, now)
    rows = unit.fetch_rows(
        """
        SELECT id, organization_id FROM subscription
        WHERE status = 'active' AND (ended_at IS NULL OR ended_at > :now)
        """,
        now=now,
    )
    return {int(owner): plans[int(subscription_id)] for subscription_id, owner in rows}


def plan_changes(unit: UnitOfWork, subscription_id: int) -> list[PlanChangeRow]:
    """The subscription's changes of plan, made and scheduled, in their order."""
    return unit.fetch(
        PlanChangeRow,
        """
        SELECT c.plan_id, p.name, c.effective_at
        FROM subscription_change AS c JOIN plan AS p ON p.id = c.plan_id
        WHERE c.subscription_id = :subscription_id ORDER BY c.effective_at
        """,
        subscription_id=subscription_id,
    )


def subscriptions_of_many(
    unit: UnitOfWork, organization_ids: Sequence[int]
) -> list[SubscriptionRow]:
    """Every subscription of these organizations, each one's oldest first."""
    return unit.fetch(
        SubscriptionRow,
        f"""
        WITH {given(unit.dialect, "owners", "id")}
        {_SELECT} WHERE s.organization_id IN (SELECT id FROM owners)
        ORDER BY s.organization_id, s.started_at, s.id
        """,
        owners=as_given((one,) for one in organization_ids),
    )


def plan_changes_of_many(
    unit: UnitOfWork, organization_ids: Sequence[int]
) -> list[tuple[int, PlanChangeRow]]:
    """Changes of plan of these organizations: the subscription's internal id, and the change."""
    rows = unit.fetch_rows(
        f"""
        WITH {given(unit.dialect, "owners", "id")}
        SELECT c.subscription_id, c.plan_id, p.name, c.effective_at
        FROM subscription_change AS c JOIN subscription AS s ON s.id = c.subscription_id
             JOIN plan AS p ON p.id = c.plan_id
        WHERE s.organization_id IN (SELECT id FROM owners)
        ORDER BY c.subscription_id, c.effective_at
        """,
        owners=as_given((one,) for one in organization_ids),
    )
    return [
        (int(subscription), PlanChangeRow(int(plan), name, instant_of(int(at))))
        for subscription, plan, name, at in rows
    ]


def insert_plan_change(
    unit: UnitOfWork, subscription_id: int, plan_id: int, *, effective_at: datetime, now: datetime
) -> None:
    """Let the subscription be on another plan from then on."""
    forget_quiet(unit, subscription_id)
    unit.insert(
        "subscription_change",
        subscription_id=subscription_id,
        plan_id=plan_id,
        effective_at=effective_at,
        created_at=now,
    )


def withdraw_plan_changes(unit: UnitOfWork, subscription_id: int, after: datetime) -> int:
    """Forget what was scheduled for later than that; returns how many."""
    forget_quiet(unit, subscription_id)
    return unit.run(
        "DELETE FROM subscription_change WHERE subscription_id = :id AND effective_at > :after",
        id=subscription_id,
        after=after,
    )


def last_allowance_start(unit: UnitOfWork, subscription_id: int) -> datetime | None:
    """When the newest period began for which an allowance was granted; None without any."""
    found = unit.fetch_value(
        "SELECT MAX(period_starts_at) FROM credit_grant WHERE subscription_id = :id",
        id=subscription_id,
    )
    return None if found is None else instant_of(int(found))


def set_subscription_end(unit: UnitOfWork, subscription_id: int, at: datetime | None) -> None:
    """Let it end then, or go on."""
    forget_quiet(unit, subscription_id)
    unit.run("UPDATE subscription SET ended_at = :at WHERE id = :id", id=subscription_id, at=at)


def close_ended_subscriptions(
    unit: UnitOfWork, now: datetime, organization_id: int | None = None
) -> int:
    """Mark those whose end has come, or that shall never begin; returns how many."""
    return unit.run(
        """
        UPDATE subscription SET status = 'ended'
        WHERE status = 'active' AND (ended_at <= :now OR ended_at = started_at)
          AND (CAST(:organization_id AS BIGINT) IS NULL OR organization_id = :organization_id)
        """,
        now=now,
        organization_id=organization_id,
    )


def plans_subscribed_to(unit: UnitOfWork) -> set[int]:
    """Plans that some subscription is or was on."""
    rows = unit.fetch_rows(
        "SELECT plan_id FROM subscription UNION SELECT plan_id FROM subscription_change"
    )
    return {int(plan_id) for (plan_id,) in rows}


def granted_periods(unit: UnitOfWork, subscription_id: int) -> set[int]:
    """The period starts, in microseconds, whose allowance has been granted."""
    rows = unit.fetch_rows(
        """
        SELECT period_starts_at FROM credit_grant
        WHERE subscription_id = :subscription_id AND period_starts_at IS NOT NULL
        """,
        subscription_id=subscription_id,
    )
    return {int(starts_at) for (starts_at,) in rows}
