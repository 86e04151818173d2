"""The ledger once more, in plain Python: no database, no batches, no sums beside their parts.

Times are datetimes, amounts micro-credits; an event is (time, id, product, micro-credits).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Union

GRACE = timedelta(hours=72)
MOMENT = timedelta(microseconds=1)
FAR = datetime(9000, 1, 1, tzinfo=UTC)
BOUGHT = ("purchase", "order_form")
Event = tuple[datetime, int, str, int]
Payer = Union["Grant", str, None]


@dataclass(eq=False)
class Subscription:
    """Its plan's figures (no cap: the allowance resets), and the months it lasts."""

    allowance: int
    postpaid_limit: int
    cap: int | None
    started_at: datetime
    ended_at: datetime = FAR
    granted: int = 0

    def month(self, number: int) -> datetime:
        from dateutil.relativedelta import relativedelta

        return self.started_at + relativedelta(months=number)

    def periods(self, until: datetime) -> list[tuple[datetime, datetime]]:
        """The months that have begun by then, the last one cut where the subscription ended."""
        found: list[tuple[datetime, datetime]] = []
        while (begins := self.month(len(found))) <= until and begins < self.ended_at:
            found.append((begins, min(self.month(len(found) + 1), self.ended_at)))
        return found


@dataclass(eq=False)
class Grant:
    """A lot of credits; `children` are the grants it was carried into."""

    number: int
    amount: int
    effective_at: datetime
    expires_at: datetime
    source: str = "subscription"
    product: str | None = None
    priority: int = 50
    subscription: Subscription | None = None
    remaining: int = 0
    expired: int = 0
    reversed: bool = False
    children: list["Grant"] = field(default_factory=list)

    def is_live(self, at: datetime) -> bool:
        return self.effective_at <= at < self.expires_at

    def order(self) -> tuple[object, ...]:
        kind = (self.product is None, self.source in BOUGHT)
        return (self.priority, self.expires_at, *kind, self.effective_at, self.number)

    def take(self, amount: int) -> int:
        """Take what remains, then what expired, then what was carried on."""
        taken = min(amount, self.remaining)
        self.remaining -= taken
        late = 0 if self.reversed else min(amount - taken, self.expired)
        self.expired -= late
        taken += late
        for child in self.children:
            taken += child.take(amount - taken)
        return taken

    def end(self, now: datetime, at: datetime) -> None:
        """End it before its time; one that has not begun is as if it had never been."""
        self.reversed = self.reversed or self.effective_at >= now
        if not self.reversed:
            self.expires_at = min(at, self.expires_at)
            self.expired += self.remaining
        self.remaining = 0


@dataclass(eq=False)
class Draw:
    """One payer's part of consecutive events of a product on a day; nobody's is open overage."""

    payer: Payer
    product: str
    at: datetime
    amount: int = 0
    settled: list[tuple[Grant | None, int]] = field(default_factory=list)


