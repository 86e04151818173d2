"""The ledger once more, in plain Python and as simply as it can be said; times are datetimes.

It shares nothing with the product: no database, no batches, no sums kept beside their parts.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

GRACE = timedelta(hours=72)
ALLOWANCE, CAP = 100, 150
FAR = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass
class Grant:
    """A lot of credits; `children` are the grants it was carried into."""

    number: int
    source: str
    amount: int
    effective_at: datetime
    expires_at: datetime = FAR
    product: str | None = None
    priority: int = 50
    remaining: int = 0
    expired: int = 0
    used: int = 0
    repaid: int = 0
    reversed: bool = False
    last_use: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    children: list["Grant"] = field(default_factory=list)

    @property
    def bought(self) -> bool:
        return self.source == "purchase"

    def is_live(self, at: datetime) -> bool:
        return self.effective_at <= at < self.expires_at

    def pays(self, product: str, at: datetime) -> bool:
        return self.is_live(at) and self.product in (None, product)

    def order(self) -> tuple[object, ...]:
        general = self.product is None
        return (
            self.priority,
            self.expires_at,
            general,
            self.bought,
            self.effective_at,
            self.number,
        )

    def total(self) -> int:
        own = self.remaining + (0 if self.reversed else self.expired)
        return own + sum(child.total() for child in self.children)

    def take(self, amount: int) -> int:
        """Take what remains, then what expired, then what was carried on."""
        from_remaining = min(amount, self.remaining)
        self.remaining -= from_remaining
        from_expired = 0 if self.reversed else min(amount - from_remaining, self.expired)
        self.expired -= from_expired
        taken = from_remaining + from_expired
        for child in self.children:
            taken += child.take(amount - taken)
        return taken


class Ledger:
    """One organization on a plan of 100 credits a month that carries over at most 150."""

    def __init__(self, months: list[datetime], *, subscribed: bool) -> None:
        self.months = months
        self.subscribed = subscribed
        self.granted_months = 0
        self.grants: list[Grant] = []
        self.owed = 0
        self.carried: dict[datetime, int] = {}

    def add(self, source: str, amount: int, effective_at: datetime, **more: object) -> Grant:
        grant = Grant(len(self.grants), source, amount, effective_at, remaining=amount)
        for name, value in more.items():
            setattr(grant, name, value)
        self.grants.append(grant)
        return grant

    def give(
        self, now: datetime, source: str, amount: int, effective_at: datetime, **more: object
    ) -> None:
        self.bring_up_to(now)
        grant = self.add(source, amount, effective_at, **more)
        if grant.bought and effective_at <= now:
            self.repay(grant)

    def use(self, now: datetime, events: list[tuple[datetime, str, int]]) -> None:
        """Events of (time, product, credits), whatever order they come in."""
        self.bring_up_to(now)
        for at, product, credits in sorted(events):
            due = credits
            for grant in sorted(self.grants, key=Grant.order):
                if due and grant.pays(product, at):
                    taken = grant.take(due)
                    grant.used += taken
                    due -= taken
                    if taken:
                        grant.last_use = max(grant.last_use, at)
            self.owed += due

    def check(self, now: datetime) -> None:
        self.bring_up_to(now)
        self.repay_all(now)

    def waive(self, now: datetime) -> None:
        self.bring_up_to(now)
        self.owed = 0

    def expire(self, now: datetime, grant: Grant) -> None:
        self.bring_up_to(now)
        if grant.effective_at >= now:
            grant.remaining, grant.reversed = 0, True
            return
        grant.expires_at = max(now, grant.last_use + timedelta(microseconds=1))
        grant.expired += grant.remaining
        grant.remaining = 0

    def reverse(self, now: datetime, grant: Grant, *, unwind: bool) -> None:
        self.bring_up_to(now)
        if unwind:
            self.owed += grant.used + grant.repaid
            grant.used = grant.repaid = 0
        grant.remaining, grant.reversed = 0, True
        self.repay_all(now)

    def bring_up_to(self, now: datetime) -> None:
        """Allowances of the months that have begun, then what is over its grace."""
        while self.subscribed and self.months[self.granted_months] <= now:
            begins, ends = self.months[self.granted_months : self.granted_months + 2]
            self.add("subscription", ALLOWANCE, begins, expires_at=ends)
            self.granted_months += 1
        while due := [g for g in self.grants if g.remaining and g.expires_at + GRACE <= now]:
            for grant in due:
                self.end(grant)

    def end(self, grant: Grant) -> None:
        boundary, carried = grant.expires_at, 0
        if grant.source == "subscription":
            carried = min(grant.remaining, CAP - self.carried.get(boundary, 0))
        if carried:
            self.carried[boundary] = self.carried.get(boundary, 0) + carried
            following = self.months[self.months.index(boundary) + 1]
            heir = self.add("subscription", carried, boundary, expires_at=following)
            grant.children.append(heir)
        grant.expired += grant.remaining - carried
        grant.remaining = 0

    def repay(self, grant: Grant) -> None:
        amount = min(grant.remaining, self.owed)
        grant.remaining -= amount
        grant.repaid += amount
        self.owed -= amount

    def repay_all(self, now: datetime) -> None:
        for grant in sorted(self.grants, key=Grant.order):
            if grant.bought and grant.is_live(now):
                self.repay(grant)

    def available(self, now: datetime) -> int:
        return sum(grant.remaining for grant in self.grants if grant.is_live(now))
