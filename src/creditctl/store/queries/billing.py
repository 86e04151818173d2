"""What an organization used and paid in a range of days: the figures of its invoice."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.units import Credits
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


@dataclass(frozen=True, slots=True)
class ProductUsageRow:
    """Successful requests of a product and tier ('' = none), and their credits."""

    product: str
    tier: str
    requests: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class PayerRow:
    """Credits drawn from a source of grants; `overage` is what none covered."""

    source: str
    credits: Credits


def organizations_to_bill(
    unit: UnitOfWork,
    first_day: date,
    end_day: date,
    *,
    month: str,
    organization_id: int | None = None,
) -> list[BilledOrganizationRow]:
    """Those with usage in [first_day, end_day) or late, a subscription or an invoice; never guests.

    An invoice of the month, such as 2026-10, has to be made anew even where nothing is left on it.
    By slug.
    """
    return unit.fetch(
        BilledOrganizationRow,
        """
        SELECT id, slug FROM organization
        WHERE kind <> 'guest'
          AND (CAST(:organization_id AS BIGINT) IS NULL OR id = :organization_id)
          AND (id IN (SELECT organization_id FROM usage_day
                      WHERE day >= :first_day AND day < :end_day)
               OR id IN (SELECT organization_id FROM subscription)
               OR id IN (SELECT organization_id FROM invoice
                         WHERE month = :month AND status <> 'void')
               OR id IN (SELECT organization_id FROM late_usage WHERE invoice_id IS NULL))
        ORDER BY slug
        """,
        first_day=first_day,
        end_day=end_day,
        month=month,
        organization_id=organization_id,
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


def usage_by_product(
    unit: UnitOfWork, organization_id: int, first_day: date, end_day: date
) -> list[ProductUsageRow]:
    """Usage of [first_day, end_day) by product and tier; without failed requests and late ones."""
    return unit.fetch(
        ProductUsageRow,
        """
        SELECT p.title, u.tier, SUM(u.requests), SUM(u.credits_micro)
        FROM (
            SELECT product_id, tier, requests - failed AS requests, credits_micro FROM usage_day
            WHERE organization_id = :organization_id AND day >= :first_day AND day < :end_day
            UNION ALL
            SELECT d.product_id, d.tier, -d.requests, -d.credits_micro
            FROM late_usage AS l JOIN late_usage_day AS d ON d.late_usage_id = l.id
            WHERE l.organization_id = :organization_id AND d.day >= :first_day AND d.day < :end_day
        ) AS u JOIN product AS p ON p.id = u.product_id
        GROUP BY p.id, p.title, u.tier
        HAVING SUM(u.requests) > 0
        ORDER BY p.title, p.id, u.tier
        """,
        organization_id=organization_id,
        first_day=first_day,
        end_day=end_day,
    )


def credits_by_payer(
    unit: UnitOfWork, organization_id: int, first_day: date, end_day: date
) -> list[PayerRow]:
    """Who paid the usage of [first_day, end_day) when it was booked; late usage is left out."""
    return unit.fetch(
        PayerRow,
        f"""
        SELECT source, SUM(credits_micro)
        FROM (
            SELECT source, credits_micro FROM debit_day
            WHERE organization_id = :organization_id AND day >= :first_day AND day < :end_day
            UNION ALL
            SELECT COALESCE(g.source, 'overage'), e.amount_micro
            FROM late_usage AS l JOIN late_usage_entry AS t ON t.late_usage_id = l.id
                 JOIN ledger_entry AS e ON e.id = t.entry_id
                 LEFT JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE l.organization_id = :organization_id
              AND e.event_at / {MICROS_PER_DAY} >= :first_day
              AND e.event_at / {MICROS_PER_DAY} < :end_day
        ) AS paid
        GROUP BY source ORDER BY source
        """,
        organization_id=organization_id,
        first_day=first_day,
        end_day=end_day,
    )


def settled_by_source(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> list[PayerRow]:
    """Settled overage of usage in [starts_at, ends_at), by the grant's source or as `waiver`.

    Without that of late usage, and without what invoices bill.
    """
    return unit.fetch(
        PayerRow,
        """
        SELECT COALESCE(g.source, 'waiver'),
               SUM(CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END)
        FROM ledger_entry AS o
             JOIN ledger_entry AS s ON s.settles_id = o.id
             LEFT JOIN credit_grant AS g ON g.id = s.grant_id
        WHERE o.organization_id = :organization_id AND o.kind = 'overage'
          AND o.event_at >= :starts_at AND o.event_at < :ends_at
          AND s.invoice_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM late_usage_entry AS t WHERE t.entry_id = o.id)
        GROUP BY 1
        HAVING SUM(CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END) <> 0
        ORDER BY 1
        """,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