class Ledger:
    """One organization; `bring_up_to` comes before everything else that is done."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self.grants: list[Grant] = []
        self.events: list[Event] = []
        self.draws: list[Draw] = []

    def bring_up_to(self, now: datetime) -> None:
        for of in self.subscriptions:
            for begins, ends in of.periods(now)[of.granted :]:
                self.add(of.allowance, begins, ends, subscription=of)
                of.granted += 1
        for grant in self.grants:  # it may grow meanwhile: what is carried can be over itself
            if grant.reversed:
                grant.remaining = 0
            elif grant.expires_at + GRACE <= now:
                grant.expired += grant.remaining - self.carry(grant)
                grant.remaining = 0

    def carry(self, grant: Grant) -> int:
        """Roll an allowance into the month that begins where it ends."""
        of, boundary = grant.subscription, grant.expires_at
        following = None if of is None else dict(of.periods(boundary)).get(boundary)
        if of is None or of.cap is None or following is None:
            return 0
        heirs = [heir for other in self.grants for heir in other.children]
        before = sum(heir.amount for heir in heirs if heir.effective_at == boundary)
        carried = max(min(grant.remaining, of.cap - before), 0)
        if carried:
            grant.children.append(self.add(carried, boundary, following, subscription=of))
        return carried

    def add(self, amount: int, begins: datetime, ends: datetime, **more: object) -> Grant:
        self.grants.append(Grant(len(self.grants), amount, begins, ends, remaining=amount))
        vars(self.grants[-1]).update(more)
        return self.grants[-1]

    def cancel(self, now: datetime, of: Subscription, *, at_once: bool) -> None:
        periods = of.periods(now)
        of.ended_at = max(now, periods[-1][0] + MOMENT) if at_once else of.month(len(periods))
        for grant in self.grants:
            if at_once and grant.subscription is of and grant.expires_at > now:
                grant.end(now, of.ended_at)

    def draw(self, events: Iterable[Event]) -> None:
        last, drawn = None, dict[Payer, Draw]()
        for at, _, product, due in sorted(events):
            if last != (last := (at.date(), product)):
                drawn = {}
            for payer, amount in self.payers(at, product, due):
                if payer not in drawn:
                    self.draws.append(drawn.setdefault(payer, Draw(payer, product, at)))
                drawn[payer].amount += amount

    def payers(self, at: datetime, product: str, due: int) -> Iterator[tuple[Payer, int]]:
        for grant in sorted(self.grants, key=Grant.order):
            if grant.is_live(at) and grant.product in (None, product) and (part := grant.take(due)):
                due -= part
                yield grant, part
        if postpaid := min(due, self.headroom(at)):
            yield "postpaid", postpaid
        if due > postpaid:
            yield None, due - postpaid

    def headroom(self, at: datetime) -> int:
        """What the month's postpaid limit still allows."""
        for of in self.subscriptions:
            for begins, ends in of.periods(at)[-1:]:
                if at < ends:
                    late = [
                        d for d in self.draws if d.payer == "postpaid" and begins <= d.at < ends
                    ]
                    return of.postpaid_limit - sum(draw.amount for draw in late)
        return 0

    def settle(self, grant: Grant | None, at_most: int) -> None:
        """By a bought grant, or forgiven (None); the oldest usage first."""
        for draw in sorted(self.draws, key=lambda draw: draw.at):
            part = min(at_most, draw.amount - sum(amount for _, amount in draw.settled))
            fits = grant is None or grant.product in (None, draw.product)
            if draw.payer is None and fits and part:
                draw.settled.append((grant, part))
                at_most -= part
                if grant is not None:
                    grant.remaining -= part

    def repay(self, now: datetime) -> None:
        for grant in sorted(self.grants, key=Grant.order):
            if grant.source in BOUGHT and grant.is_live(now):
                self.settle(grant, grant.remaining)

    def reverse(self, now: datetime, grant: Grant, *, unwind: bool) -> None:
        for draw in list(self.draws) if unwind else []:
            draw.settled = [part for part in draw.settled if part[0] is not grant]
            if draw.payer is grant:
                self.draws.remove(draw)
                self.draws.append(Draw(None, draw.product, draw.at, draw.amount))
        grant.remaining, grant.reversed = 0, True
        self.repay(now)

    def reallocate(self, now: datetime, month: tuple[int, int]) -> None:
        old = [draw for draw in self.draws if (draw.at.year, draw.at.month) == month]
        self.draws = [draw for draw in self.draws if draw not in old]
        parts = [part for draw in old for part in ((draw.payer, draw.amount), *draw.settled)]
        for payer, amount in parts:
            if isinstance(payer, Grant):
                payer.remaining += amount
        self.draw(event for event in self.events if (event[0].year, event[0].month) == month)
        self.settle(None, sum(amount for draw in old for by, amount in draw.settled if by is None))
        self.repay(now)
        self.bring_up_to(now)
