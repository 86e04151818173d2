"""What serving costs the company, the usage that was served, and the names of both."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.selling import VersionRow


@dataclass(frozen=True, slots=True)
class ServiceCostRow(VersionRow):
    """A version of a cost in millionths of the currency; of a product without method and path."""

    product: str
    method: str
    path: str
    currency: str
    request_micro: int
    unit_micro: int


class ServedRow(NamedTuple):
    """Usage of an endpoint; `organization_id` is 0 where all of them are summed."""

    organization_id: int
    endpoint_id: int
    requests: int
    units: int
    credits_micro: int


@dataclass(frozen=True, slots=True)
class BilledOverageRow:
    """Micro-credits of overage of a product that a final invoice billed."""

    invoice_id: int
    product_id: int
    micro: int


def service_cost_rows(unit: UnitOfWork, until: datetime | None = None) -> list[ServiceCostRow]:
    """Every version, or those that begin before `until`, oldest first."""
    return unit.fetch(
        ServiceCostRow,
        """
        SELECT id, effective_from, effective_to, product, method, path, currency, request_micro,
               unit_micro
        FROM service_cost
        WHERE CAST(:until AS BIGINT) IS NULL OR effective_from < :until
        ORDER BY effective_from, id
        """,
        until=until,
    )


def usage_served(
    unit: UnitOfWork, first_hour: int, end_hour: int, *, by_organization: bool
) -> list[ServedRow]:
    """Usage of [first_hour, end_hour) by endpoint, or by organization and endpoint."""
    table, owner = (
        ("usage_hour", "organization_id")
        if by_organization
        else (
            "usage_endpoint_hour",
            "0",
        )
    )
    rows = unit.fetch_rows(
        f"""
        SELECT {owner}, endpoint_id, SUM(requests), SUM(units), SUM(credits_micro)
        FROM {table} WHERE hour >= :first_hour AND hour < :end_hour
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        first_hour=first_hour,
        end_hour=end_hour,
    )
    return [ServedRow(*map(int, row)) for row in rows]


def overage_billed(unit: UnitOfWork, first_day: date, end_day: date) -> list[BilledOverageRow]:
    """What invoices that were posted or voided in [first_day, end_day) billed, by product."""
    return unit.fetch(
        BilledOverageRow,
        """
        SELECT e.invoice_id, COALESCE(e.product_id, 0), CAST(SUM(e.amount_micro) AS BIGINT)
        FROM ledger_entry AS e
        WHERE e.kind = 'invoiced' AND e.invoice_id IN (
            SELECT r.invoice_id FROM receivable_entry AS r
            WHERE r.kind IN ('invoiced', 'voided')
              AND r.posting_day >= :first_day AND r.posting_day < :end_day)
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        first_day=first_day,
        end_day=end_day,
    )


def organization_slugs(unit: UnitOfWork) -> dict[int, str]:
    """Every organization's slug, by internal id."""
    return {
        int(key): str(slug) for key, slug in unit.fetch_rows("SELECT id, slug FROM organization")
    }


def plan_names(unit: UnitOfWork) -> dict[int, str]:
    """Every plan's name, by internal id."""
    return {int(key): str(name) for key, name in unit.fetch_rows("SELECT id, name FROM plan")}
