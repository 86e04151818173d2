"""What organizations used and paid in spans of days: the figures of a block of invoices.

A span is (place, organization, first day, end day): days with one price; rows name its place. One
statement reads them all, day by day, for the sums are kept in the order of days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.staging import sorting

SpanUsage: TypeAlias = tuple[int, int, int]
"""Product and tier (see `UsageOfSpans`), successful requests, and their micro-credits."""

SpanPayer: TypeAlias = tuple[int, str, int]
"""Place, source of grants, micro-credits drawn from it; `overage` is what none covered.

PostgreSQL hands their sums out as Decimal: who reads them makes them integers.
"""

Spans = Sequence[tuple[int, int, int, int]]
"""Place, internal id of the organization, first day and the day after the last, as numbers."""

PAYERS = (
    "auto_recharge",
    "correction",
    "goodwill",
    "guest",
    "order_form",
    "overage",
    "promotion",
    "purchase",
    "subscription",
    "trial",
)
"""Every source of grants, and `overage`; sorted, as what they paid is."""

_PART = {"sqlite": 100}
"""Spans of a statement: what it sorts of so few stays in the processor's cache."""

_GAP = {"sqlite": 2}
"""How far ids of a run are apart at most: reading an organization too many beats a search.

PostgreSQL joins by equality, whatever is behind it: there each organization is a run.
"""

_OF_RUN = {"sqlite": "BETWEEN r.first_id AND r.last_id", "postgresql": "= r.first_id"}

_RUN = ("slot_of_0", "first_id", "last_id", "first_day", "end_day")
"""Organizations with the same days: of each, its id and `slot_of_0` add up to its slot."""

_DAYS = """
    day (number) AS (
        SELECT MIN(first_day) FROM runs
        UNION ALL
        SELECT number + 1 FROM day WHERE number + 1 < (SELECT MAX(end_day) FROM runs)
    )
"""
_IN_RUN = """
    n.number >= r.first_day AND n.number < r.end_day AND d.day = n.number
    AND d.organization_id {of_run}
"""
_USED = f"""
    SELECT (r.slot_of_0 + d.organization_id) * {{width}} + {{code}} AS key,
           d.requests - d.failed AS requests, d.credits_micro
    FROM day AS n CROSS JOIN runs AS r CROSS JOIN usage_day AS d WHERE {_IN_RUN}
"""
_LATE = """
    SELECT (r.slot_of_0 + l.organization_id) * {width} + {code}, -d.requests, -d.credits_micro
    FROM runs AS r CROSS JOIN late_usage AS l CROSS JOIN late_usage_day AS d
    WHERE l.organization_id {of_run} AND d.late_usage_id = l.id
      AND d.day >= r.first_day AND d.day < r.end_day
"""
_PAID = f"""
    SELECT (r.slot_of_0 + d.organization_id) * {{width}} + {{code}} AS key, d.credits_micro
    FROM day AS n CROSS JOIN runs AS r CROSS JOIN debit_day AS d WHERE {_IN_RUN}
"""
_PAID_LATE = f"""
    SELECT (r.slot_of_0 + l.organization_id) * {{width}} + {{late_code}}, e.amount_micro
    FROM runs AS r CROSS JOIN late_usage AS l CROSS JOIN late_usage_entry AS t
         CROSS JOIN ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
    WHERE l.organization_id {{of_run}} AND t.late_usage_id = l.id AND e.id = t.entry_id
      AND e.event_at / {MICROS_PER_DAY} >= r.first_day
      AND e.event_at / {MICROS_PER_DAY} < r.end_day
"""
_AS_IT_IS = "LIMIT 9223372036854775807"
"""Of a subquery whose columns SQLite then sorts, and not all those that they are made of."""

_IN_DAYS = "day >= :first_day AND day < :end_day"
_PRICED_TIERS = "SELECT tier FROM endpoint_price WHERE tier IS NOT NULL UNION SELECT ''"
_USED_TIERS = f"SELECT tier FROM usage_day WHERE {_IN_DAYS} UNION SELECT tier FROM late_usage_day"


@dataclass(frozen=True, slots=True)
class UsageOfSpans:
    """Usage by `product * len(tiers) + place of the tier`."""

    tiers: list[str]
    """In their order; '' = none."""

    rows: dict[int, list[SpanUsage]]
    """By the span's place, in any order."""


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
    """Usage by product and tier, without failed requests and late ones.

    `products` is above every product's internal id.
    """
    if not spans:
        return UsageOfSpans([], {})
    tiers = _tiers(unit, _PRICED_TIERS)
    rows = _usage(unit, spans, products, tiers, has_late=has_late)
    if rows is None:
        first_day, end_day = min(one[2] for one in spans), max(one[3] for one in spans)
        tiers = _tiers(unit, _USED_TIERS, first_day=first_day, end_day=end_day)
        rows = _usage(unit, spans, products, tiers, has_late=has_late)
    return UsageOfSpans(tiers, rows or {})


def _tiers(unit: UnitOfWork, sql: str, **days: int) -> list[str]:
    return sorted(tier for (tier,) in unit.fetch_rows(sql, **days))


