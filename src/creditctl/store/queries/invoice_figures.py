"""What organizations used and paid in spans of days: the figures of a block of invoices.

A span is (place, organization, first day, end day): days with one price; rows name its place. One
statement reads them all, day by day, for the sums are kept in the order of days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given

SpanUsage: TypeAlias = tuple[int, int, int]
"""Its key (see `UsageOfSpans`), successful requests, and their micro-credits."""

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
    SELECT {{key}} AS key, d.requests - d.failed AS requests, d.credits_micro
    FROM day AS n CROSS JOIN spans AS s CROSS JOIN usage_day AS d
    WHERE {_IN_SPAN} AND d.day = n.number AND d.organization_id = s.organization_id
"""
_LATE = """
    SELECT {key}, -d.requests, -d.credits_micro
    FROM spans AS s CROSS JOIN late_usage AS l CROSS JOIN late_usage_day AS d
    WHERE l.organization_id = s.organization_id AND d.late_usage_id = l.id
      AND d.day >= s.first_day AND d.day < s.end_day
"""
_PAID = f"""
    SELECT s.place, d.source, d.credits_micro
    FROM day AS n CROSS JOIN spans AS s CROSS JOIN debit_day AS d
    WHERE {_IN_SPAN} AND d.day = n.number AND d.organization_id = s.organization_id
"""
_PAID_LATE = f"""
    SELECT s.place, COALESCE(g.source, 'overage'), e.amount_micro
    FROM spans AS s CROSS JOIN late_usage AS l CROSS JOIN late_usage_entry AS t
         CROSS JOIN ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
    WHERE l.organization_id = s.organization_id AND t.late_usage_id = l.id
      AND e.id = t.entry_id
      AND e.event_at / {MICROS_PER_DAY} >= s.first_day
      AND e.event_at / {MICROS_PER_DAY} < s.end_day
"""
_AS_IT_IS = "LIMIT 9223372036854775807"
"""Of a subquery whose columns SQLite then sorts, and not all those that they are made of."""

_IN_DAYS = "day >= :first_day AND day < :end_day"
_PRICED_TIERS = "SELECT tier FROM endpoint_price WHERE tier IS NOT NULL UNION SELECT ''"
_USED_TIERS = f"SELECT tier FROM usage_day WHERE {_IN_DAYS} UNION SELECT tier FROM late_usage_day"


@dataclass(frozen=True, slots=True)
class UsageOfSpans:
    """Usage whose keys are `(place * products + product) * len(tiers) + place of the tier`.

    One number is sorted and summed by in a quarter less time than place, product and tier are.
    """

    products: int
    """Above every product's internal id."""

    tiers: list[str]
    """In their order; '' = none."""

    rows: list[SpanUsage]
    """In any order."""


def have_late_usage(unit: UnitOfWork, spans: Spans) -> bool:
    """Whether any of the organizations has late usage: few have, and reading it is work."""
    sql = f"""
        WITH {_spans(unit)}
        SELECT 1 FROM spans AS s CROSS JOIN late_usage AS l
        WHERE l.organization_id = s.organization_id LIMIT 1
    """
    return unit.fetch_value(sql, spans=as_given(spans)) is not None


def usage_of_spans(
    unit: UnitOfWork, spans: Spans, products: int, *, has_late: bool
) -> UsageOfSpans:
    """Usage by product and tier, without failed requests and late ones."""
    if not spans:
        return UsageOfSpans(products, [], [])
    tiers = _tiers(unit, _PRICED_TIERS)
    booked = f"{_USED} UNION ALL {_LATE}" if has_late else f"{_USED} {_AS_IT_IS}"
    found = _usage(unit, spans, UsageOfSpans(products, tiers, []), booked)
    if any(key is None for key, _, _ in found.rows):
        # Of a tier that no version of the catalog has.
        first_day, end_day = min(one[2] for one in spans), max(one[3] for one in spans)
        tiers = _tiers(unit, _USED_TIERS, first_day=first_day, end_day=end_day)
        found = _usage(unit, spans, UsageOfSpans(products, tiers, []), booked)
    return found


def _tiers(unit: UnitOfWork, sql: str, **days: int) -> list[str]:
    return sorted(tier for (tier,) in unit.fetch_rows(sql, **days))


def _usage(unit: UnitOfWork, spans: Spans, asked: UsageOfSpans, booked: str) -> UsageOfSpans:
    words = {f"tier_{place}": tier for place, tier in enumerate(asked.tiers)}
    cases = " ".join(f"WHEN :{name} THEN {place}" for place, name in enumerate(words))
    tier = f"CASE d.tier {cases or 'WHEN NULL THEN 0'} END"
    key = f"(s.place * {asked.products} + d.product_id) * {len(words)} + {tier}"
    rows = _in_parts(
        unit,
        f"""
        WITH RECURSIVE {_spans(unit)}, {_DAYS}
        SELECT key, CAST(SUM(requests) AS BIGINT), CAST(SUM(credits_micro) AS BIGINT)
        FROM ({booked.format(key=key)}) AS booked GROUP BY key HAVING SUM(requests) > 0
        """,
        spans,
        **words,
    )
    return replace(asked, rows=rows)


def titles_of_products(unit: UnitOfWork) -> dict[int, str]:
    """Products by internal id, in the order in which invoices list them."""
    return dict(unit.fetch_rows("SELECT id, title FROM product ORDER BY title, id"))


def payers_of_spans(unit: UnitOfWork, spans: Spans, *, has_late: bool) -> list[SpanPayer]:
    """Who paid the usage when it was booked; late usage is left out."""
    paid = f"{_PAID} UNION ALL {_PAID_LATE}" if has_late else f"{_PAID} {_AS_IT_IS}"
    return _in_parts(
        unit,
        f"""
        WITH RECURSIVE {_spans(unit)}, {_DAYS}
        SELECT place, source, SUM(credits_micro) FROM ({paid}) AS paid
        GROUP BY place, source ORDER BY place, source
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


def _in_parts(unit: UnitOfWork, sql: str, spans: Spans, **words: str) -> list[tuple[Any, ...]]:
    """The rows of all spans, those of a part after those of the one before."""
    size = _PART.get(unit.dialect, len(spans))
    parts = [spans[first : first + size] for first in range(0, len(spans), size)] if spans else []
    return [row for part in parts for row in unit.fetch_rows(sql, spans=as_given(part), **words)]


def _spans(unit: UnitOfWork) -> str:
    return given(unit.dialect, "spans", "place", "organization_id", "first_day", "end_day")
