"""One delivery: claim, send, record; only the sending happens outside of any transaction.

A crash after sending leaves the claim behind: when its lease is over, the same notification is sent
again with the same id. So each arrives at least once, and never from two senders at the same time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic_ns

from creditctl import clock
from creditctl.adapters.channels import channel_named
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message
from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.rules.delivery_schedule import next_attempt, open_until
from creditctl.rules.destinations import secrets_in_force
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.deliveries import (
    DueRow,
    claim_destination,
    mark_delivered,
    mark_failed,
    next_due,
    record_attempt,
    record_circuit,
    release_destination,
)

LEASE = timedelta(minutes=2)
"""How long a destination stays claimed; a channel gives up after 10 seconds."""

LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification to send, and the right to be the only one who sends there."""

    due: DueRow
    claim: str


@dataclass(frozen=True, slots=True)
class Sent:
    """How one attempt went."""

    outcome: str
    """delivered, failed (to be tried again) or refused (for good)"""

    detail: str
    duration_ms: int
    retry_after: int | None = None


def opened(context: Context, kind: str) -> Channel:
    """The channel with its settings; raises InvalidInput where it is unknown or not set up."""
    settings: Mapping[str, str] = context.settings.channels.get(kind, {})
    return channel_named(kind, settings)


def deliver_next(context: Context, destination_id: int) -> str | None:
    """Send the next notification that is due there; returns the outcome.

    None when there is none any more, or somebody else is sending there.
    """
    claimed = claim(context, destination_id)
    if claimed is None:
        return None
    sent = send(context, claimed.due)
    with unit_of_work(context.database) as unit:
        record(unit, context, claimed, sent)
    return sent.outcome


def claim(context: Context, destination_id: int) -> Claimed | None:
    """Take a destination and what is due there, in a transaction of its own."""
    real = clock.now()  # leases are about processes: the real time counts, whatever --as-of says
    name = new_public_id("claim", real)
    with unit_of_work(context.database) as unit:
        if not claim_destination(
            unit, destination_id, claim=name, now=context.now, clock=real, until=real + LEASE
        ):
            return None
        due = next_due(unit, destination_id, context.now)
        if due is None:
            release_destination(unit, destination_id, name)
            return None
        return Claimed(due, name)


def send(context: Context, due: DueRow) -> Sent:
    """Hand it over, signed anew, with the id that it always has; never raises."""
    began = monotonic_ns()

    def told(outcome: str, detail: str, retry_after: int | None = None) -> Sent:
        took = (monotonic_ns() - began) // 1_000_000
        return Sent(outcome, _one_line(detail), took, retry_after)

    try:
        secrets = secrets_in_force(
            due.secret, due.previous_secret, due.previous_secret_until, context.now
        )
        channel = opened(context, due.channel)
        said = channel.deliver(_message(due), to=due.address, secrets=secrets, at=context.now)
    except DeliveryFailed as failure:
        outcome = "refused" if failure.is_final else "failed"
        return told(outcome, failure.reason, failure.retry_after)
    except CreditctlError as trouble:
        return told("failed", trouble.detail)  # not set up here: somebody may do that in time
    except Exception as bug:  # one channel's bug must not keep the others' messages back
        return told("failed", f"unexpected {type(bug).__name__}")
    return told("delivered", said)


def record(
    unit: UnitOfWork, context: Context, claimed: Claimed, sent: Sent, *, only_once: bool = False
) -> None:
    """Write down how it went, and let go of the destination; `only_once` tries it never again."""
    due = claimed.due
    failures = 0 if sent.outcome == "delivered" else due.failures_in_a_row + 1
    paused = open_until(failures, context.now, sent.retry_after) if failures else None
    record_circuit(unit, due.destination_id, failures=failures, open_until=paused)
    release_destination(unit, due.destination_id, claimed.claim)
    record_attempt(
        unit,
        due.id,
        at=context.now,
        outcome=sent.outcome,
        detail=sent.detail,
        duration_ms=sent.duration_ms,
        actor=context.actor,
    )
    if sent.outcome == "delivered":
        mark_delivered(unit, due.id, context.now)
        return
    mark_failed(
        unit,
        due.id,
        error=sent.detail,
        status="dead" if only_once or sent.outcome == "refused" else "pending",
        next_at=next_attempt(due.failures + 1, due.public_id, context.now, sent.retry_after),
    )


def _message(due: DueRow) -> Message:
    return Message(
        id=due.public_id,
        event=due.event,
        action=due.action,
        severity=due.severity,
        dedup_key=due.dedup_key,
        occurred_at=due.occurred_at,
        organization=due.organization or "",
        summary=due.summary,
        payload=due.payload,
        text=due.body_text,
        html=due.body_html,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_DETAIL]
