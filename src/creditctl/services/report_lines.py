"""What the finance reports share: months beside each other, and amounts with their change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from creditctl.rules.periods import Period, calendar_month, months_after
from creditctl.rules.units import Money

TOTAL = "total"
"""The last line of a currency: the sum of those above it."""


@dataclass(frozen=True, slots=True)
class Months:
    """A month and the one before it, as days: before `previous`, before `first`, before `end`."""

    previous: date
    first: date
    end: date

    @property
    def days(self) -> tuple[date, date, date]:
        """The three days in order."""
        return self.previous, self.first, self.end


@dataclass(frozen=True, slots=True)
class AmountLine:
    """An amount of a month, that of the month before, and the difference."""

    line: str
    amount: Money
    previous: Money
    change: Money


def months_of(month: Period) -> Months:
    """The month with the one before it."""
    before = calendar_month(months_after(month.starts_at, -1))
    return Months(before.starts_at.date(), month.starts_at.date(), month.ends_at.date())


def amount_line(line: str, currency: str, previous: int, amount: int) -> AmountLine:
    """A line of two amounts in minor units."""
    return AmountLine(
        line, Money(amount, currency), Money(previous, currency), Money(amount - previous, currency)
    )


def amount_lines(
    figures: Mapping[tuple[str, str], tuple[int, int]], *, total: bool = True
) -> tuple[AmountLine, ...]:
    """Lines of (currency, line) -> (previous, this), by currency, each with its total."""
    lines = []
    for currency in sorted({currency for currency, _ in figures}):
        own = {line: pair for (code, line), pair in sorted(figures.items()) if code == currency}
        lines += [
            amount_line(line, currency, *pair) for line, pair in own.items() if pair != (0, 0)
        ]
        if total:
            lines.append(amount_line(TOTAL, currency, *_sums(own.values())))
    return tuple(lines)


def _sums(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    rows = list(pairs)
    return sum(row[0] for row in rows), sum(row[1] for row in rows)
