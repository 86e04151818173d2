"""Budgets, and the day's credits they count."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.rules.budgets import Scope
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A row of `budget`, with the organization's slug; `kind` is `hard` or `notify`."""

    organization_id: int
    organization: str
    kind: str
    scope: Scope
    limit: Credits
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DayCountRow:
    """A day's credits: all that were rated, and those that no allowance paid."""

    organization_id: int
    rated: Credits
    beyond_allowance: Credits


def daily_budgets(unit: UnitOfWork, organization_id: int | None = None) -> list[BudgetRow]:
    """Daily budgets and thresholds, of one organization when given, by slug."""
    return unit.fetch(
        BudgetRow,
        """
        SELECT b.organization_id, o.slug, b.kind, b.scope, b.limit_micro, b.updated_at
        FROM budget AS b JOIN organization AS o ON o.id = b.organization_id
        WHERE b.period = 'day'
          AND (CAST(:organization_id AS BIGINT) IS NULL OR b.organization_id = :organization_id)
        ORDER BY o.slug, b.kind
        """,
        organization_id=organization_id,
    )


def day_counts(
    unit: UnitOfWork, day: date, organization_id: int | None = None
) -> list[DayCountRow]:
    """The credits of a UTC day of every organization with a budget, from the rollups."""
    return unit.fetch(
        DayCountRow,
        """
        SELECT b.organization_id,
               COALESCE((SELECT SUM(u.credits_micro) FROM usage_day AS u
                         WHERE u.day = :day AND u.organization_id = b.organization_id), 0),
               COALESCE((SELECT SUM(d.credits_micro) FROM debit_day AS d
                         WHERE d.day = :day AND d.organization_id = b.organization_id
                           AND d.source <> 'subscription'), 0)
        FROM (
            SELECT DISTINCT organization_id FROM budget
            WHERE CAST(:organization_id AS BIGINT) IS NULL OR organization_id = :organization_id
        ) AS b
        """,
        day=day,
        organization_id=organization_id,
    )


def put_daily_budget(
    unit: UnitOfWork,
    *,
    public_id: str,
    organization_id: int,
    kind: str,
    scope: Scope,
    limit: Credits,
    updated_at: datetime,
) -> None:
    """Insert the organization's budget of that kind, or change the one it has."""
    unit.run(
        """
        INSERT INTO budget
            (public_id, organization_id, period, kind, scope, limit_micro, updated_at)
        VALUES (:public_id, :organization_id, 'day', :kind, :scope, :limit, :updated_at)
        ON CONFLICT (organization_id, period, kind) DO UPDATE SET
            scope = excluded.scope,
            limit_micro = excluded.limit_micro,
            updated_at = excluded.updated_at
        """,
        public_id=public_id,
        organization_id=organization_id,
        kind=kind,
        scope=scope,
        limit=limit,
        updated_at=updated_at,
    )


def delete_daily_budgets(unit: UnitOfWork, organization_id: int) -> int:
    """Delete the organization's daily budget and threshold; returns how many there were."""
    return unit.run(
        "DELETE FROM budget WHERE organization_id = :organization_id AND period = 'day'",
        organization_id=organization_id,
    )
