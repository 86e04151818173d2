"""Tax that was collected: paid purchases and their taxes, summed in one go."""

from dataclasses import dataclass

from creditctl.rules.periods import Period
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class CollectedRow:
    """One tax of a currency, purchases without any, or (`is_total`) all of the currency."""

    is_total: bool
    currency: str
    treatment: str
    country: str
    region: str
    name: str
    ppm: int
    documents: int
    taxable_minor: int
    tax_minor: int


def tax_collected(unit: UnitOfWork, period: Period) -> list[CollectedRow]:
    """The period's sums by currency, place, tax and rate, and each currency's total at its end.

    A document with several taxes counts in each of them, and once in the total.
    """
    return unit.fetch(
        CollectedRow,
        """
        WITH sold AS (
            SELECT p.id, p.currency, p.treatment, p.net_minor, p.tax_minor
            FROM purchase AS p
                 JOIN ledger_entry AS e ON e.grant_id = p.grant_id AND e.kind = 'grant'
            WHERE p.status = 'paid' AND e.posting_day >= :first_day AND e.posting_day < :end_day
        )
        SELECT 0 AS is_total, s.currency, s.treatment, COALESCE(t.country, ''),
               COALESCE(t.region, ''), COALESCE(t.name, ''), COALESCE(t.ppm, 0),
               COUNT(DISTINCT s.id), SUM(COALESCE(t.taxable_minor, s.net_minor)),
               SUM(COALESCE(t.tax_minor, 0))
        FROM sold AS s LEFT JOIN purchase_tax AS t ON t.purchase_id = s.id
        GROUP BY s.currency, s.treatment, t.country, t.region, t.name, t.ppm
        UNION ALL
        SELECT 1, currency, '', '', '', '', 0, COUNT(*), SUM(net_minor), SUM(tax_minor)
        FROM sold GROUP BY currency
        ORDER BY 2, 1, 4, 5, 6, 7, 3
        """,
        first_day=period.starts_at.date(),
        end_day=period.ends_at.date(),
    )
