"""Connections that are open: kept by a heartbeat, closed, listed (DESIGN 3.7).

Opening one is a decision like any other (`services.gate`). A heartbeat asks again whatever was
asked then, all but the limit: a revoked key, a suspended organization or unpaid usage ends open
connections within `LEASE`.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from creditctl.adapters.counters.interface import CountersDown, Kept
from creditctl.context import Context
from creditctl.errors import Busy, InvalidInput, NotFound
from creditctl.rules.gate import (
    counted_decision,
    lost_connection,
    refusal,
    uncounted_decision,
)
from creditctl.rules.gate_terms import GateDecision, GateReason
from creditctl.rules.rate_limits import LEASE, Channel, Verdict
from creditctl.services.audit import record_change
from creditctl.services.gate import OK, Gate
from creditctl.services.gate_counters import open_counters
from creditctl.services.gate_facts import read_facts
from creditctl.services.gate_keys import GateRequest, key_named
from creditctl.services.gate_terms import terms_asking
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.keys import find_key


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a key holds open."""

    lease: str
    opened_at: datetime
    expires_at: datetime
    """Without a heartbeat until then."""


@dataclass(frozen=True, slots=True)
class ClosedConnection:
    """A connection that was closed by hand."""

    organization: str
    key: str
    lease: str
    opened_at: datetime


def keep_open(gate: Gate, context: Context, request: GateRequest) -> GateDecision:
    """The heartbeat of `request.lease`: 200 keeps it open for another LEASE.

    404: it is over, and may be opened again; 409: another took it over. Any other refusal closes
    it. Raises InvalidInput without a lease.
    """
    lease = _lease_of(request)
    prices = gate.prices(context)
    with reading(context.database) as unit:
        terms = terms_asking(unit, context, request)
        if isinstance(terms, GateDecision):
            return terms
        key = terms.key
        caller, asked = read_facts(unit, context, prices, terms, request)
    refused = refusal(caller, asked, context.now)
    if refused is not None:
        with suppress(CountersDown):  # then it is over in LEASE at the latest
            gate.counters.close_connection(key.first_id, lease)
        return refused
    try:
        kept = gate.counters.keep_open(key.first_id, lease, context.now, lasts=LEASE)
    except CountersDown:
        return uncounted_decision(caller, asked, context.now)
    if kept is Kept.OPEN:
        return counted_decision(caller, asked, context.now, Verdict(()))
    was_taken = kept is Kept.TAKEN_OVER
    return lost_connection(caller, asked, context.now, was_taken_over=was_taken)


def close(gate: Gate, context: Context, request: GateRequest) -> GateDecision:
    """Let go of `request.lease`: 200, also when it is not open any more; 401 for an unknown key.

    A key that was revoked may still close. Raises InvalidInput without a lease; Busy when the
    counters do not answer, and then it is over in LEASE.
    """
    lease = _lease_of(request)
    with reading(context.database) as unit:
        key = key_named(unit, context, request)
    if isinstance(key, GateDecision):
        return key
    try:
        gate.counters.close_connection(key.first_id, lease)
    except CountersDown as problem:
        raise _not_answering() from problem
    return GateDecision(
        OK, GateReason.OK, "", context.now, key=key.public_id, organization=key.organization
    )


def connections_of(context: Context, reference: str) -> list[Connection]:
    """What the key with that id or prefix holds open, the oldest first.

    Raises KeyNotFound, and Busy when the counters do not answer.
    """
    with reading(context.database) as unit:
        key = find_key(unit, reference)
    try:
        leases = open_counters(context).leases(key.first_id, context.now)
    except CountersDown as problem:
        raise _not_answering() from problem
    return [Connection(lease.name, lease.opened_at, lease.expires_at) for lease in leases]


def close_by_hand(
    context: Context, reference: str, lease: str, *, reason: str = ""
) -> ClosedConnection:
    """Let go of a connection whose holder does not; its next heartbeat is told that it is over.

    Raises KeyNotFound, NotFound when it is not open, and Busy when the counters do not answer.
    """
    counters = open_counters(context)
    found = next((one for one in connections_of(context, reference) if one.lease == lease), None)
    with unit_of_work(context.database) as unit:
        key = find_key(unit, reference)
        if found is None:
            raise NotFound(
                f"{key.prefix}… has no open connection {lease!r}",
                hint=f"'creditctl gate connections {key.prefix}' lists them",
            )
        record_change(
            unit,
            context,
            "connection.closed",
            key.public_id,
            organization_id=key.organization_id,
            reason=reason,
            before={"lease": lease, "opened_at": found.opened_at},
        )
    # After the commit: counters in the same database wait for its writer.
    try:
        counters.close_connection(key.first_id, lease)
    except CountersDown as problem:
        raise _not_answering() from problem
    return ClosedConnection(key.organization, key.public_id, lease, found.opened_at)


def _lease_of(request: GateRequest) -> str:
    if request.channel is not Channel.WEBSOCKET or not request.lease:
        raise InvalidInput("a connection is kept open or closed by its lease")
    return request.lease


def _not_answering() -> Busy:
    return Busy("the counters do not answer", hint="a connection is over without a heartbeat")
