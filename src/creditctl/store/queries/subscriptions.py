"""Subscriptions: insert, find, list."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork


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


_SELECT = """
    SELECT s.id, s.public_id, s.organization_id, o.slug, s.plan_id, p.name, s.status,
           s.started_at, s.ended_at, s.created_at
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


def insert_subscription(
    unit: UnitOfWork,
    *,
    public_id: str,
    organization_id: int,
    plan_id: int,
    started_at: datetime,
    created_at: datetime,
) -> int:
    """Insert an active subscription; returns its internal id."""
    return unit.insert(
        "subscription",
        public_id=public_id,
        organization_id=organization_id,
        plan_id=plan_id,
        status="active",
        started_at=started_at,
        created_at=created_at,
    )


def granted_periods(unit: UnitOfWork, subscription_id: int) -> set[int]:
    """The period starts, in microseconds, whose allowance has been granted."""
    rows = unit.fetch_rows(
        "SELECT period_starts_at FROM credit_grant WHERE subscription_id = :subscription_id",
        subscription_id=subscription_id,
    )
    return {int(starts_at) for (starts_at,) in rows}
