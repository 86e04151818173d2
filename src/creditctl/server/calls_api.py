"""The JSON API: authorize a call, then capture or release it."""

from typing import Any

from creditctl.output.values import machine_object
from creditctl.rules.gate_terms import GateDecision
from creditctl.server.exchange import Answer, Asked, Deciding, Ending, json_answer
from creditctl.server.messages import (
    AuthorizeMessage,
    CaptureMessage,
    ReleaseMessage,
    read_message,
)
from creditctl.server.problems import Problem, decision_answer
from creditctl.server.service import Service
from creditctl.services.gate import OK
from creditctl.services.gate_calls import WantedCall, WantedCapture, WantedRelease
from creditctl.services.gate_keys import GateRequest
from creditctl.services.holds import Hold


def authorize(_: Service, asked: Asked) -> Deciding:
    """Decide a call, count it, and hold what it may cost."""
    message = read_message(AuthorizeMessage, asked.body)
    if (message.secret is None) == (message.key is None):
        raise Problem(422, "invalid_input", "One of secret and key says whose call it is.")
    request = GateRequest(
        secret=message.secret,
        key=message.key,
        channel=message.channel,
        method=message.method,
        path=message.path,
        units=message.units,
        capabilities=message.capabilities,
        since=message.since,
        messages=message.messages,
        lease=message.lease,
        take_over=message.take_over,
        webhooks=message.webhooks,
    )
    call = yield WantedCall(request, message.request_id)
    if call.decision.status != OK:
        return decision_answer(call.decision)
    return admitted(call.decision, call.hold)


def admitted(decision: GateDecision, hold: Hold | None) -> Answer:
    """The call may pass."""
    document = {"decision": machine_object(decision), "hold": _shown(hold)}
    return json_answer(OK, document, decision.headers, decision.reason.value)


def capture(_: Service, asked: Asked) -> Ending:
    """Charge a call for what it returned."""
    message = read_message(CaptureMessage, asked.body)
    hold = yield WantedCapture(message.request_id, message.status, message.units)
    return json_answer(OK, {"hold": _shown(hold)})


def release(_: Service, asked: Asked) -> Ending:
    """Let a call go that was not served."""
    message = read_message(ReleaseMessage, asked.body)
    hold = yield WantedRelease(message.request_id)
    return json_answer(OK, {"hold": _shown(hold)})


def _shown(hold: Hold | None) -> Any:
    return None if hold is None else machine_object(hold)
