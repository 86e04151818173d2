"""Usage in spans of days with one price, and who paid for it: read for many spans at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache

from creditctl.rules.instants import day_number
from creditctl.rules.invoice_lines import PricedUsage, Usage
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits
from creditctl.services.late_figures import OVERAGE
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_figures import (
    SpanPayer,
    Spans,
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
    usage = _usage_by_place(unit, asked)
    payers, settled = (
        _by_place(payers_of_spans(unit, asked)),
        _by_place(settled_of_spans(unit, asked)),
    )
    return [
        _priced(price, tuple(usage[place]), payers[place], settled[place])
        for place, (_, _, price) in enumerate(spans)
    ]


def _usage_by_place(unit: UnitOfWork, asked: Spans) -> defaultdict[int, list[Usage]]:
    """Usage by product, these by title, and tier."""
    titles = titles_of_products(unit)
    rank = {product: place for place, product in enumerate(titles)}
    rows = usage_of_spans(unit, asked)
    # Here, not in the statement: it has them in the order of its groups at no cost.
    rows.sort(key=lambda row: row[0] * len(rank) + rank[row[1]])

    @cache
    def described(product: int, tier: str) -> str:
        return f"{titles[product]}, {tier} tier" if tier else titles[product]

    found: defaultdict[int, list[Usage]] = defaultdict(list)
    for place, product, tier, requests, micro in rows:
        usage = Usage(described(product, tier), int(requests), Credits(int(micro)))
        found[place].append(usage)
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