def _usage(
    unit: UnitOfWork, spans: Spans, products: int, tiers: Sequence[str], *, has_late: bool
) -> dict[int, list[SpanUsage]] | None:
    """The usage, or None where some is of a tier that is not among these."""
    # Sorted and summed by one number, in a quarter less time than by slot, product and tier.
    width = products * len(tiers)
    places, words = _place_among(tiers, "tier")
    code = f"d.product_id * {len(tiers)} + {places.format('d.tier')}"
    booked = f"{_USED} UNION ALL {_LATE}" if has_late else f"{_USED} {_AS_IT_IS}"
    sql = f"""
        SELECT key, CAST(SUM(requests) AS BIGINT), CAST(SUM(credits_micro) AS BIGINT)
        FROM ({booked.format(width=width, code=code, of_run=_OF_RUN[unit.dialect])}) AS booked
        GROUP BY key HAVING SUM(requests) > 0
    """
    found: dict[int, list[SpanUsage]] = {}
    for place_of, rows in _in_parts(unit, sql, spans, **words):
        of_slot: dict[int, list[SpanUsage]] = {slot: [] for slot in place_of}
        for key, requests, micro in rows:
            if key is None:
                return None
            slot = key // width
            if slot in of_slot:
                of_slot[slot].append((key - slot * width, requests, micro))
        found |= {place_of[slot]: used for slot, used in of_slot.items()}
    return found


def titles_of_products(unit: UnitOfWork) -> dict[int, str]:
    """Products by internal id, in the order in which invoices list them."""
    return dict(unit.fetch_rows("SELECT id, title FROM product ORDER BY title, id"))


def payers_of_spans(unit: UnitOfWork, spans: Spans, *, has_late: bool) -> list[SpanPayer]:
    """Who paid the usage when it was booked; late usage is left out."""
    paid = f"{_PAID} UNION ALL {_PAID_LATE}" if has_late else f"{_PAID} {_AS_IT_IS}"
    places, words = _place_among(PAYERS, "payer")
    asked = paid.format(
        width=len(PAYERS),
        code=places.format("d.source"),
        late_code=places.format("COALESCE(g.source, 'overage')"),
        of_run=_OF_RUN[unit.dialect],
    )
    sql = f"SELECT key, SUM(credits_micro) FROM ({asked}) AS paid GROUP BY key ORDER BY key"
    found: list[SpanPayer] = []
    for place_of, rows in _in_parts(unit, sql, spans, **words):
        for key, micro in rows:
            slot, payer = divmod(key, len(PAYERS))
            if slot in place_of:
                found.append((place_of[slot], PAYERS[payer], micro))
    return found


def settled_of_spans(unit: UnitOfWork, spans: Spans) -> list[SpanPayer]:
    """Settled overage of the spans' usage, by the grant's source or as `waiver`.

    Without that of late usage, and without what an invoice has billed.
    """
    settled = "CASE WHEN s.grant_id IS NULL THEN s.amount_micro ELSE -s.amount_micro END"
    # An index names all overage, `e`: rows are only read of what is settled, and that is little.
    return unit.fetch_rows(
        f"""
        WITH {_spans(unit)}
        SELECT a.place, COALESCE(g.source, 'waiver'), SUM({settled})
        FROM spans AS a CROSS JOIN ledger_entry AS e CROSS JOIN ledger_entry AS s
             CROSS JOIN ledger_entry AS o LEFT JOIN credit_grant AS g ON g.id = s.grant_id
        WHERE e.organization_id = a.organization_id AND e.kind = 'overage'
          AND s.settles_id = e.id AND s.invoice_id IS NULL AND o.id = e.id
          AND o.event_at >= a.first_day * {MICROS_PER_DAY}
          AND o.event_at < a.end_day * {MICROS_PER_DAY}
          AND NOT EXISTS (SELECT 1 FROM late_usage_entry AS t WHERE t.entry_id = o.id)
        GROUP BY 1, 2 HAVING SUM({settled}) <> 0 ORDER BY 1, 2
        """,
        spans=as_given(spans),
    )


def _place_among(words: Sequence[str], name: str) -> tuple[str, dict[str, str]]:
    """SQL for the place of a column, to be filled in, among these words; and its parameters."""
    named = {f"{name}_{place}": word for place, word in enumerate(words)}
    cases = " ".join(f"WHEN :{one} THEN {place}" for place, one in enumerate(named))
    return f"CASE {{}} {cases} END", named


def _in_parts(
    unit: UnitOfWork, sql: str, spans: Spans, **words: str
) -> Iterator[tuple[dict[int, int], list[tuple[Any, ...]]]]:
    """The rows of all spans, part by part, and whose they are: places by slot."""
    runs = given(unit.dialect, "runs", *_RUN)
    ordered = sorted(spans, key=itemgetter(2, 3, 1))
    size = _PART.get(unit.dialect, len(spans))
    for first in range(0, len(spans), size or 1):
        part, place_of = _runs(ordered[first : first + size], _GAP.get(unit.dialect, 0))
        asked = f"WITH RECURSIVE {runs}, {_DAYS} {sql}"
        with sorting(unit):
            rows = unit.fetch_rows(asked, runs=as_given(part), **words)
        yield place_of, rows


def _runs(spans: Spans, gap: int) -> tuple[list[list[int]], dict[int, int]]:
    """Spans in the order of days and organizations as runs, and their places by slot."""
    runs: list[list[int]] = []
    place_of: dict[int, int] = {}
    free = 0
    for place, owner, *days in spans:
        last = runs[-1] if runs else None
        if last is not None and last[3:] == days and 0 < owner - last[2] <= gap:
            last[2] = owner
        else:
            runs.append([free - owner, owner, owner, *days])
        slot = runs[-1][0] + owner
        place_of[slot] = place
        free = slot + 1
    return runs, place_of


def _spans(unit: UnitOfWork) -> str:
    return given(unit.dialect, "spans", "place", "organization_id", "first_day", "end_day")
