"""What the books say of requests that are decided together: what they share is read once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.gate import refusal
from creditctl.rules.gate_terms import Asked, Caller, GateDecision
from creditctl.rules.rate_limits import Channel, Check, checks_for
from creditctl.services.gate_facts import asked_and_product, read_caller
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_terms import KnownTerms, Terms
from creditctl.services.price_book import PriceBook
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.holds import HoldRow, newest_hold_of
from creditctl.store.queries.keys import KeyRow

Numbered: TypeAlias = tuple[GateRequest, bytes | None]
"""A request, and the event id of its call if that may have a hold."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """A request that nothing refuses but, perhaps, the counters."""

    request: GateRequest
    key: KeyRow
    known: HoldRow | None
    prices: PriceBook
    caller: Caller
    asked: Asked
    checks: tuple[Check, ...]
    """The windows that it is counted in."""

    is_counted: bool

    @property
    def is_in_windows(self) -> bool:
        """Whether it is counted in windows; a connection is held instead."""
        return self.request.channel is not Channel.WEBSOCKET


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that the books refuse, and its key if there is such a key."""

    decision: GateDecision
    key: KeyRow | None = None


class Snapshot:
    """The books at one moment, as many requests ask for them; for one transaction only."""

    def __init__(
        self,
        unit: UnitOfWork,
        context: Context,
        known: KnownTerms,
        asked_prices: Callable[[], PriceBook],
    ) -> None:
        self._unit, self._context, self._asked_prices = unit, context, asked_prices
        self._prices: PriceBook | None = None
        self._known, self._version = known, unit.version()
        self._terms: dict[tuple[str | None, str | None], Terms | GateDecision] = {}
        self._callers: dict[tuple[int, int | None, bool], Caller] = {}
        self._checks: dict[tuple[int, Channel, int], tuple[Check, ...]] = {}

    def permitted(
        self, request: GateRequest, event_id: bytes | None, *, count: bool
    ) -> Permitted | Refused:
        """What the books say of a request; raises InvalidInput where it cannot be meant."""
        _check(request, count=count)
        terms, known = self._unit.together(
            lambda: self._terms_of(request), lambda: self._hold_of(event_id)
        )
        if isinstance(terms, GateDecision):
            return Refused(terms)
        # Answered with the terms, where those were not known already.
        prices = self._prices = self._prices or self._asked_prices()
        plan_id, owner_id = terms.plan_id, terms.key.organization_id
        asked, product_id = asked_and_product(
            self._unit, prices, owner_id, plan_id, request, self._context.now
        )
        caller = self._caller(terms, product_id, request)
        # The same call has an endpoint still; what has none is another one.
        is_same = known is not None and asked.endpoint is not None
        decision = None if is_same else refusal(caller, asked, self._context.now)
        if decision is not None:
            return Refused(decision, terms.key)
        checks, is_counted = self._checks_of(terms, caller, request), count and known is None
        return Permitted(request, terms.key, known, prices, caller, asked, checks, is_counted)

    def _terms_of(self, request: GateRequest) -> Terms | GateDecision:
        name = request.secret, request.key
        found = self._terms.get(name)
        if found is None:
            found = self._known.asking(self._unit, self._context, request, self._version)
            self._terms[name] = found
        return found

    def _hold_of(self, event_id: bytes | None) -> HoldRow | None:
        """The hold of that request, unless it was so long ago that the id is a new one's."""
        found = newest_hold_of(self._unit, event_id) if event_id is not None else None
        window = self._context.settings.dedup_window
        if found is None or abs(found.authorized_at - self._context.now) > window:
            return None
        return found

    def _caller(self, terms: Terms, product_id: int | None, request: GateRequest) -> Caller:
        is_counted = request.channel is Channel.REST
        name = terms.key.id, product_id, is_counted
        found = self._callers.get(name)
        if found is None:
            found = read_caller(
                self._unit, terms, product_id, self._context.now, is_counted=is_counted
            )
            self._callers[name] = found
        return found

    def _checks_of(self, terms: Terms, caller: Caller, request: GateRequest) -> tuple[Check, ...]:
        name = terms.key.id, request.channel, request.messages
        found = self._checks.get(name)
        if found is None:
            plan, now = caller.plan, self._context.now
            found = checks_for(
                request.channel,
                plan.limits,
                plan.period,
                now,
                cost=request.messages,
                imported=caller.imported,
            )
            self._checks[name] = found
        return found


def _check(request: GateRequest, *, count: bool) -> None:
    if request.messages < 1:
        raise InvalidInput("a request is at least one message")
    if request.channel is Channel.REST and (request.path is None or request.messages != 1):
        raise InvalidInput("a REST request has a path, and is one", hint="add --path PATH")
    if request.channel is Channel.WEBSOCKET and count and not request.lease:
        raise InvalidInput(
            "a connection needs a name to be held by",
            hint="add --lease NAME, or --dry-run to hold nothing",
        )
