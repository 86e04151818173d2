"""Burn-down: which grant pays which usage, event by event, and what no grant could pay.

The order is total (DESIGN 3.3): priority, earliest expiry (never is last), narrowest restriction,
zero unit cost before paid, earliest effective, lowest id. All amounts are micro-credits, all times
microseconds; integers, because this runs for every imported event.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR

NEVER = 2**63
HELD_FIRST = -1
"""The priority of grants that a call holds, before every one that a grant may have."""

MICROS_PER_DAY = HOURS_PER_DAY * MICROS_PER_HOUR


class Charge(NamedTuple):
    """What one event costs; sorted by time, then event id."""

    occurred_at: int
    event_id: bytes
    product_id: int
    credits_micro: int


@dataclass(slots=True)
class Lot:
    """Credits that may pay: a grant, or (`grant_id` None) a period's postpaid headroom.

    `carried` are the grants it was rolled into: usage of its own time may still draw from them
    (DESIGN 3.3), and `passed` counts what a carried one gave back.
    """

    grant_id: int | None
    available: int
    effective_at: int
    expires_at: int = NEVER
    product_id: int | None = None
    priority: int = 50
    paid: bool = False
    carried: tuple["Lot", ...] = ()
    passed: int = 0

    @property
    def total(self) -> int:
        """Everything that usage of its time may draw."""
        return self.available + sum(lot.total for lot in self.carried)

    def take(self, amount: int) -> int:
        """Draw at most `amount`, its own before what it carried; returns how much."""
        taken = min(amount, self.available)
        self.available -= taken
        for lot in self.carried:
            if taken == amount:
                break
            passed = lot.take(amount - taken)
            lot.passed += passed
            taken += passed
        return taken

    def pays(self, product_id: int, at: int) -> bool:
        """Whether it may pay for usage of the product at that time."""
        fits = self.product_id is None or self.product_id == product_id
        return fits and self.effective_at <= at < self.expires_at


class Interval(NamedTuple):
    """A half-open stretch of time, in microseconds."""

    starts_at: int
    ends_at: int


@dataclass(slots=True)
class Draw:
    """One payer's part of the events of one product on one UTC day, consecutive among these.

    `lot` None is overage that nothing covers.
    """

    lot: Lot | None
    product_id: int
    day: int
    credits_micro: int
    first: Charge
    last: Charge


def burn_order(lot: Lot) -> tuple[bool, int, int, bool, bool, int, int]:
    """The key by which lots are drawn; postpaid headroom comes after every grant."""
    return (
        lot.grant_id is None,
        lot.priority,
        lot.expires_at,
        lot.product_id is None,
        lot.paid,
        lot.effective_at,
        lot.grant_id or 0,
    )


def burn_down(
    lots: Iterable[Lot], unlimited: Sequence[Interval], charges: Iterable[Charge]
) -> list[Draw]:
    """Pay the charges from the lots, which are drawn down in place; returns the draws in order.

    Charges inside an unlimited interval are paid by nobody. Every other charge is paid in full:
    what the lots lack is a draw without a lot.
    """
    ordered = sorted(lots, key=burn_order)
    draws: list[Draw] = []
    open_draws: dict[tuple[int, int, int], Draw] = {}
    run: int | None = None
    for charge, segment, eligible in _with_eligible_lots(ordered, unlimited, charges):
        if segment != run:
            open_draws, run = {}, segment
        day = charge.occurred_at // MICROS_PER_DAY
        for lot, taken in _payments(eligible, charge.credits_micro):
            place = (id(lot), charge.product_id, day)
            draw = open_draws.get(place)
            if draw is None:
                draw = open_draws[place] = Draw(lot, charge.product_id, day, 0, charge, charge)
                draws.append(draw)
            draw.credits_micro += taken
            draw.last = charge
    return draws


def _payments(eligible: list[Lot], due: int) -> list[tuple[Lot | None, int]]:
    if eligible and eligible[0].available >= due:  # nearly always
        eligible[0].available -= due
        return [(eligible[0], due)] if due else []
    payments: list[tuple[Lot | None, int]] = []
    while due:
        while eligible and not eligible[0].total:
            eligible.pop(0)
        if not eligible:
            return [*payments, (None, due)]
        taken = eligible[0].take(due)
        due -= taken
        payments.append((eligible[0], taken))
    return payments


def _with_eligible_lots(
    ordered: Sequence[Lot], unlimited: Sequence[Interval], charges: Iterable[Charge]
) -> Iterator[tuple[Charge, int, list[Lot]]]:
    """Each charge with the lots that may pay it; looked up anew only where that can change.

    Charges are in one segment while no boundary of a lot or an interval is crossed.
    """
    boundaries = sorted(
        {time for lot in ordered for time in (lot.effective_at, lot.expires_at)}
        | {time for interval in unlimited for time in interval}
    )
    until, segment = -NEVER, 0
    eligible: dict[int, list[Lot]] = {}
    is_unlimited = False
    for charge in charges:
        at, product_id = charge.occurred_at, charge.product_id
        if at >= until:
            segment = bisect_right(boundaries, at)
            until = boundaries[segment] if segment < len(boundaries) else NEVER
            eligible = {}
            is_unlimited = any(start <= at < end for start, end in unlimited)
        if is_unlimited:
            continue
        if product_id not in eligible:
            eligible[product_id] = [lot for lot in ordered if lot.pays(product_id, at)]
        yield charge, segment, eligible[product_id]
