"""Decides whether a request may pass: the books say what is allowed, the counters how much."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from creditctl.adapters.counters.interface import Counters, CountersDown, Hit
from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.rules.gate import (
    counted_decision,
    too_many_connections,
    uncounted_decision,
)
from creditctl.rules.gate_terms import GateDecision
from creditctl.rules.rate_limits import CONNECTIONS, LEASE, Channel, Check, Verdict
from creditctl.services.gate_counters import open_counters
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_snapshot import Numbered, Permitted, Snapshot
from creditctl.services.gate_terms import KnownTerms
from creditctl.services.group_commit import GroupCommit
from creditctl.services.group_steps import OF_THE_TRANSACTION, Step
from creditctl.services.outcomes import Outcome, Tell, outcome_of
from creditctl.services.price_book import PriceBook, load_price_book
from creditctl.services.step_groups import PlainSteps
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.gate import asked_newest_catalog
from creditctl.store.queries.holds import HoldRow
from creditctl.store.queries.keys import KeyRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A decision, whose key asked, and what was counted for it."""

    decision: GateDecision
    key: KeyRow | None = None
    counted: tuple[Check, ...] = ()
    """Windows that the request is counted in; a key's connection is no window."""

    known: HoldRow | None = None
    """The hold of the same request, made before: then nothing was counted."""

    prices: PriceBook | None = None
    """That it was decided by."""

    overdue: int = 0
    """Holds of the organization whose time is over."""


OK = 200


