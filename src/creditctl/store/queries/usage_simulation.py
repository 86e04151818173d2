"""Usage events summed for pricing them once more: equal requests are one row."""

from dataclasses import dataclass

from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class RequestsRow:
    """Requests that any price list charges alike: `units` is of each, `credits` of all."""

    organization_id: int
    api_key_id: int | None
    price_id: int
    status: int
    units: int
    requests: int
    credits: Credits


def requests_in(
    unit: UnitOfWork, stretch: Period, organization_id: int | None
) -> list[RequestsRow]:
    """The events within the stretch, of one organization or of all; read by their hours."""
    return unit.fetch(
        RequestsRow,
        """
        SELECT organization_id, api_key_id, price_id, status, units, COUNT(*), SUM(credits_micro)
        FROM usage_event
        WHERE event_hour BETWEEN :first_hour AND :last_hour
          AND occurred_at >= :starts_at AND occurred_at < :ends_at
          AND (CAST(:organization_id AS BIGINT) IS NULL OR organization_id = :organization_id)
        GROUP BY organization_id, api_key_id, price_id, status, units
        """,
        first_hour=micros_of(stretch.starts_at) // MICROS_PER_HOUR,
        last_hour=(micros_of(stretch.ends_at) - 1) // MICROS_PER_HOUR,
        starts_at=stretch.starts_at,
        ends_at=stretch.ends_at,
        organization_id=organization_id,
    )


def plan_names(unit: UnitOfWork) -> dict[int, str]:
    """Every plan there ever was, by internal id."""
    return {
        int(plan_id): str(name) for plan_id, name in unit.fetch_rows("SELECT id, name FROM plan")
    }
