"""What checks add up themselves: days, volumes, allowances and answers."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_pruning import FIRST_KEPT_DAY


@dataclass(frozen=True, slots=True)
class GraduatedEvents:
    """Events at one graduated price that are alike."""

    event_hour: int
    organization: str
    product_id: int
    price_id: int
    status: int
    units: int
    events: int


@dataclass(frozen=True, slots=True)
class AllowanceSpan:
    """An allowance's time, and in microseconds the start of the period it was granted for."""

    subscription_id: int
    public_id: str
    effective_at: datetime
    expires_at: datetime
    period_starts_at: int | None


@dataclass(frozen=True, slots=True)
class UnpaidDay:
    """A day of an organization whose rated and paid micro-credits differ."""

    organization_id: int
    organization: str
    day: int
    rated: int
    paid: int


def unpaid_days(unit: UnitOfWork) -> list[UnpaidDay]:
    """Days whose rated usage is not what grants paid plus overage, by organization and day."""
    return unit.fetch(
        UnpaidDay,
        """
        SELECT o.id, o.slug, u.day, u.rated, u.paid
        FROM (
            SELECT day, organization_id, SUM(rated) AS rated, SUM(paid) AS paid
            FROM (
                SELECT day, organization_id, SUM(credits_micro) AS rated, 0 AS paid
                FROM usage_day GROUP BY day, organization_id
                UNION ALL
                SELECT day, organization_id, 0, SUM(credits_micro)
                FROM debit_day GROUP BY day, organization_id
            ) AS summed
            GROUP BY day, organization_id HAVING SUM(rated) <> SUM(paid)
        ) AS u JOIN organization AS o ON o.id = u.organization_id
        ORDER BY o.id, u.day
        """,
    )


def rated_within(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> dict[int, int]:
    """Micro-credits of the organization's events in [starts_at, ends_at), by UTC day."""
    rows = unit.fetch_rows(
        """
        SELECT event_hour / 24, SUM(credits_micro) FROM usage_event
        WHERE organization_id = :organization_id AND event_hour BETWEEN :first AND :last
          AND occurred_at >= :starts_at AND occurred_at < :ends_at
        GROUP BY event_hour / 24
        """,
        organization_id=organization_id,
        first=micros_of(starts_at) // MICROS_PER_HOUR,
        last=micros_of(ends_at) // MICROS_PER_HOUR,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return {int(day): int(credits) for day, credits in rows}


def graduated_events(unit: UnitOfWork) -> list[GraduatedEvents]:
    """Events at prices that are graduated by the day's volume, alike ones together."""
    return unit.fetch(
        GraduatedEvents,
        f"""
        SELECT e.event_hour, o.slug, n.product_id, e.price_id, e.status, e.units, COUNT(*)
        FROM endpoint_price AS p JOIN usage_event AS e ON e.price_id = p.id
             JOIN endpoint AS n ON n.id = p.endpoint_id
             JOIN organization AS o ON o.id = e.organization_id
        WHERE p.volume_steps IS NOT NULL AND e.event_hour >= {FIRST_KEPT_DAY} * 24
        GROUP BY e.event_hour, o.slug, n.product_id, e.price_id, e.status, e.units
        """,
    )


def volume_rows(unit: UnitOfWork) -> dict[tuple[int, str, int], int]:
    """Stored units by (day, organization, product)."""
    rows = unit.fetch_rows(
        f"""
        SELECT v.day, o.slug, v.product_id, v.units
        FROM volume_day AS v JOIN organization AS o ON o.id = v.organization_id
        WHERE v.day >= {FIRST_KEPT_DAY}
        """
    )
    return {(int(day), str(slug), int(product)): int(units) for day, slug, product, units in rows}


def allowance_spans(unit: UnitOfWork) -> list[AllowanceSpan]:
    """Every subscription's own allowances; carried ones begin with a period too."""
    return unit.fetch(
        AllowanceSpan,
        """
        SELECT subscription_id, public_id, effective_at, expires_at, period_starts_at
        FROM credit_grant WHERE subscription_id IS NOT NULL ORDER BY id
        """,
    )


def remembered_results(unit: UnitOfWork) -> list[tuple[str, str, str]]:
    """Scope, key and result of every remembered answer."""
    rows = unit.fetch_rows("SELECT scope, key, result FROM idempotency ORDER BY scope, key")
    return [(str(scope), str(key), str(result)) for scope, key, result in rows]
