"""Calls through the gate: decided, counted and held in one step, then captured or released.

The counters come first and the credits last, for only the credits can be promised to nobody else.
Who is refused for want of them is counted nowhere: a quota counts none that was denied.
"""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.gate import unaffordable
from creditctl.rules.gate_terms import GateDecision
from creditctl.services.call_prices import request_identity
from creditctl.services.gate import OK, Gate, with_headers
from creditctl.services.gate_facts import GateRequest
from creditctl.services.hold_answers import Hold, HoldRequest, InsufficientCredits
from creditctl.services.hold_capture import Capture
from creditctl.services.hold_steps import Authorization, Release
from creditctl.store.queries.holds import CAPTURED


@dataclass(frozen=True, slots=True)
class GateCall:
    """What was decided of a call, and what it holds; nothing where it was refused."""

    decision: GateDecision
    hold: Hold | None = None


def authorize_call(gate: Gate, context: Context, request: GateRequest, request_id: str) -> GateCall:
    """Decide a request, count it, and hold what it may cost.

    A request without a path, such as a connection, holds nothing. The same request again is
    answered with the same hold and is not counted again. Raises Conflict when the id was used by
    another call, or by one that has ended; InvalidInput.
    """
    number, _ = request_identity(request_id)
    weighed = gate.weigh(context, request, event_id=number if request.path else None)
    if weighed.decision.status != OK or weighed.key is None or request.path is None:
        return GateCall(weighed.decision)
    if weighed.known is not None and weighed.known.state == CAPTURED:
        raise Conflict(
            f"the call of request {request_id!r} was captured",
            hint="a call that is made again has a new request id",
        )
    wanted = HoldRequest(
        request_id=request_id,
        method=request.method,
        path=request.path,
        key=weighed.key.public_id,
        units=request.units,
    )
    try:
        prices = weighed.prices or gate.prices(context)
        hold = gate.change(context, Authorization(context, wanted, prices))
    except InsufficientCredits as refused:
        gate.take_back(context, request, weighed)
        decision = unaffordable(weighed.decision, refused.required, refused.available)
        return GateCall(with_headers(decision))
    except BaseException:
        gate.take_back(context, request, weighed)
        raise
    if not hold.is_new:
        # The same request came twice at once, and the other one was the first.
        gate.take_back(context, request, weighed)
    return GateCall(weighed.decision, hold)


def capture_call(
    gate: Gate, context: Context, reference: str, *, status: int = 200, units: int = 0
) -> Hold:
    """Charge a call for what it returned: see `services.hold_capture.capture`."""
    return gate.change(context, Capture(context, reference, gate.prices(context), status, units))


def release_call(gate: Gate, context: Context, reference: str) -> Hold:
    """Let a call go that was not served: see `services.holds.release`."""
    return gate.change(context, Release(context, reference))
