"""Tax that was collected: purchases, invoices, credit notes and voids, summed in one go."""

from dataclasses import dataclass

from creditctl.rules.periods import Period
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.receivables import CURRENCY, DOCUMENT_TAXES, POSTED, TREATMENT


@dataclass(frozen=True, slots=True)
class CollectedRow:
    """One tax of a currency, documents without any, or (`is_total`) all of the currency."""

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


@dataclass(frozen=True, slots=True)
class CollectedByKindRow:
    """Documents of a kind and currency: `purchase`, `invoiced`, `credited` or `voided`."""

    kind: str
    currency: str
    documents: int
    net_minor: int
    tax_minor: int


_DOCUMENTS = f"""
    WITH document AS (
        SELECT 'purchase' AS kind, p.id, p.currency, p.treatment, p.net_minor AS net,
               p.tax_minor AS tax
        FROM purchase AS p
             JOIN ledger_entry AS e ON e.grant_id = p.grant_id AND e.kind = 'grant'
        WHERE p.status = 'paid' AND e.posting_day >= :first_day AND e.posting_day < :end_day
        UNION ALL
        SELECT e.kind, e.id, {CURRENCY}, {TREATMENT},
               CASE e.kind WHEN 'invoiced' THEN i.subtotal_minor WHEN 'voided'
                    THEN -i.subtotal_minor ELSE -n.net_minor END,
               CASE e.kind WHEN 'invoiced' THEN i.tax_minor WHEN 'voided'
                    THEN -i.tax_minor ELSE -n.tax_minor END
        FROM {POSTED}
        WHERE e.kind <> 'paid' AND COALESCE(i.total_minor, p.gross_minor) > 0
          AND e.posting_day >= :first_day AND e.posting_day < :end_day
    ), part AS (
        SELECT 'purchase' AS kind, t.purchase_id AS id, t.country, t.region, t.name, t.ppm,
               t.taxable_minor AS taxable, t.tax_minor AS tax
        FROM purchase_tax AS t
        UNION ALL
        SELECT d.kind, d.entry_id, d.country, d.region, d.name, d.ppm, d.taxable, d.tax
        FROM ({DOCUMENT_TAXES}) AS d
    )
"""
"""Every document that was posted, signed, and every tax of such."""


def tax_collected(unit: UnitOfWork, period: Period) -> list[CollectedRow]:
    """The period's sums by currency, place, tax and rate, and each currency's total at its end.

    A document with several taxes counts in each of them, and once in the total.
    """
    return unit.fetch(
        CollectedRow,
        f"""
        {_DOCUMENTS}
        SELECT 0 AS is_total, s.currency, s.treatment, COALESCE(t.country, ''),
               COALESCE(t.region, ''), COALESCE(t.name, ''), COALESCE(t.ppm, 0),
               COUNT(DISTINCT s.kind || ' ' || s.id), SUM(COALESCE(t.taxable, s.net)),
               SUM(COALESCE(t.tax, 0))
        FROM document AS s LEFT JOIN part AS t ON t.kind = s.kind AND t.id = s.id
        GROUP BY s.currency, s.treatment, t.country, t.region, t.name, t.ppm
        UNION ALL
        SELECT 1, currency, '', '', '', '', 0, COUNT(*), SUM(net), SUM(tax)
        FROM document GROUP BY currency
        ORDER BY 2, 1, 4, 5, 6, 7, 3
        """,
        first_day=period.starts_at.date(),
        end_day=period.ends_at.date(),
    )


def collected_by_kind(unit: UnitOfWork, period: Period) -> list[CollectedByKindRow]:
    """The same documents by currency and kind."""
    return unit.fetch(
        CollectedByKindRow,
        f"""
        {_DOCUMENTS}
        SELECT kind, currency, COUNT(*), SUM(net), SUM(tax) FROM document
        GROUP BY currency, kind
        ORDER BY currency, CASE kind WHEN 'purchase' THEN 0 WHEN 'invoiced' THEN 1
                           WHEN 'credited' THEN 2 ELSE 3 END
        """,
        first_day=period.starts_at.date(),
        end_day=period.ends_at.date(),
    )
