"""The JSON API of connections: kept open by a heartbeat, and closed."""

from dataclasses import dataclass

from creditctl.output.values import machine_object
from creditctl.rules.gate_terms import GateDecision, GateReason
from creditctl.rules.rate_limits import LEASE, Channel
from creditctl.server.exchange import Answer, Asked, json_answer
from creditctl.server.messages import ConnectionMessage, read_message
from creditctl.server.problems import Problem, decision_answer
from creditctl.server.service import Service
from creditctl.services.gate import OK
from creditctl.services.gate_keys import GateRequest

_SECONDS = int(LEASE.total_seconds())


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What became of a connection."""

    lease: str
    state: str
    """open, closed, or uncounted: the counters did not answer, and the plan lets it be."""

    expires_in: int
    """Seconds until it is over unless another heartbeat comes; 0 once it is closed."""


def heartbeat(service: Service, asked: Asked) -> Answer:
    """Keep a connection open, or learn why it has to be closed."""
    request = _request(asked)
    decision = service.gate.heartbeat_request(request)
    counted = decision.reason is not GateReason.COUNTERS_DOWN
    return _answer(decision, request, "open" if counted else "uncounted", _SECONDS)


def close(service: Service, asked: Asked) -> Answer:
    """Let go of a connection, so that another may be opened at once."""
    request = _request(asked)
    return _answer(service.gate.disconnect_request(request), request, "closed", 0)


def _request(asked: Asked) -> GateRequest:
    message = read_message(ConnectionMessage, asked.body)
    if (message.secret is None) == (message.key is None):
        raise Problem(422, "invalid_input", "One of secret and key says whose connection it is.")
    return GateRequest(
        secret=message.secret, key=message.key, channel=Channel.WEBSOCKET, lease=message.lease
    )


def _answer(decision: GateDecision, request: GateRequest, state: str, seconds: int) -> Answer:
    if decision.status != OK:
        return decision_answer(decision)
    found = ConnectionState(request.lease or "", state, seconds)
    return json_answer(OK, {"connection": machine_object(found)}, decision.headers)