class Gate:
    """One for each process: it keeps the counters open, and prices until the catalog changes."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self._book: tuple[int, PriceBook] | None = None
        self._groups: dict[str, GroupCommit] = {}
        self._terms = KnownTerms()

    def failures(self) -> dict[str, int]:
        """Transactions of several calls that were taken back, by what went wrong."""
        return dict(sum((group.failures for group in self._groups.values()), Counter[str]()))

    def change_all(
        self, context: Context, steps: Sequence[Step[T]], tell: Tell[Outcome[T]]
    ) -> dict[int, Outcome[T]]:
        """Run steps together, and with those of other threads that wait for the books.

        The outcomes by place of what waits for nobody else; the others are told later.
        """
        return self._group(context).begin_all(steps, tell)

    def _group(self, context: Context) -> GroupCommit:
        group = self._groups.get(context.database)
        if group is None:
            # Whoever is first: the others take the same one.
            made = GroupCommit(context.database, PlainSteps())
            group = self._groups.setdefault(context.database, made)
        return group

    def decide(self, context: Context, request: GateRequest, *, count: bool = True) -> GateDecision:
        """The decision at context.now; without `count` nothing is counted or held.

        Nothing is charged here. Raises InvalidInput for a request that cannot be meant; whatever
        else is wrong with it is a decision.
        """
        return self.weigh(context, request, count=count).decision

    def weigh(
        self,
        context: Context,
        request: GateRequest,
        *,
        count: bool = True,
        event_id: bytes | None = None,
    ) -> Weighed:
        """`decide`, with what `take_back` needs to know.

        Of an `event_id` that has a hold already, the answer is that of the first time.
        """
        (found,) = self.weigh_all(context, [(request, event_id)], count=count)
        return found.answer()

    def weigh_all(
        self, context: Context, asked: Sequence[Numbered], *, count: bool = True
    ) -> list[Outcome[Weighed]]:
        """The same for many: of one snapshot, and counted in one go.

        Raises, before anything is counted, what makes it impossible for all of them.
        """
        with reading(context.database) as unit:
            snapshot = Snapshot(unit, context, self._terms, self.asked_prices(unit))
            found = [_found(snapshot, *one, count=count) for one in asked]
        hits = {
            place: (one.key.first_id, one.checks)
            for place, one in enumerate(found)
            if isinstance(one, Permitted) and one.is_counted and one.is_in_windows
        }
        verdicts = dict(zip(hits, self._hit_all(context, list(hits.values())), strict=True))
        return [
            one
            if isinstance(one, Outcome)
            else outcome_of(partial(self._judged, context, one, verdicts.get(place)))
            for place, one in enumerate(found)
        ]

    def _hit_all(self, context: Context, hits: Sequence[Hit]) -> list[Verdict | CountersDown]:
        """Count them; where that fails, nobody knows which of them were."""
        try:
            if len(hits) == 1:
                return [self.counters.hit(*hits[0], context.now)]
            return list(self.counters.hit_all(hits, context.now)) if hits else []
        except CountersDown as problem:
            return [problem for _ in hits]

    def _judged(
        self, context: Context, facts: Permitted, verdict: Verdict | CountersDown | None
    ) -> Weighed:
        """The decision; without a verdict yet the counters are asked for it."""
        decision, counted = self._count(context, facts, verdict)
        if facts.known is not None and decision.status != OK:
            decision = counted_decision(facts.caller, facts.asked, context.now, Verdict(()))
        overdue = facts.caller.overdue
        return Weighed(decision, facts.key, counted, facts.known, facts.prices, overdue)

    def take_back(self, context: Context, request: GateRequest, weighed: Weighed) -> None:
        """Uncount a request that was denied after all."""
        if weighed.key is None:
            return
        # Where the counters do not answer, a request too many stays counted.
        with suppress(CountersDown):
            if request.channel is Channel.WEBSOCKET and request.lease is not None:
                self.counters.close_connection(weighed.key.first_id, request.lease)
            if weighed.counted:
                self.counters.take_back(weighed.key.first_id, weighed.counted, context.now)

    def prices(self, context: Context) -> PriceBook:
        """Every price, read again only when a catalog was applied."""
        with reading(context.database) as unit:
            return self.asked_prices(unit)()

    def asked_prices(self, unit: UnitOfWork) -> Callable[[], PriceBook]:
        """Every price: whether the catalog is still the same is asked along with what follows."""
        with unit.along():
            newest = asked_newest_catalog(unit)

        def prices() -> PriceBook:
            if self._book is None or self._book[0] != newest():
                self._book = (newest(), load_price_book(unit))
            return self._book[1]

        return prices

    def _count(
        self, context: Context, facts: Permitted, verdict: Verdict | CountersDown | None
    ) -> tuple[GateDecision, tuple[Check, ...]]:
        caller, asked = facts.caller, facts.asked
        try:
            if facts.request.channel is Channel.WEBSOCKET:
                return self._connect(context, facts), ()
            if isinstance(verdict, CountersDown):
                return uncounted_decision(caller, asked, context.now), ()
            if verdict is None:
                verdict = self.counters.peek(facts.key.first_id, facts.checks, context.now)
        except CountersDown:
            return uncounted_decision(caller, asked, context.now), ()
        counted = facts.checks if facts.is_counted and verdict.refused is None else ()
        return counted_decision(caller, asked, context.now, verdict), counted

    def _connect(self, context: Context, facts: Permitted) -> GateDecision:
        """Hold a connection for LEASE, after which a heartbeat has to keep it open."""
        key, caller, asked, request = facts.key, facts.caller, facts.asked, facts.request
        limit = caller.plan.limits.get(CONNECTIONS)
        evicted = None
        if facts.is_counted and request.lease is not None:
            opened = self.counters.open_connection(
                key.first_id,
                request.lease,
                context.now,
                limit=limit,
                lasts=LEASE,
                take_over=request.take_over,
            )
            is_admitted, held, evicted = opened.is_admitted, opened.open, opened.evicted
        else:
            held = self.counters.open_connections(key.first_id, context.now)
            is_admitted = limit is None or held < limit or request.take_over
        if limit is not None and not is_admitted:
            decision = too_many_connections(caller, asked, context.now, limit)
        else:
            decision = counted_decision(caller, asked, context.now, Verdict(()))
        left = None if limit is None else max(limit - held, 0)
        return replace(decision, limit=limit, remaining=left, evicted=evicted)


def decide_request(context: Context, request: GateRequest, *, count: bool = True) -> GateDecision:
    """The decision of a gate that is made for it alone: see `Gate.decide`."""
    return Gate(open_counters(context)).decide(context, request, count=count)


def _found(
    snapshot: Snapshot, request: GateRequest, event_id: bytes | None, *, count: bool
) -> "Permitted | Outcome[Weighed]":
    """What the books say of a request, if that does not refuse it."""
    try:
        found = snapshot.permitted(request, event_id, count=count)
    except OF_THE_TRANSACTION:
        raise
    except CreditctlError as problem:
        return Outcome(problem=problem)
    if isinstance(found, Permitted):
        return found
    return Outcome(Weighed(found.decision, found.key))
