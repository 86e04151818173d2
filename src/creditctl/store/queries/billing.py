"""Who has something to pay for a month, and at which prices."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class BilledOrganizationRow:
    """An organization that may have something to pay."""

    id: int
    slug: str


@dataclass(frozen=True, slots=True)
class ListPriceRow:
    """What a credit costs from an instant on, by the catalog."""

    effective_from: datetime
    list_price: Decimal


def organizations_to_bill(
    unit: UnitOfWork,
    first_day: date,
    end_day: date,
    *,
    month: str,
    organization_id: int | None = None,
    everybody: bool = False,
) -> list[BilledOrganizationRow]:
    """Those with usage in [first_day, end_day) or late, a plan, an invoice or an order form.

    Never guests; `everybody` else who was there before the end. An invoice of the month, such as
    2026-10, has to be made anew even where nothing is left on it. By internal id, as they are
    locked.
    """
    return unit.fetch(
        BilledOrganizationRow,
        f"""
        SELECT id, slug FROM organization
        WHERE kind <> 'guest'
          AND (CAST(:organization_id AS BIGINT) IS NULL OR id = :organization_id)
          AND (id IN (SELECT organization_id FROM subscription)
               OR id IN (SELECT organization_id FROM usage_day
                         WHERE day >= :first_day AND day < :end_day)
               OR id IN (SELECT organization_id FROM invoice
                         WHERE month = :month AND status <> 'void')
               OR id IN (SELECT organization_id FROM late_usage WHERE invoice_id IS NULL)
               OR id IN (SELECT organization_id FROM ledger_entry
                         WHERE kind = 'overage' AND overage_reason = 'correction')
               OR id IN (SELECT f.organization_id FROM order_instalment AS n
                         JOIN order_line AS l ON l.id = n.line_id
                         JOIN order_form AS f ON f.id = l.order_id
                         WHERE n.state = 'booked' AND n.invoice_id IS NULL)
               OR (:everybody AND status <> 'closed'
                   AND created_at < :end_day * {MICROS_PER_DAY}))
        ORDER BY id
        """,
        first_day=first_day,
        end_day=end_day,
        month=month,
        organization_id=organization_id,
        everybody=everybody,
    )


def list_prices(unit: UnitOfWork, currency: str) -> list[ListPriceRow]:
    """Every list price there was in a currency, the catalog's own or one beside it, oldest first.

    Of two from one instant the newer is last.
    """
    return unit.fetch(
        ListPriceRow,
        """
        SELECT effective_from, price FROM (
            SELECT effective_from, list_price AS price, id FROM catalog_version
            WHERE currency = :currency
            UNION ALL
            SELECT effective_from, price, id FROM list_price WHERE currency = :currency
        ) AS priced
        ORDER BY effective_from, id
        """,
        currency=currency,
    )
