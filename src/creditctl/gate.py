"""The gate for other programs: `from creditctl.gate import Gate`; what is named here stays."""

from creditctl.rules.gate_terms import GateDecision, GateReason
from creditctl.rules.rate_limits import Channel
from creditctl.server.embedding import Charge, Denied, Gate
from creditctl.server.middleware import Metered
from creditctl.services.gate_calls import GateCall
from creditctl.services.gate_keys import GateRequest
from creditctl.services.holds import Hold

__all__ = [
    "Channel",
    "Charge",
    "Denied",
    "Gate",
    "GateCall",
    "GateDecision",
    "GateReason",
    "GateRequest",
    "Hold",
    "Metered",
]
