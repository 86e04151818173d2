"""Whose request it is: the key that was named or shown, and whether it opens anything."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import KeyNotFound, KeyRefused
from creditctl.rules.gate import unknown_key
from creditctl.rules.gate_terms import GateDecision, GateReason
from creditctl.rules.rate_limits import Channel
from creditctl.services.key_verification import key_of_secret
from creditctl.services.keys import key_shown
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.keys import KeyRow, find_key


@dataclass(frozen=True, slots=True)
class GateRequest:
    """One request as a gateway describes it; the key by its secret, or by its id or prefix."""

    secret: str | None = None
    key: str | None = None
    channel: Channel = Channel.REST
    method: str = "GET"
    path: str | None = None
    units: int | None = None
    """An estimate of what it returns; None: the most that its price allows for."""

    capabilities: tuple[str, ...] = ()
    """Asked for by name."""

    since: datetime | None = None
    messages: int = 1
    """Streamed messages, or webhook deliveries."""

    lease: str | None = None
    """The connection's name, chosen by who holds it."""

    take_over: bool = False
    """Let the key's oldest connection give way to this one."""

    webhooks: int = 0
    """How many webhooks there are before one more is created."""


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
