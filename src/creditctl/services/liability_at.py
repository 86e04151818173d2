"""`reports liability --at`: what was owed in credits at any moment of the past (DESIGN 3.8)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.deferred_revenue import Gone, LotValue, value_of_lot
from creditctl.rules.units import Credits, Money
from creditctl.services.deferred_revenue import price_of
from creditctl.services.liability_report import age_of, age_words
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.deferred_revenue import LotRow, credits_left_by, paid_lots_at

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LiabilityTotal:
    """What paid credits of a currency were sold for until then, and what became of it."""

    credits: Credits
    """Unused ones."""

    sold: Money
    used: Money
    expired: Money
    reversed: Money
    unused: Money
    """The liability: sold - used - expired - reversed."""


@dataclass(frozen=True, slots=True)
class UnusedAt:
    """Unused paid credits of a source and age."""

    source: str
    age: str
    credits: Credits
    amount: Money


@dataclass(frozen=True, slots=True)
class LiabilityAt:
    """The liability at an instant: by currency, and by source and age."""

    at: datetime
    totals: tuple[LiabilityTotal, ...]
    unused: tuple[UnusedAt, ...]


def liability_at(context: Context, at: datetime) -> LiabilityAt:
    """What was owed in unused paid credits at an instant, by what was posted until then.

    An entry counts from its event on, or from the beginning of its posting day where its month was
    closed: a day's last instant gives what `reports liability` closes with, to the minor unit.
    Raises InvalidInput for a moment to come.
    """
    if at > context.now:
        raise InvalidInput("--at lies in the future", hint="'usage forecast' looks ahead")
    with reading(context.database) as unit:
        lots = _lots(unit, at)
    day = at.date() + _DAY
    values: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    unused: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for row, gone, value in lots:
        left = row.amount.micro - gone.total
        moved = (left, value.used, value.expired, value.reversed, value.unused)
        values[row.currency] = [a + b for a, b in zip(values[row.currency], moved, strict=True)]
        if left or value.unused:
            sums = unused[row.currency, row.source, age_of(row, day)]
            sums[0] += left
            sums[1] += value.unused
    return LiabilityAt(
        at,
        tuple(_total(currency, *sums) for currency, sums in sorted(values.items())),
        tuple(
            UnusedAt(source, age_words(age), Credits(micro), Money(minor, currency))
            for (currency, source, age), (micro, minor) in sorted(unused.items())
        ),
    )


def _lots(unit: UnitOfWork, at: datetime) -> list[tuple[LotRow, Gone, LotValue]]:
    """Each lot sold by then with what had left it; what left an unsold one is not in the books."""
    left: dict[int, Gone] = defaultdict(Gone)
    for lot_id, where, micro in credits_left_by(unit, at):
        left[lot_id] += Gone(**{where: micro})
    return [
        (row, left[row.id], value_of_lot(price_of(row), row.amount.micro, left[row.id]))
        for row in paid_lots_at(unit, at)
    ]


def _total(
    currency: str, left: int, used: int, expired: int, given_back: int, unused: int
) -> LiabilityTotal:
    return LiabilityTotal(
        credits=Credits(left),
        sold=Money(used + expired + given_back + unused, currency),
        used=Money(used, currency),
        expired=Money(expired, currency),
        reversed=Money(given_back, currency),
        unused=Money(unused, currency),
    )
