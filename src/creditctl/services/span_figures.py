"""Usage in spans of days with one price, and who paid for it: read for many spans at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from creditctl.rules.instants import day_number
from creditctl.rules.invoice_lines import PricedUsage, Usage, usage_of
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits
from creditctl.services.late_figures import OVERAGE
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_figures import (
    SpanPayer,
    Spans,
    have_late_usage,
    payers_of_spans,
    settled_of_spans,
    titles_of_products,
    usage_of_spans,
)


def priced_spans(
    unit: UnitOfWork, spans: Sequence[tuple[int, Period, Decimal]]
) -> list[PricedUsage]:
    """What each of these used: organization, whole days, and their price; in the same order."""
    asked = [
        (place, owner, day_number(span.starts_at.date()), day_number(span.ends_at.date()))
        for place, (owner, span, _) in enumerate(spans)
    ]
    has_late = have_late_usage(unit, asked)
    usage = _usage_by_place(unit, asked, has_late=has_late)
    payers = _by_place(payers_of_spans(unit, asked, has_late=has_late))
    settled = _by_place(settled_of_spans(unit, asked))
    return [
        _priced(price, usage.get(place, ()), payers[place], settled[place])
        for place, (_, _, price) in enumerate(spans)
    ]


def _usage_by_place(
    unit: UnitOfWork, asked: Spans, *, has_late: bool
) -> dict[int, tuple[Usage, ...]]:
    """Usage by product, these by title, and tier."""
    titles = titles_of_products(unit)
    used = usage_of_spans(unit, asked, max(titles, default=0) + 1, has_late=has_late)
    width = len(used.tiers)
    codes = [product * width + place for product in titles for place in range(width)]
    rank_of = {code: rank for rank, code in enumerate(codes)}
    words = [f", {tier} tier" if tier else "" for tier in used.tiers]
    names = [f"{title}{tier}" for title in titles.values() for tier in words]
    found = {}
    for place, rows in used.rows.items():
        ranked = sorted([(rank_of[code], requests, micro) for code, requests, micro in rows])
        found[place] = usage_of(
            [(names[rank], requests, Credits(micro)) for rank, requests, micro in ranked]
        )
    return found


def _by_place(rows: Iterable[SpanPayer]) -> defaultdict[int, list[tuple[str, int]]]:
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for place, source, micro in rows:
        found[place].append((source, int(micro)))
    return found


def _priced(
    price: Decimal,
    usage: tuple[Usage, ...],
    payers: Sequence[tuple[str, int]],
    settled: Sequence[tuple[str, int]],
) -> PricedUsage:
    applied: defaultdict[str, int] = defaultdict(int)
    for source, micro in (*payers, *settled):
        applied[source] += micro
    overage = sum(micro for source, micro in payers if source == OVERAGE)
    return PricedUsage(
        price=price,
        usage=usage,
        applied=tuple(
            (source, Credits(micro))
            for source, micro in sorted(applied.items())
            if source != OVERAGE
        ),
        overage=Credits(overage - sum(micro for _, micro in settled)),
    )
