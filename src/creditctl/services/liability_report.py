"""`reports liability`: paid credits that nobody has used, at what they cost (DESIGN 3.8)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from creditctl.context import Context
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.services.deferred_revenue import Lot, read_lots
from creditctl.services.report_lines import AmountLine, Months, amount_line, months_of
from creditctl.store.engine import reading
from creditctl.store.queries.deferred_revenue import LotRow

MOVEMENTS = ("opening", "sold", "used", "expired", "reversed", "closing")
"""Of a roll-forward: opening + sold - used - expired - reversed = closing."""

_AGES = ((30, "0-30 days"), (90, "31-90 days"), (180, "91-180 days"), (365, "181-365 days"))
_OLDEST = "over 365 days"


@dataclass(frozen=True, slots=True)
class UnusedCredits:
    """Unused paid credits of a source and age at the month's end, and at the end before."""

    source: str
    age: str
    credits: Credits
    amount: Money
    previous: Money
    change: Money


@dataclass(frozen=True, slots=True)
class LiabilityReport:
    """A month's roll-forward by currency, and what its closing consists of."""

    month: str
    roll_forward: tuple[AmountLine, ...]
    unused: tuple[UnusedCredits, ...]


def report_liability(context: Context, month: Period) -> LiabilityReport:
    """What is owed in credits at the end of a month, and how it came there, by posting date.

    Exact to the minor unit: each lot's figures are differences of its cumulative values.
    """
    months = months_of(month)
    with reading(context.database) as unit:
        lots = read_lots(unit, months.previous, months.end)
    return LiabilityReport(month_text(month), _roll_forward(lots, months), _unused(lots, months))


def _roll_forward(lots: list[Lot], months: Months) -> tuple[AmountLine, ...]:
    sums: dict[str, list[dict[str, int]]] = defaultdict(lambda: [_nothing(), _nothing()])
    for lot in lots:
        for place, (start, end) in enumerate(
            ((months.previous, months.first), (months.first, months.end))
        ):
            before, after = lot.value(start), lot.value(end)
            row = sums[lot.row.currency][place]
            row["opening"] += before.unused
            row["sold"] += lot.sold(end) - lot.sold(start)
            row["used"] += after.used - before.used
            row["expired"] += after.expired - before.expired
            row["reversed"] += after.reversed - before.reversed
            row["closing"] += after.unused
    return tuple(
        amount_line(name, currency, previous[name], present[name])
        for currency, (previous, present) in sorted(sums.items())
        for name in MOVEMENTS
    )


def _nothing() -> dict[str, int]:
    return dict.fromkeys(MOVEMENTS, 0)


def _unused(lots: list[Lot], months: Months) -> tuple[UnusedCredits, ...]:
    amounts: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    credits: dict[tuple[str, str, int], Credits] = defaultdict(lambda: NO_CREDITS)
    for lot in lots:
        for place, day in enumerate((months.first, months.end)):
            if lot.row.sold_on < day and (value := lot.value(day).unused):
                amounts[lot.row.currency, lot.row.source, age_of(lot.row, day)][place] += value
        if left := lot.row.amount.micro - lot.gone(months.end).total:
            key = lot.row.currency, lot.row.source, age_of(lot.row, months.end)
            credits[key] += Credits(left)
            amounts[key][1] += 0
    return tuple(
        UnusedCredits(
            source=source,
            age=age_words(age),
            credits=credits[currency, source, age],
            amount=Money(present, currency),
            previous=Money(previous, currency),
            change=Money(present - previous, currency),
        )
        for (currency, source, age), (previous, present) in sorted(amounts.items())
    )


def age_of(lot: LotRow, day: date) -> int:
    """The place of its age among all, in whole days at the end of the day before `day`."""
    days = (day - lot.sold_on).days - 1
    return sum(days > limit for limit, _ in _AGES)


def age_words(age: int) -> str:
    """That age in days, such as `31-90 days`."""
    return _AGES[age][1] if age < len(_AGES) else _OLDEST
