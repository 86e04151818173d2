"""Calls through the gate: decided, counted and held in one step, then captured or released.

The counters come first and the credits last, for only the credits can be promised to nobody else.
Who is refused for want of them is counted nowhere: a quota counts none that was denied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, cast

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.gate import unaffordable
from creditctl.rules.gate_terms import GateDecision
from creditctl.services.call_prices import request_identity
from creditctl.services.gate import OK, Gate, Weighed
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_snapshot import Numbered
from creditctl.services.group_steps import Step
from creditctl.services.hold_answers import Hold, HoldRequest, InsufficientCredits
from creditctl.services.hold_capture import Capture
from creditctl.services.hold_steps import Authorization, Release
from creditctl.services.outcomes import Outcome, Tell, all_of, outcome_of
from creditctl.services.overdue_holds import MANY, FreeOverdue
from creditctl.store.queries.holds import CAPTURED


@dataclass(frozen=True, slots=True)
class GateCall:
    """What was decided of a call, and what it holds; nothing where it was refused."""

    decision: GateDecision
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A request, and the name that its call has from now on."""

    request: GateRequest
    request_id: str


@dataclass(frozen=True, slots=True)
class WantedCapture:
    """A call that was served: its hold or its request id, and what it returned."""

    reference: str
    status: int = 200
    units: int = 0


@dataclass(frozen=True, slots=True)
class WantedRelease:
    """A call that was not served: its hold or its request id."""

    reference: str


