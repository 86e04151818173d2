"""Usage in spans of days with one price, and who paid for it: read for many spans at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from creditctl.rules.instants import day_number
from creditctl.rules.invoice_lines import PricedUsage, Usage
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits
from creditctl.services.late_figures import OVERAGE, applied_by_source
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_figures import (
    SpanPayerRow,
    SpanUsageRow,
    payers_of_spans,
    settled_of_spans,
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
    usage: dict[int, list[SpanUsageRow]] = defaultdict(list)
    for used in usage_of_spans(unit, asked):
        usage[used.place].append(used)
    payers, settled = (
        _by_place(payers_of_spans(unit, asked)),
        _by_place(settled_of_spans(unit, asked)),
    )
    return [
        _priced(price, usage[place], payers[place], settled[place])
        for place, (_, _, price) in enumerate(spans)
    ]


def _by_place(rows: Iterable[SpanPayerRow]) -> defaultdict[int, list[SpanPayerRow]]:
    found: defaultdict[int, list[SpanPayerRow]] = defaultdict(list)
    for row in rows:
        found[row.place].append(row)
    return found


def _priced(
    price: Decimal,
    usage: Sequence[SpanUsageRow],
    payers: Sequence[SpanPayerRow],
    settled: Sequence[SpanPayerRow],
) -> PricedUsage:
    applied = applied_by_source([*payers, *settled])
    overage = sum(row.credits.micro for row in payers if row.source == OVERAGE)
    return PricedUsage(
        price=price,
        usage=tuple(
            Usage(
                f"{row.product}, {row.tier} tier" if row.tier else row.product,
                row.requests,
                row.credits,
            )
            for row in usage
        ),
        applied=tuple(sorted(applied.items())),
        overage=Credits(overage - sum(row.credits.micro for row in settled)),
    )
