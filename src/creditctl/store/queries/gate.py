"""What the gate asks of the books for each request: by organization, never by event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.enforcement import Decision, Reason, State
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, micros_of
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class _DecisionRow:
    state: State
    reason: Reason
    usage: Credits | None
    limit: Credits | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _CatalogRow:
    id: int


def decided_for(unit: UnitOfWork, organization_id: int) -> Decision:
    """What the last `limits check` decided; before the first, nothing is wrong."""
    found = unit.fetch_one(
        _DecisionRow,
        """
        SELECT state, reason, usage_micro, limit_micro, until
        FROM enforcement WHERE organization_id = :organization_id
        """,
        organization_id=organization_id,
    )
    if found is None:
        return Decision()
    return Decision(found.state, found.reason, found.usage, found.limit, found.until)


@dataclass(frozen=True, slots=True)
class SpendableRow:
    """What a call may hold, and of how many parts of holds the time is over."""

    credits: Credits
    overdue: int


def spendable(
    unit: UnitOfWork, organization_id: int, product_id: int | None, at: datetime
) -> SpendableRow:
    """What a call may hold of live grants that may pay the product; None: of those for any.

    What calls in flight hold is not in it; that of calls whose time is over is.
    """
    ((micro, overdue),) = unit.fetch_rows(
        """
        WITH payer AS (
            SELECT id, remaining_micro - held_micro AS free FROM credit_grant
            WHERE organization_id = :organization_id AND effective_at <= :at
              AND (expires_at IS NULL OR expires_at > :at) AND reversed_at IS NULL
              AND (product_id IS NULL OR product_id = CAST(:product_id AS BIGINT))
        )
        SELECT (SELECT COALESCE(SUM(free), 0) FROM payer)
               + COALESCE(SUM(CASE WHEN payer.id IS NULL THEN 0 ELSE p.amount_micro END), 0),
               COUNT(*)
        FROM hold AS h LEFT JOIN hold_part AS p ON p.hold_id = h.id
             LEFT JOIN payer ON payer.id = p.grant_id
        WHERE h.organization_id = :organization_id AND h.state = 'open' AND h.expires_at <= :at
        """,
        organization_id=organization_id,
        product_id=product_id,
        at=at,
    )
    return SpendableRow(Credits(int(micro)), int(overdue))


def booked_requests(
    unit: UnitOfWork, organization_id: int, first_key_id: int, period: Period
) -> int:
    """Successful requests of a key and those it was rotated to, as usage knows them, from rollups.

    Of the day the period begins in, only whole hours count: never a request before it.
    """
    return int(
        unit.fetch_value(
            """
            WITH RECURSIVE days(day) AS (
                SELECT CAST(:first_day AS BIGINT)
                UNION ALL SELECT day + 1 FROM days WHERE day < :last_day
            ), hours(hour) AS (
                SELECT CAST(:first_hour AS BIGINT)
                UNION ALL SELECT hour + 1 FROM hours WHERE hour + 1 < :first_day * 24
            ), chain(id) AS (
                SELECT CAST(:key_id AS BIGINT)
                UNION ALL SELECT id FROM api_key WHERE first_key_id = :key_id
            )
            SELECT (
                SELECT COALESCE(SUM(u.requests - u.failed), 0)
                FROM days JOIN usage_key_day AS u
                     ON u.day = days.day AND u.organization_id = :organization_id
                        AND u.api_key_id IN (SELECT id FROM chain)
                WHERE days.day <= :last_day
            ) + (
                SELECT COALESCE(SUM(u.requests - u.failed), 0)
                FROM hours JOIN usage_hour AS u
                     ON u.hour = hours.hour AND u.organization_id = :organization_id
                        AND u.api_key_id IN (SELECT id FROM chain)
                WHERE hours.hour < :first_day * 24
            )
            """,
            organization_id=organization_id,
            key_id=first_key_id,
            **_days_and_hours(period),
        )
    )


def asked_newest_catalog(unit: UnitOfWork) -> Callable[[], int]:
    """The internal id of what was applied last, answered later; 0 before anything was."""
    answer = unit.asked(_CatalogRow, "SELECT COALESCE(MAX(id), 0) FROM catalog_version")
    return lambda: answer()[0].id


def _days_and_hours(period: Period) -> dict[str, int]:
    """The first whole day and the last day of the period; its first whole hour."""
    micros = micros_of(period.starts_at)
    first_hour = -(-micros // MICROS_PER_HOUR)
    return {
        "first_hour": first_hour,
        "first_day": -(-first_hour // HOURS_PER_DAY),
        "last_day": (micros_of(period.ends_at) - 1) // (MICROS_PER_HOUR * HOURS_PER_DAY),
    }
