"""An invoice's lines from an organization's figures (DESIGN 3.8).

Each line is rounded once, half-up. Usage and the credits that paid for it are valued at one price,
so covered usage nets to exactly 0, and what is due is `fees + round(overage x price)`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from creditctl.rules.periods import Period
from creditctl.rules.units import Credits, Money, split_exactly, value_of, values_of


@dataclass(frozen=True, slots=True)
class Fee:
    """A plan's fee for one period."""

    description: str
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderCharge:
    """An instalment of an order form: `credits` were delivered with it, or none."""

    order: str
    po_number: str | None
    line: int
    number: int
    of: int
    credits: Credits
    amount: Money

    @property
    def description(self) -> str:
        """The order form and the buyer's own number of it, so that an accountant finds both."""
        words = [f"Order form {self.order}"]
        words += [f"PO {self.po_number}"] if self.po_number else []
        words += [f"line {self.line}"]
        words += [f"instalment {self.number} of {self.of}"] if self.of > 1 else []
        bought = f": {self.credits} credits" if self.credits else ""
        return ", ".join(words) + bought


class Usage(NamedTuple):
    """Successful requests of a product and tier, and the credits they cost.

    Without requests it is usage that an earlier invoice has counted. As with lines a tuple: a month
    has hundreds of thousands.
    """

    description: str
    requests: int | None
    credits: Credits


@dataclass(frozen=True, slots=True)
class PricedUsage:
    """Usage of days with one price (money per credit), and who paid for it."""

    price: Decimal
    usage: tuple[Usage, ...]
    applied: tuple[tuple[str, Credits], ...]
    """Credits drawn, by the grant's source; repaid overage counts for the source that repaid."""

    overage: Credits
    """Usage that no credit covers: what is due."""

    late_of: str = ""
    """The month, such as 2026-09, whose invoice was final when this usage arrived."""

    is_correction: bool = False
    """That invoice has listed the usage: what paid for it was taken back later."""

    @property
    def unaccounted(self) -> Credits:
        """Usage that was neither drawn nor booked as overage: an unlimited plan's."""
        used = sum([part.credits.micro for part in self.usage])
        applied = sum([credits.micro for _, credits in self.applied])
        return Credits(used - applied - self.overage.micro)


class Line(NamedTuple):
    """One line as it is shown; credits that were applied are negative."""

    kind: str
    description: str
    requests: int | None
    credits: Credits | None
    unit_price: Decimal | None
    amount: Money


# Of which there are many: a third of the work of a call with six values.
_tuple = tuple.__new__

_WAIVED = "Overage waived"
_LATE = "Late usage of "
_CORRECTED = "Correction of "


def bills_fee_of(month: Period, period_starts_at: datetime, *, is_first: bool) -> bool:
    """Whether `month`'s invoice holds the fee of the subscription period that starts then.

    The first fee is due in the month of the start: [starts_at, ends_at). Every later one is due
    in advance, on the invoice of the month that ends when or after its period begins, that is of
    the month whose (starts_at, ends_at] holds the start. Together they bill each fee once.
    """
    if is_first:
        return period_starts_at in month
    return month.starts_at < period_starts_at <= month.ends_at


def usage_of(rows: Iterable[tuple[str, int | None, Credits]]) -> tuple[Usage, ...]:
    """Usage of rows with its three values, in their order."""
    return tuple([_tuple(Usage, row) for row in rows])


def invoice_lines(
    fees: Iterable[Fee],
    priced: Iterable[PricedUsage],
    currency: str,
    orders: Iterable[OrderCharge] = (),
) -> tuple[Line, ...]:
    """Fees, order forms, then usage and the credits applied to it, price by price.

    Lines of order forms count no credits: what they sell is drawn later.
    """
    lines = [Line("fee", fee.description, None, None, None, fee.amount) for fee in fees]
    lines += [Line("order", one.description, None, None, None, one.amount) for one in orders]
    for part in priced:
        lines += _usage_lines(part, currency)
    return tuple(lines)


def total_of(lines: Iterable[Line], currency: str) -> Money:
    """The sum of the shown lines."""
    return Money(sum([line.amount.minor for line in lines]), currency)


def _usage_lines(part: PricedUsage, currency: str) -> list[Line]:
    kind = "usage"
    if part.late_of:
        kind = "correction" if part.is_correction else "late"
    values = values_of([usage.credits for usage in part.usage], part.price, currency)
    origin, price = f"{_origin(part)}: " if part.late_of else "", part.price
    used = [
        _tuple(Line, (kind, origin + description, requests, credits, price, value))
        for (description, requests, credits), value in zip(part.usage, values, strict=True)
    ]
    covered = total_of(used, currency) - value_of(part.overage, part.price, currency)
    return used + _covering_lines(part, covered)


def _covering_lines(part: PricedUsage, covered: Money) -> list[Line]:
    """Take `covered` off the usage, shared by who paid it in proportion to the credits.

    Rounding line by line may leave a cent that nobody paid: it gets a line of its own.
    """
    payers = _payers(part)
    shared = covered.minor if payers and covered.minor > 0 else 0
    parts = split_exactly(shared, [credits.micro for _, _, credits in payers])
    lines = [
        Line(
            kind,
            _described(part, description),
            None,
            -credits,
            part.price,
            Money(-minor, covered.currency),
        )
        for (kind, description, credits), minor in zip(payers, parts, strict=True)
    ]
    remainder = Money(shared - covered.minor, covered.currency)
    if remainder:
        description = _described(part, "Rounding")
        lines.append(Line("rounding", description, None, None, None, remainder))
    return lines


def _described(part: PricedUsage, description: str) -> str:
    if not part.late_of:
        return description
    return f"{_origin(part)}, {description[0].lower()}{description[1:]}"


def _origin(part: PricedUsage) -> str:
    return origin_text(part.late_of, is_correction=part.is_correction)


def origin_text(month: str, *, is_correction: bool) -> str:
    """How lines name usage of a month that was invoiced for good before."""
    return f"{_CORRECTED if is_correction else _LATE}{month}"


def applied_text(source: str) -> str:
    """How lines name credits of that source."""
    return _WAIVED if source == "waiver" else f"Credits applied: {source.replace('_', ' ')}"


def _payers(part: PricedUsage) -> Sequence[tuple[str, str, Credits]]:
    payers = [
        ("credits", applied_text(source), credits) for source, credits in part.applied if credits
    ]
    unaccounted = part.unaccounted
    if unaccounted.micro > 0:
        payers.append(("covered", "Covered by unlimited plan", unaccounted))
    return payers
