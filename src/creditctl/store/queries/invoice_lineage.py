"""Where an invoice's figures come from: days of usage, and ledger entries by grant."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class TracedDayRow:
    """A day's usage of a product and tier; `month` is '' unless it came late, of that month."""

    month: str
    at: datetime
    product: str
    tier: str
    requests: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class TracedDrawRow:
    """What a grant paid, or a waiver forgave, of a day's usage, in so many ledger entries.

    `late` and `correction` are the month whose usage it is, where an earlier invoice is about it.
    `at` is the day of the usage, also where it was repaid later.
    """

    late: str
    correction: str
    at: datetime
    grant: str
    source: str
    entries: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class TracedCorrectionRow:
    """Overage that took the place of a payment."""

    entry_id: int
    month: str
    at: datetime
    product: str
    credits: Credits


_DRAWN = f"""
    SELECT l.month AS late, c.month AS correction,
           COALESCE(o.event_at, e.event_at) / {MICROS_PER_DAY} * {MICROS_PER_DAY} AS at,
           COALESCE(g.public_id, '') AS name, COALESCE(g.source, 'waiver') AS source,
           CASE WHEN e.grant_id IS NULL THEN e.amount_micro ELSE -e.amount_micro END AS micro
    FROM invoice AS i JOIN ledger_entry AS e ON e.organization_id = i.organization_id
         LEFT JOIN ledger_entry AS u ON u.id = e.reverses_id
         LEFT JOIN credit_grant AS g ON g.id = e.grant_id
         LEFT JOIN late_usage_entry AS t ON t.entry_id = COALESCE(e.settles_id, e.id)
         LEFT JOIN late_usage AS l ON l.id = t.late_usage_id
         LEFT JOIN billed_correction AS b ON b.entry_id = e.settles_id
         LEFT JOIN ledger_entry AS o ON o.id = e.settles_id
         LEFT JOIN invoice AS c ON c.organization_id = i.organization_id AND b.entry_id = o.id
              AND c.status <> 'void' AND o.event_at >= c.starts_at AND o.event_at < c.ends_at
    WHERE i.id = :id AND e.invoice_id IS NULL
      AND COALESCE(u.kind, e.kind) IN ('usage', 'repayment', 'waiver')
      AND (i.finalized_at IS NULL OR e.recorded_at <= i.finalized_at)
      AND CASE WHEN b.entry_id IS NOT NULL THEN b.invoice_id = i.id
               WHEN t.entry_id IS NOT NULL THEN l.invoice_id = i.id
               ELSE COALESCE(o.event_at, e.event_at) >= i.starts_at
                    AND COALESCE(o.event_at, e.event_at) < i.ends_at END
"""


def traced_days(unit: UnitOfWork, invoice_id: int) -> list[TracedDayRow]:
    """Usage of the invoice's days, and late usage that it lists."""
    return unit.fetch(
        TracedDayRow,
        f"""
        SELECT month, day * {MICROS_PER_DAY}, title, tier, SUM(requests), SUM(micro) FROM (
            SELECT '' AS month, d.day, p.title, d.tier, d.requests - d.failed AS requests,
                   d.credits_micro AS micro
            FROM invoice AS i JOIN usage_day AS d ON d.organization_id = i.organization_id
                 AND d.day >= i.starts_at / {MICROS_PER_DAY}
                 AND d.day < i.ends_at / {MICROS_PER_DAY}
                 JOIN product AS p ON p.id = d.product_id
            WHERE i.id = :id
            UNION ALL
            SELECT '', d.day, p.title, d.tier, -d.requests, -d.credits_micro
            FROM invoice AS i JOIN late_usage AS l ON l.organization_id = i.organization_id
                 JOIN late_usage_day AS d ON d.late_usage_id = l.id
                      AND d.day >= i.starts_at / {MICROS_PER_DAY}
                      AND d.day < i.ends_at / {MICROS_PER_DAY}
                 JOIN product AS p ON p.id = d.product_id
            WHERE i.id = :id
            UNION ALL
            SELECT l.month, d.day, p.title, '', d.requests, d.credits_micro
            FROM late_usage AS l JOIN late_usage_day AS d ON d.late_usage_id = l.id
                 JOIN product AS p ON p.id = d.product_id
            WHERE l.invoice_id = :id
        ) AS used
        GROUP BY month, day, title, tier HAVING SUM(requests) > 0
        ORDER BY month, day, title, tier
        """,
        id=invoice_id,
    )


def traced_draws(unit: UnitOfWork, invoice_id: int) -> list[TracedDrawRow]:
    """Who paid that usage, day by day; as the ledger stood when the invoice became final."""
    return unit.fetch(
        TracedDrawRow,
        f"""
        SELECT COALESCE(late, ''), COALESCE(correction, ''), at, name, source, COUNT(*), SUM(micro)
        FROM ({_DRAWN}) AS drawn
        GROUP BY 1, 2, at, name, source HAVING SUM(micro) <> 0
        ORDER BY 1, 2, at, name, source
        """,
        id=invoice_id,
    )


def traced_corrections(unit: UnitOfWork, invoice_id: int) -> list[TracedCorrectionRow]:
    """Corrections that the invoice lists, with the month whose invoice listed the usage first."""
    return unit.fetch(
        TracedCorrectionRow,
        """
        SELECT o.id, c.month, o.event_at, p.title, -o.amount_micro
        FROM billed_correction AS b JOIN ledger_entry AS o ON o.id = b.entry_id
             JOIN product AS p ON p.id = o.product_id
             JOIN invoice AS c ON c.organization_id = o.organization_id AND c.status <> 'void'
                  AND o.event_at >= c.starts_at AND o.event_at < c.ends_at
        WHERE b.invoice_id = :id ORDER BY o.event_at, o.id
        """,
        id=invoice_id,
    )
