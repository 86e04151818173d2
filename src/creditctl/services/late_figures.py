"""Late usage as an invoice lists it: priced as it would have been in its own time (DESIGN 3.5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Protocol

from creditctl.rules.invoice_lines import PricedUsage, Usage
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_sources import ListedLateRow
from creditctl.store.queries.late_usage import (
    LateDayRow,
    LatePayerRow,
    late_days,
    late_payers,
    late_settlements,
)

OVERAGE = "overage"
"""The payer of what no grant covered."""


class Payer(Protocol):
    """A row that says what a source paid."""

    @property
    def source(self) -> str:
        """A grant's source, `waiver` or `overage`."""

    @property
    def credits(self) -> Credits:
        """How much."""


@dataclass(frozen=True, slots=True)
class LatePeriod:
    """The late usage of one period that was invoiced for good."""

    month: str
    period: Period
    days: Sequence[LateDayRow]
    payers: Sequence[LatePayerRow]
    settled: Sequence[LatePayerRow]

    def priced(self, spans: Iterable[tuple[Period, Decimal]]) -> tuple[PricedUsage, ...]:
        """Its usage by price; the spans are the period's, each with money per credit."""
        return tuple(self._priced(span, price) for span, price in spans)

    def _priced(self, span: Period, price: Decimal) -> PricedUsage:
        payers = [row for row in self.payers if row.at in span]
        settled = [row for row in self.settled if row.at in span]
        overage = _sum(row.credits for row in payers if row.source == OVERAGE)
        return PricedUsage(
            price=price,
            usage=tuple(_by_product(row for row in self.days if row.at in span)),
            applied=tuple(sorted(applied_by_source([*payers, *settled]).items())),
            overage=overage - _sum(row.credits for row in settled),
            late_of=self.month,
        )


def late_periods_of(unit: UnitOfWork, rows: Iterable[ListedLateRow]) -> Iterator[LatePeriod]:
    """The late usage of these rows, which come in the order of their time."""

    def period_of(row: ListedLateRow) -> tuple[datetime, datetime, str]:
        return row.starts_at, row.ends_at, row.month

    for (starts_at, ends_at, month), alike in groupby(sorted(rows, key=period_of), key=period_of):
        ids = [row.id for row in alike]
        yield LatePeriod(
            month,
            Period(starts_at, ends_at),
            [row for one in ids for row in late_days(unit, one)],
            [row for one in ids for row in late_payers(unit, one)],
            [row for one in ids for row in late_settlements(unit, one)],
        )


def applied_by_source(rows: Iterable[Payer]) -> dict[str, Credits]:
    """What each source paid; overage is no source."""
    sums: dict[str, Credits] = defaultdict(lambda: NO_CREDITS)
    for row in rows:
        if row.source != OVERAGE:
            sums[row.source] += row.credits
    return sums


def _by_product(rows: Iterable[LateDayRow]) -> Iterator[Usage]:
    ordered = sorted(rows, key=lambda row: row.product)
    for product, alike in groupby(ordered, key=lambda row: row.product):
        days = list(alike)
        requests = sum(row.requests for row in days)
        if requests:
            yield Usage(product, requests, _sum(row.credits for row in days))


def _sum(amounts: Iterable[Credits]) -> Credits:
    return sum(amounts, NO_CREDITS)
