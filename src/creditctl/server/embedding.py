"""`creditctl.gate.Gate`: the gate inside a program that is written in Python.

    from creditctl.gate import Gate

    gate = Gate("postgresql://gate@db.internal/creditctl", counters="redis://localhost:6379/0")
    with gate.charge(secret, "GET", "/v1/search") as call:
        rows = search()
        call.units = len(rows)

It may be shared by threads. Each step is a short transaction that blocks: an asynchronous program
runs it in a thread, as `creditctl.server.middleware` does. Connections stay open until `close`, or
until the block of `with Gate(...) as gate:` ends.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from creditctl import clock as real_clock
from creditctl.context import Context, Settings
from creditctl.rules.gate_terms import GateDecision
from creditctl.rules.rate_limits import Channel
from creditctl.services.gate import OK
from creditctl.services.gate import Gate as Decisions
from creditctl.services.gate_calls import (
    GateCall,
    Wanted,
    answer_calls,
    authorize_call,
    begin_calls,
    capture_call,
    release_call,
)
from creditctl.services.gate_connections import close as close_connection
from creditctl.services.gate_connections import keep_open
from creditctl.services.gate_counters import open_counters
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_standing import GateStanding, KeptBooks, gate_standing
from creditctl.services.holds import Hold
from creditctl.services.outcomes import Outcome, Tell


class Denied(Exception):
    """The call may not pass; `decision` says why, and has the headers to answer with."""

    def __init__(self, decision: GateDecision) -> None:
        super().__init__(f"{decision.status}: {decision.detail}")
        self.decision = decision


@dataclass(slots=True)
class Charge:
    """A call that was let through; what it returned is set before the block ends."""

    request_id: str
    decision: GateDecision
    status: int = 200
    units: int = 0
    """Of data returned, where the price asks for it."""


class Gate:
    """Decides, counts and charges calls; one for each process is enough."""

    def __init__(
        self,
        database_url: str,
        *,
        counters: str | None = None,
        settings: Settings | None = None,
        actor: str = "gate",
        clock: Callable[[], datetime] = real_clock.now,
    ) -> None:
        """`counters` is the URL of a Redis or Valkey; None: it counts in the database.

        Raises DriverMissing without the package that the URL asks for.
        """
        given = settings or Settings()
        self._settings = replace(given, gate_counters=counters) if counters else given
        self.database, self._actor, self._clock = database_url, actor, clock
        self._decisions = Decisions(open_counters(self.context()))
        self._books = KeptBooks()

    def close(self) -> None:
        """Close the connections; a call that comes later opens one for itself."""
        self._books.close()

    def settled(self) -> AbstractContextManager[Callable[[], None]]:
        """For SQLite and a program of one thread: tidies up beside it, so that no call has to.

        Yields what does the rest of that, between two calls; it ends with the block.
        """
        return self._books.settled(self.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def authorize(
        self,
        secret: str,
        method: str,
        path: str,
        *,
        request_id: str | None = None,
        units: int | None = None,
        capabilities: Sequence[str] = (),
        since: datetime | None = None,
    ) -> GateCall:
        """Decide a REST call of the key with that secret, count it, and hold what it may cost.

        `units` estimates what it returns, None: the price's maximum. Without a request id the
        call gets one; the hold's own id names it too. Raises Conflict, InvalidInput, and Busy or
        DatabaseUnreadable when the books cannot be asked.
        """
        request = GateRequest(
            secret=secret,
            method=method,
            path=path,
            units=units,
            capabilities=tuple(capabilities),
            since=since,
        )
        return self.authorize_request(request, request_id or new_request_id())

    def authorize_request(self, request: GateRequest, request_id: str) -> GateCall:
        """The same for any request, such as a connection or a webhook delivery."""
        with self._books.open():
            return authorize_call(self._decisions, self.context(), request, request_id)

    def answer_all(self, wanted: Sequence[Wanted]) -> list[Outcome[GateCall | Hold]]:
        """Authorize, capture and release many calls in one go, each with its own outcome.

        Raises, before anything is counted, what makes it impossible for all of them.
        """
        with self._books.open():
            return answer_calls(self._decisions, self.context(), wanted)

    def begin_all(
        self, wanted: Sequence[Wanted], tell: Tell[Outcome[GateCall | Hold]]
    ) -> dict[int, Outcome[GateCall | Hold]]:
        """The same by place, but only of those that wait for nobody else.

        The others are told later, by other threads.
        """
        with self._books.open():
            return begin_calls(self._decisions, self.context(), wanted, tell)

    def capture(self, reference: str, *, status: int = 200, units: int = 0) -> Hold:
        """Charge a call for what it returned; a second time changes nothing.

        `reference` is the request id or the hold's. Raises NotFound; Conflict after a release.
        """
        with self._books.open():
            return capture_call(
                self._decisions, self.context(), reference, status=status, units=units
            )

    def release(self, reference: str) -> Hold:
        """Let a call go that was not served; a second time changes nothing.

        Raises NotFound; Conflict after a capture.
        """
        with self._books.open():
            return release_call(self._decisions, self.context(), reference)

    @contextmanager
    def charge(
        self,
        secret: str,
        method: str,
        path: str,
        *,
        request_id: str | None = None,
        units: int | None = None,
        capabilities: Sequence[str] = (),
    ) -> Iterator[Charge]:
        """Authorize a call, run the block, and capture it; release it if the block raises.

        Raises Denied when it may not pass.
        """
        name = request_id or new_request_id()
        found = self.authorize(
            secret, method, path, request_id=name, units=units, capabilities=capabilities
        )
        if found.decision.status != OK:
            raise Denied(found.decision)
        charge = Charge(name, found.decision)
        try:
            yield charge
        except BaseException:
            self.release(name)
            raise
        self.capture(name, status=charge.status, units=charge.units)

    def connect(self, secret: str, lease: str, *, take_over: bool = False) -> GateDecision:
        """Open a WebSocket connection of that name; without a heartbeat it is over in 60 seconds.

        At the limit `take_over` lets the key's oldest give way: `evicted` has to be closed.
        """
        request = _connection(secret, lease, take_over=take_over)
        with self._books.open():
            return self._decisions.decide(self.context(), request)

    def heartbeat(self, secret: str, lease: str) -> GateDecision:
        """Keep a connection open for another 60 seconds; whatever is not 200 has to be closed.

        404: it was over and may be opened again; 409: another took it over.
        """
        return self.heartbeat_request(_connection(secret, lease))

    def heartbeat_request(self, request: GateRequest) -> GateDecision:
        """The same where the key may be named by its id."""
        with self._books.open():
            return keep_open(self._decisions, self.context(), request)

    def disconnect(self, secret: str, lease: str) -> GateDecision:
        """Let go of a connection; a second time changes nothing. Raises Busy without counters."""
        return self.disconnect_request(_connection(secret, lease))

    def disconnect_request(self, request: GateRequest) -> GateDecision:
        """The same where the key may be named by its id."""
        with self._books.open():
            return close_connection(self._decisions, self.context(), request)

    def standing(self) -> GateStanding:
        """Whether the books and the counters answer; never raises."""
        with self._books.open():
            return gate_standing(self._decisions, self.context())

    def failures(self) -> dict[str, int]:
        """Transactions of several calls that were taken back, by what went wrong."""
        return self._decisions.failures()

    def context(self) -> Context:
        """What services receive at this moment."""
        return Context(self.database, self._clock(), self._actor, self._settings)


def _connection(secret: str, lease: str, *, take_over: bool = False) -> GateRequest:
    return GateRequest(secret=secret, channel=Channel.WEBSOCKET, lease=lease, take_over=take_over)


def new_request_id() -> str:
    """An id for a call that came without one."""
    return f"call-{secrets.token_hex(16)}"
