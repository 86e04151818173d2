"""Corrections of usage whose invoice is final, as the next invoice lists them (DESIGN 3.3).

A grant was taken back after it had paid: its usage is open overage with reason `correction`. It is
valued at the price of its own day, and what was repaid or waived since counts as paid.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from creditctl.rules.invoice_lines import PricedUsage, Usage
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.late_figures import applied_by_source
from creditctl.services.price_spans import day_price
from creditctl.services.subscription_periods import SubscriptionPeriod
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.billing import ListPriceRow
from creditctl.store.queries.invoice_sources import (
    CorrectionPayerRow,
    CorrectionRow,
    settled_of_corrections,
)


def corrections_priced(
    unit: UnitOfWork,
    rows: Sequence[CorrectionRow],
    periods: Sequence[SubscriptionPeriod],
    prices: Sequence[ListPriceRow],
) -> list[PricedUsage]:
    """Corrections by the month that first listed the usage, and by price."""
    if not rows:
        return []
    settled: dict[int, list[CorrectionPayerRow]] = defaultdict(list)
    for paid in settled_of_corrections(unit, [row.id for row in rows]):
        settled[paid.entry_id].append(paid)
    alike: dict[tuple[str, Decimal], list[CorrectionRow]] = defaultdict(list)
    for row in rows:
        alike[row.month, day_price(row.at, periods, prices).price].append(row)
    return [
        _priced(month, price, group, settled) for (month, price), group in sorted(alike.items())
    ]


def _priced(
    month: str,
    price: Decimal,
    rows: Sequence[CorrectionRow],
    settled: dict[int, list[CorrectionPayerRow]],
) -> PricedUsage:
    taken_back: dict[str, Credits] = defaultdict(lambda: NO_CREDITS)
    for row in rows:
        taken_back[row.product] += row.credits
    paid = [one for row in rows for one in settled[row.id]]
    owed = sum((row.credits for row in rows), NO_CREDITS)
    return PricedUsage(
        price=price,
        usage=tuple(Usage(product, None, owed) for product, owed in sorted(taken_back.items())),
        applied=tuple(sorted(applied_by_source(paid).items())),
        overage=owed - sum((one.credits for one in paid), NO_CREDITS),
        late_of=month,
        is_correction=True,
    )
