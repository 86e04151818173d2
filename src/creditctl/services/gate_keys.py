"""Whose request it is: the key that was named or shown, and whether it opens anything."""

from creditctl.context import Context
from creditctl.errors import KeyNotFound, KeyRefused
from creditctl.rules.gate import unknown_key
from creditctl.rules.gate_terms import GateDecision, GateReason
from creditctl.services.gate_facts import GateRequest
from creditctl.services.key_verification import key_of_secret
from creditctl.services.keys import key_shown
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.keys import KeyRow, find_key

_REASONS = {"revoked": GateReason.KEY_REVOKED, "expired": GateReason.KEY_EXPIRED}


def key_asking(unit: UnitOfWork, context: Context, request: GateRequest) -> KeyRow | GateDecision:
    """The key, if it is one and opens something."""
    key = key_named(unit, context, request)
    if isinstance(key, GateDecision):
        return key
    status = key_shown(key, context.now).status
    if status == "active":
        return key
    return unknown_key(_REASONS[status], context.now, f"The API key is {status}.")


def key_named(unit: UnitOfWork, context: Context, request: GateRequest) -> KeyRow | GateDecision:
    """The key, whether or not it opens anything still."""
    try:
        if request.secret is not None:
            return key_of_secret(unit, context, request.secret)
        return find_key(unit, request.key or "")
    except KeyRefused as problem:
        return unknown_key(GateReason.KEY_UNKNOWN, context.now, f"Not allowed: {problem.detail}.")
    except KeyNotFound:
        words = "There is no such API key." if request.key else "No API key was given."
        return unknown_key(GateReason.KEY_UNKNOWN, context.now, words)
