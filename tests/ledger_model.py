"""The ledger once more, in plain Python and micro-credits: no database, no batches, no sums."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

GRACE, MOMENT = timedelta(hours=72), timedelta(microseconds=1)
FAR = datetime(9000, 1, 1, tzinfo=UTC)
BOUGHT, POSTPAID = ("purchase", "order_form"), "postpaid"
Event = tuple[datetime, int, str, int]  # time, id, product, price


@dataclass(eq=False)
class Subscription:
    """Its plan's figures (no cap: the allowance resets), and the months it lasts."""

    allowance: int
    postpaid_limit: int
    cap: int | None
    started_at: datetime
    ended_at: datetime = FAR
    granted: int = 0

    def periods(self, until: datetime) -> list[tuple[datetime, datetime]]:
        """The months that have begun by then, the last one cut where the subscription ended."""
        from dateutil.relativedelta import relativedelta

        months = pairwise(self.started_at + relativedelta(months=n) for n in range(60))
        cut = [(begins, min(ends, self.ended_at)) for begins, ends in months]
        return [month for month in cut if month[0] <= until and month[0] < month[1]]


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
    passed: int = 0
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
        late = 0 if self.reversed else min(amount - taken, self.expired)
        self.remaining, self.expired = self.remaining - taken, self.expired - late
        for child in self.children:
            child.passed += (passed := child.take(amount - taken - late))
            late += passed
        return taken + late

    def end(self, now: datetime, at: datetime) -> None:
        """End it before its time; one that has not begun is as if it had never been."""
        if self.effective_at >= now:
            self.reversed, self.remaining = True, 0
        elif not self.reversed:
            self.expires_at = min(at, self.expires_at)
            self.expired, self.remaining = self.expired + self.remaining, 0


@dataclass(eq=False)
class Draw:
    """One payer's part of consecutive events of a product on a day; nobody's is open overage."""

    payer: object
    product: str
    at: datetime
    amount: int = 0
    settled: list[tuple[Grant | None, int]] = field(default_factory=list)


@dataclass(eq=False)
class Ledger:
    """One organization; `bring_up_to` comes before everything else that is done."""

    subscriptions: list[Subscription] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)

    def bring_up_to(self, now: datetime) -> None:
        for of in self.subscriptions:
            for begins, ends in of.periods(now)[of.granted :]:
                self.add(of.allowance, begins, ends, subscription=of)
                of.granted += 1
        for grant in self.grants:  # it may grow meanwhile: what is carried can be over itself
            if grant.expires_at + GRACE <= now and not grant.reversed:
                grant.expired += grant.remaining - self.carry(grant)
            if grant.expires_at + GRACE <= now or grant.reversed:
                grant.remaining = 0

    def carry(self, grant: Grant) -> int:  # into the month that begins where it ends
        of, boundary = grant.subscription, grant.expires_at
        following = dict(of.periods(boundary)).get(boundary) if of else None
        if of is None or of.cap is None or following is None:
            return 0
        heirs = [heir for g in self.grants for heir in g.children if heir.effective_at == boundary]
        carried = min(grant.remaining, of.cap - sum(heir.amount - heir.passed for heir in heirs))
        if carried:
            grant.children.append(self.add(carried, boundary, following, subscription=of))
        return carried

    def add(self, amount: int, begins: datetime, ends: datetime, **more: object) -> Grant:
        self.grants.append(Grant(len(self.grants), amount, begins, ends, remaining=amount))
        vars(self.grants[-1]).update(more)
        return self.grants[-1]

    def cancel(self, now: datetime, of: Subscription, *, at_once: bool) -> None:
        begins, ends = of.periods(now)[-1]
        of.ended_at = max(now, begins + MOMENT) if at_once else ends
        for grant in self.grants:
            if at_once and grant.subscription is of and grant.expires_at > now:
                grant.end(now, of.ended_at)

    def draw(self, events: Iterable[Event]) -> None:
        last, drawn = None, dict[object, Draw]()
        for at, _, product, due in sorted(events):
            if last != (last := (at.date(), product)):
                drawn = {}
            for payer, amount in self.payers(at, product, due):
                if payer not in drawn:
                    self.draws.append(drawn.setdefault(payer, Draw(payer, product, at)))
                drawn[payer].amount += amount

    def payers(self, at: datetime, product: str, due: int) -> Iterator[tuple[object, int]]:
        for grant in sorted(self.grants, key=Grant.order):
            if grant.is_live(at) and grant.product in (None, product) and (part := grant.take(due)):
                due -= part
                yield grant, part
        if postpaid := min(due, self.headroom(at)):
            yield POSTPAID, postpaid
        if due > postpaid:
            yield None, due - postpaid

    def headroom(self, at: datetime) -> int:
        months = [(of, *month) for of in self.subscriptions for month in of.periods(at)]
        for of, begins, ends in [month for month in months if month[1] <= at < month[2]]:
            owed = [d.amount for d in self.draws if d.payer == POSTPAID and begins <= d.at < ends]
            return of.postpaid_limit - sum(owed)
        return 0

    def settle(self, grant: Grant | None, at_most: int, *, of: list[Draw] | None = None) -> None:
        """By a bought grant, or forgiven (None); the oldest usage first."""
        for draw in sorted(self.draws if of is None else of, key=lambda draw: draw.at):
            fits = draw.payer is None and (grant is None or grant.product in (None, draw.product))
            due = draw.amount - sum(amount for _, amount in draw.settled)
            if fits and (part := min(at_most, due)):
                draw.settled.append((grant, part))
                at_most -= part
                if grant:
                    grant.remaining -= part

    def repay(self, now: datetime) -> None:
        bought = [grant for grant in self.grants if grant.source in BOUGHT and grant.is_live(now)]
        for grant in sorted(bought, key=Grant.order):
            self.settle(grant, grant.remaining)

    def reverse(self, now: datetime, grant: Grant, *, unwind: bool) -> None:
        for draw in list(self.draws) if unwind else []:
            draw.settled = [part for part in draw.settled if part[0] is not grant]
            if draw.payer is grant:
                self.draws.remove(draw)
                self.draws.append(replace(draw, payer=None))
        grant.remaining, grant.reversed = 0, True
        self.repay(now)

    def reallocate(self, now: datetime, month: tuple[int, int]) -> None:
        """Undo a month and draw it anew; what settled its overage settles it again."""
        old = [draw for draw in self.draws if (draw.at.year, draw.at.month) == month]
        settled = [part for draw in old for part in draw.settled]
        for payer, amount in [*settled, *((draw.payer, draw.amount) for draw in old)]:
            if isinstance(payer, Grant):
                payer.remaining += amount
        self.draws = [draw for draw in self.draws if draw not in old]
        kept = len(self.draws)
        self.draw(event for event in self.events if (event[0].year, event[0].month) == month)
        for payer in sorted({by for by, _ in settled}, key=lambda by: by.order() if by else ()):
            before = sum(amount for by, amount in settled if by is payer)
            if payer is None or not payer.is_live(now):
                at_most = min(before, payer.remaining) if payer else before
                self.settle(payer, at_most, of=self.draws[kept:])
        self.repay(now)
        self.bring_up_to(now)
