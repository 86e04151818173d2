"""What final invoices come to, for the fees that they bill."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class FinalRow:
    """A final invoice of the days [starts_at, ends_at), in minor units."""

    organization_id: int
    starts_at: datetime
    ends_at: datetime
    net_minor: int
    lines_minor: int
    """What its lines sum to: with the tax where prices include it."""


def final_invoices(unit: UnitOfWork) -> list[FinalRow]:
    """Every final invoice that is not void, by organization, the oldest first."""
    return unit.fetch(
        FinalRow,
        """
        SELECT organization_id, starts_at, ends_at, subtotal_minor,
               CASE WHEN prices_include_tax THEN total_minor ELSE subtotal_minor END
        FROM invoice WHERE status NOT IN ('draft', 'void') ORDER BY organization_id, ends_at
        """,
    )
