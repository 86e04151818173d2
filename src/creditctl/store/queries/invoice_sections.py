"""What invoices show beside their lines: purchases, endpoints, and why there is overage."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_steps import BILLS_OVERAGE
from creditctl.store.queries.ledger import SETTLED


@dataclass(frozen=True, slots=True)
class InvoicePurchaseRow:
    """A purchase that was paid in the invoice's days."""

    number: str
    paid_at: datetime
    credits: Credits
    gross_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class InvoiceEndpointRow:
    """Successful requests of an endpoint in the invoice's days, late ones included."""

    product: str
    endpoint: str
    requests: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class InvoiceOverageRow:
    """What the invoice bills beyond all credits, by why there is any."""

    reason: str
    credits: Credits


def purchases_of_invoice(unit: UnitOfWork, invoice_id: int) -> list[InvoicePurchaseRow]:
    """Paid purchases of its days, the oldest first."""
    return unit.fetch(
        InvoicePurchaseRow,
        """
        SELECT p.receipt_number, p.paid_at, p.credits_micro, p.gross_minor, p.currency
        FROM invoice AS i JOIN purchase AS p ON p.organization_id = i.organization_id
        WHERE i.id = :id AND p.status = 'paid'
          AND p.paid_at >= i.starts_at AND p.paid_at < i.ends_at
        ORDER BY p.paid_at, p.id
        """,
        id=invoice_id,
    )


def endpoints_of_invoice(
    unit: UnitOfWork, organization_id: int, starts_at: datetime, ends_at: datetime
) -> list[InvoiceEndpointRow]:
    """Its usage by endpoint, the dearest first; hour by hour, as the sums are kept."""
    return unit.fetch(
        InvoiceEndpointRow,
        f"""
        WITH RECURSIVE hours (number) AS (
            SELECT CAST(:starts_at / {MICROS_PER_HOUR} AS BIGINT)
            UNION ALL
            SELECT number + 1 FROM hours WHERE number + 1 < :ends_at / {MICROS_PER_HOUR}
        )
        SELECT p.title, e.method || ' ' || e.path, SUM(u.requests - u.failed),
               SUM(u.credits_micro)
        FROM hours AS h CROSS JOIN usage_hour AS u CROSS JOIN endpoint AS e
             CROSS JOIN product AS p
        WHERE u.hour = h.number AND u.organization_id = :organization_id
          AND e.id = u.endpoint_id AND p.id = e.product_id
        GROUP BY p.title, e.id, e.method, e.path HAVING SUM(u.requests - u.failed) > 0
        ORDER BY SUM(u.credits_micro) DESC, p.title, e.method, e.path
        """,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def overage_of_invoice(unit: UnitOfWork, invoice_id: int) -> list[InvoiceOverageRow]:
    """What a final invoice settled, or a draft would, by reason; nothing of a void one."""
    return unit.fetch(
        InvoiceOverageRow,
        f"""
        SELECT reason, SUM(micro) FROM (
            SELECT o.overage_reason AS reason, -o.amount_micro - {SETTLED} AS micro
            FROM invoice AS i JOIN ledger_entry AS o ON o.organization_id = i.organization_id
            WHERE i.id = :id AND i.status = 'draft' AND o.kind = 'overage' AND {BILLS_OVERAGE}
              AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
            UNION ALL
            SELECT o.overage_reason, s.amount_micro
            FROM ledger_entry AS s JOIN ledger_entry AS o ON o.id = s.settles_id
            WHERE s.invoice_id = :id
        ) AS billed
        GROUP BY reason HAVING SUM(micro) <> 0 ORDER BY reason
        """,
        id=invoice_id,
    )
