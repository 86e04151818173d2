"""Paid credits at what they cost: every report and journal takes its figures from here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from creditctl.rules.deferred_revenue import Gone, LotValue, split_used, value_of_lot
from creditctl.rules.instants import day_number, day_of
from creditctl.rules.units import value_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.credit_notes import credited_lots, credited_of_lot
from creditctl.store.queries.deferred_revenue import (
    Left,
    LotRow,
    credits_left,
    left_of_lot,
    lot_of_grant,
    paid_lots,
)


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot with what left it, by day; what left before the first day asked for is day 0's."""

    row: LotRow
    left: tuple[Left, ...]

    @property
    def price(self) -> int:
        """Its net price in minor units."""
        return price_of(self.row)

    def gone(self, day: date) -> Gone:
        """What had left before `day`."""
        return _sum(one for one in self.left if one.day < day_number(day))

    def value(self, day: date) -> LotValue:
        """What became of its price before `day`; nothing while it is not sold.

        One that was reversed before it began is sold and owed back on the day it would have begun.
        """
        if self.row.sold_on >= day:
            return LotValue(0, 0, 0, 0)
        return value_of_lot(self.price, self.row.amount.micro, self.gone(day))

    def sold(self, day: date) -> int:
        """Its price once it was sold before `day`, in minor units."""
        return self.price if self.row.sold_on < day else 0

    def earned_by_product(self, day: date) -> Mapping[int, int]:
        """What was earned at burn-down before `day`, by product, in minor units."""
        used: dict[int, int] = defaultdict(int)
        for one in self.used(day):
            used[one.product_id] += one.micro
        return split_used(self.price, self.row.amount.micro, used.items())

    def earned_by_user(self, day: date) -> Mapping[tuple[int, int], int]:
        """The same by organization and product."""
        used: dict[tuple[int, int], int] = defaultdict(int)
        for one in self.used(day):
            used[one.organization_id, one.product_id] += one.micro
        return split_used(self.price, self.row.amount.micro, used.items())

    def used(self, day: date) -> Iterator[Left]:
        """What usage drew before `day`; nothing while the lot is not sold."""
        before = day_number(day)
        if self.row.sold_on < day:
            yield from (one for one in self.left if one.where == "used" and one.day < before)

    def days(self, first_day: date) -> list[date]:
        """The days from `first_day` on on which its value changed, in order."""
        moved = {self.row.sold_on} | {day_of(one.day) for one in self.left}
        return sorted(day for day in moved if day >= first_day)


def read_lots(unit: UnitOfWork, first_day: date, end_day: date) -> list[Lot]:
    """Every lot sold before `end_day`, with what left it until then; by day from `first_day` on."""
    by_lot: dict[int, list[Left]] = defaultdict(list)
    for one in credits_left(unit, first_day, end_day):
        by_lot[one.lot_id].append(one)
    return [Lot(row, tuple(by_lot[row.id])) for row in paid_lots(unit, end_day)]


def price_of(row: LotRow) -> int:
    """A lot's net price in minor units: the purchase's, else its credits at unit cost."""
    if row.net_minor is not None:
        return row.net_minor
    return value_of(row.amount, row.unit_cost, row.currency).minor


def reversed_value(unit: UnitOfWork, row: LotRow) -> int:
    """What of a lot's price is owed back by now, in minor units."""
    gone = Gone(**left_of_lot(unit, row.id))
    return value_of_lot(price_of(row), row.amount.micro, gone).reversed


def miscredited_lots(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Lots whose credit notes sum to another net than what was reversed: an invariant.

    Of an order form less may be credited: as much as invoices billed.
    """
    found = []
    for lot_id in credited_lots(unit):
        if (lot := lot_of_grant(unit, lot_id)) is None:
            continue
        owed, credited = reversed_value(unit, lot), credited_of_lot(unit, lot_id)
        if credited > owed or (credited < owed and not lot.is_ordered):
            said = f"{owed} minor units were reversed, its credit notes take back {credited}"
            found.append((lot.purchase or lot.public_id, said))
    return found


def _sum(left: Iterable[Left]) -> Gone:
    sums = {"used": 0, "expired": 0, "reversed": 0}
    for one in left:
        sums[one.where] += one.micro
    return Gone(**sums)