Wanted: TypeAlias = WantedCall | WantedCapture | WantedRelease


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A call that may pass if its hold can be placed."""

    request: GateRequest
    weighed: Weighed
    step: Authorization


_Ready: TypeAlias = _Admitted | Step[Hold] | GateCall
"""A step to be made, or an answer that needs none."""


def authorize_call(gate: Gate, context: Context, request: GateRequest, request_id: str) -> GateCall:
    """Decide a request, count it, and hold what it may cost.

    A request without a path, such as a connection, holds nothing. The same request again is
    answered with the same hold and is not counted again. Raises Conflict when the id was used by
    another call, or by one that has ended; InvalidInput.
    """
    (found,) = answer_calls(gate, context, [WantedCall(request, request_id)])
    return cast(GateCall, found.answer())


def capture_call(
    gate: Gate, context: Context, reference: str, *, status: int = 200, units: int = 0
) -> Hold:
    """Charge a call for what it returned: see `services.hold_capture.capture`."""
    (found,) = answer_calls(gate, context, [WantedCapture(reference, status, units)])
    return cast(Hold, found.answer())


def release_call(gate: Gate, context: Context, reference: str) -> Hold:
    """Let a call go that was not served: see `services.holds.release`."""
    (found,) = answer_calls(gate, context, [WantedRelease(reference)])
    return cast(Hold, found.answer())


def answer_calls(
    gate: Gate, context: Context, wanted: Sequence[Wanted]
) -> list[Outcome[GateCall | Hold]]:
    """What `begin_calls` answers and tells, once all of it is known."""
    return all_of(partial(begin_calls, gate, context, wanted), len(wanted))


def begin_calls(
    gate: Gate, context: Context, wanted: Sequence[Wanted], tell: Tell[Outcome[GateCall | Hold]]
) -> dict[int, Outcome[GateCall | Hold]]:
    """Many in one go: decided in one snapshot, counted in one trip, written in one transaction.

    The answers by place; those that wait for somebody else are told later. What ends a call is
    answered with its hold. Raises, before anything is counted, what makes it impossible for all of
    them.
    """
    calls = {place: one for place, one in enumerate(wanted) if isinstance(one, WantedCall)}
    ends = {place: one for place, one in enumerate(wanted) if not isinstance(one, WantedCall)}
    found: dict[int, Outcome[_Ready]] = {
        place: outcome_of(partial(_ending, gate, context, one)) for place, one in ends.items()
    }
    weighed = _weighed(gate, context, list(calls.values()))
    for (place, one), weighing in zip(calls.items(), weighed, strict=True):
        found[place] = outcome_of(partial(_admitted, gate, context, one, weighing))
    answers: dict[int, Outcome[GateCall | Hold]] = {}
    ready: dict[int, _Admitted | Step[Hold]] = {}
    for place, outcome in found.items():
        if outcome.value is None or isinstance(outcome.value, GateCall):
            answers[place] = Outcome(outcome.value, outcome.problem)
        else:
            ready[place] = outcome.value
    places = list(ready)
    made = _made(gate, context, list(ready.values()), lambda number, one: tell(places[number], one))
    return answers | {places[number]: one for number, one in made.items()}


def _weighed(gate: Gate, context: Context, wanted: Sequence[WantedCall]) -> list[Outcome[Weighed]]:
    asked: dict[int, Numbered] = {}
    found: dict[int, Outcome[Weighed]] = {}
    for place, one in enumerate(wanted):
        try:
            number, _ = request_identity(one.request_id)
        except InvalidInput as problem:
            found[place] = Outcome(problem=problem)
        else:
            asked[place] = one.request, number if one.request.path else None
    if asked:
        found |= dict(zip(asked, gate.weigh_all(context, list(asked.values())), strict=True))
    return [found[place] for place in range(len(wanted))]


def _admitted(
    gate: Gate, context: Context, wanted: WantedCall, found: Outcome[Weighed]
) -> _Admitted | GateCall:
    """What is to be held, or the answer that holds nothing."""
    weighed, request = found.answer(), wanted.request
    if weighed.decision.status != OK or weighed.key is None or request.path is None:
        return GateCall(weighed.decision)
    if weighed.known is not None and weighed.known.state == CAPTURED:
        raise Conflict(
            f"the call of request {wanted.request_id!r} was captured",
            hint="a call that is made again has a new request id",
        )
    hold = HoldRequest(
        request_id=wanted.request_id,
        method=request.method,
        path=request.path,
        key=weighed.key.public_id,
        units=request.units,
    )
    try:
        prices = weighed.prices or gate.prices(context)
        return _Admitted(request, weighed, Authorization(context, hold, prices))
    except BaseException:
        gate.take_back(context, request, weighed)
        raise


def _ending(gate: Gate, context: Context, one: WantedCapture | WantedRelease) -> Step[Hold]:
    if isinstance(one, WantedRelease):
        return Release(context, one.reference)
    return Capture(context, one.reference, gate.asked_prices, one.status, one.units)


def _made(
    gate: Gate,
    context: Context,
    ready: Sequence[_Admitted | Step[Hold]],
    tell: Tell[Outcome[GateCall | Hold]],
) -> dict[int, Outcome[GateCall | Hold]]:
    if not ready:
        return {}

    def answered(place: int, found: Outcome[Hold]) -> Outcome[GateCall | Hold]:
        one = ready[place]
        if isinstance(one, _Admitted):
            return outcome_of(partial(_answered, gate, context, one, found))
        return Outcome(found.value, found.problem)

    def told(place: int, found: Outcome[Any]) -> None:
        if place < len(ready):
            tell(place, answered(place, found))

    try:
        steps = [one.step if isinstance(one, _Admitted) else one for one in ready]
        # Behind the calls; nobody waits for what comes of it.
        holds = gate.change_all(context, [*steps, *_tidying(context, ready)], told)
    except BaseException:
        for one in ready:
            if isinstance(one, _Admitted):
                gate.take_back(context, one.request, one.weighed)
        raise
    return {place: answered(place, holds[place]) for place in range(len(ready)) if place in holds}


def _tidying(context: Context, ready: Sequence[_Admitted | Step[Hold]]) -> list[Step[Any]]:
    owners = {
        one.weighed.key.organization_id
        for one in ready
        if isinstance(one, _Admitted) and one.weighed.key and one.weighed.overdue >= MANY
    }
    return [FreeOverdue(context, owner) for owner in sorted(owners)]


def _answered(gate: Gate, context: Context, one: _Admitted, found: Outcome[Hold]) -> GateCall:
    decision = one.weighed.decision
    if found.problem is not None or (found.value is not None and not found.value.is_new):
        # Not held, or by the same request that came twice at once, and the other was the first.
        gate.take_back(context, one.request, one.weighed)
    if isinstance(found.problem, InsufficientCredits):
        refused = found.problem
        return GateCall(unaffordable(decision, refused.required, refused.available))
    return GateCall(decision, found.answer())
