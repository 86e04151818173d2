"""What organizations used and paid in spans of days: the figures of a block of invoices.

A span is (place, organization, first day, end day): days with one price; rows name its place. One
statement reads them all, day by day, for the sums are kept in the order of days.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given

SpanUsage: TypeAlias = tuple[int, int, str, int, int]
"""Place, product, tier ('' = none), successful requests, and their micro-credits."""

SpanPayer: TypeAlias = tuple[int, str, int]
"""Place, source of grants, micro-credits drawn from it; `overage` is what none covered.

PostgreSQL hands sums out as Decimal: as with the requests, who reads them makes them integers.
"""

Spans = Sequence[tuple[int, int, int, int]]
"""Place, internal id of the organization, first day and the day after the last, as numbers."""

_PART = {"sqlite": 50}
"""Spans of a statement: what it sorts of so few stays in the processor's cache."""

_DAYS = """
    day (number) AS (
        SELECT MIN(first_day) FROM spans
        UNION ALL
        SELECT number + 1 FROM day WHERE number + 1 < (SELECT MAX(end_day) FROM spans)
    )
"""
_IN_SPAN = "n.number >= s.first_day AND n.number < s.end_day"
_USED = f"""
    SELECT s.place, d.product_id, d.tier, SUM(d.requests - d.failed) AS requests,
           SUM(d.credits_micro) AS credits_micro
    FROM day AS n CROSS JOIN spans AS s CROSS JOIN usage_day AS d
    WHERE {_IN_SPAN} AND d.day = n.number AND d.organization_id = s.organization_id
    GROUP BY s.place, d.product_id, d.tier
"""
_LATE = """
    SELECT s.place, d.product_id, d.tier, -d.requests, -d.credits_micro
    FROM spans AS s CROSS JOIN late_usage AS l CROSS JOIN late_usage_day AS d
    WHERE l.organization_id = s.organization_id AND d.late_usage_id = l.id
      AND d.day >= s.first_day AND d.day < s.end_day
"""


def usage_of_spans(unit: UnitOfWork, spans: Spans) -> list[SpanUsage]:
    """Usage by product and tier, in this order, without failed requests and late ones."""
    used = f"{_USED} HAVING SUM(d.requests - d.failed) > 0"
    # Few have any: without it, what was summed once is not summed again.
    has_late = unit.fetch_value(
        f"""
        WITH {_spans(unit)}
        SELECT 1 FROM spans AS s CROSS JOIN late_usage AS l
        WHERE l.organization_id = s.organization_id LIMIT 1
        """,
        spans=as_given(spans),
    )
    if has_late:
        used = f"""
            SELECT place, product_id, tier, SUM(requests) AS requests,
                   SUM(credits_micro) AS credits_micro
            FROM ({_USED} UNION ALL {_LATE}) AS booked GROUP BY place, product_id, tier
            HAVING SUM(requests) > 0
        """
    return _in_parts(unit, f"WITH RECURSIVE {_spans(unit)}, {_DAYS} {used} ORDER BY 1, 2, 3", spans)


def titles_of_products(unit: UnitOfWork) -> dict[int, str]:
    """Products by internal id, in the order in which invoices list them."""
    return dict(unit.fetch_rows("SELECT id, title FROM product ORDER BY title, id"))


def payers_of_spans(unit: UnitOfWork, spans: Spans) -> list[SpanPayer]:
    """Who paid the usage when it was booked; late usage is left out."""
    return _in_parts(
        unit,
        f"""
        WITH RECURSIVE {_spans(unit)}, {_DAYS}
        SELECT paid.place, paid.source, SUM(paid.credits_micro)
        FROM (
            SELECT s.place, d.source, d.credits_micro
            FROM day AS n CROSS JOIN spans AS s CROSS JOIN debit_day AS d
            WHERE {_IN_SPAN} AND d.day = n.number AND d.organization_id = s.organization_id
            UNION ALL
            SELECT s.place, COALESCE(g.source, 'overage'), e.amount_micro
            FROM spans AS s CROSS JOIN late_usage AS l CROSS JOIN late_usage_entry AS t
                 CROSS JOIN ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE l.organization_id = s.organization_id AND t.late_usage_id = l.id
              AND e.id = t.entry_id
              AND e.event_at / {MICROS_PER_DAY} >= s.first_day
              AND e.event_at / {MICROS_PER_DAY} < s.end_day
        ) AS paid
        GROUP BY paid.place, paid.source ORDER BY paid.place, paid.source
        """,
        spans,
    )


def settled_of_spans(unit: UnitOfWork, spans: Spans) -> list[SpanPayer]:
    """Settled overage of the spans' usage, by the grant's source or as `waiver`.

    Without that of late usage, and without what an invoice has billed.
    """
    settled = "CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END"
    return unit.fetch_rows(
        f"""
        WITH {_spans(unit)}
        SELECT a.place, COALESCE(g.source, 'waiver'), SUM({settled})
        FROM spans AS a CROSS JOIN ledger_entry AS o CROSS JOIN ledger_entry AS s
             LEFT JOIN credit_grant AS g ON g.id = s.grant_id
        WHERE o.organization_id = a.organization_id AND o.kind = 'overage'
          AND o.event_at >= a.first_day * {MICROS_PER_DAY}
          AND o.event_at < a.end_day * {MICROS_PER_DAY}
          AND s.settles_id = o.id AND s.invoice_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM late_usage_entry AS t WHERE t.entry_id = o.id)
        GROUP BY 1, 2 HAVING SUM({settled}) <> 0 ORDER BY 1, 2
        """,
        spans=as_given(spans),
    )


def _in_parts(unit: UnitOfWork, sql: str, spans: Spans) -> list[tuple[Any, ...]]:
    """The rows of all spans, those of a part after those of the one before."""
    size = _PART.get(unit.dialect, len(spans))
    parts = [spans[first : first + size] for first in range(0, len(spans), size)] if spans else []
    return [row for part in parts for row in unit.fetch_rows(sql, spans=as_given(part))]


def _spans(unit: UnitOfWork) -> str:
    return given(unit.dialect, "spans", "place", "organization_id", "first_day", "end_day")
