"""`destinations test`: one message now, and how it went."""

from dataclasses import dataclass

from creditctl import clock
from creditctl.context import Context
from creditctl.errors import Busy
from creditctl.rules.destinations import shown_address
from creditctl.rules.events import Event
from creditctl.services.delivery_steps import LEASE, Claimed, record, send
from creditctl.services.destinations import find_destination
from creditctl.services.outbox import subject_of, write_notification
from creditctl.store.engine import unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.deliveries import claim_for_test, due_named


@dataclass(frozen=True, slots=True)
class DestinationTrial:
    """What came of a test message."""

    id: str
    channel: str
    address: str
    outcome: str
    """delivered, failed or refused"""

    detail: str
    duration_ms: int
    notification: str

    @property
    def works(self) -> bool:
        """Whether it arrived."""
        return self.outcome == "delivered"


def try_destination(context: Context, destination: str) -> DestinationTrial:
    """Send `destination.test` there, once; it is never tried again.

    One that is disabled or left alone is tested too, and success ends its pause. Raises NotFound,
    and Busy while something else is being sent there.
    """
    claimed = _written(context, destination)
    sent = send(context, claimed.due)
    with unit_of_work(context.database) as unit:
        record(unit, context, claimed, sent, only_once=True)
    return DestinationTrial(
        id=destination,
        channel=claimed.due.channel,
        address=shown_address(claimed.due.channel, claimed.due.address),
        outcome=sent.outcome,
        detail=sent.detail,
        duration_ms=sent.duration_ms,
        notification=claimed.due.public_id,
    )


def _written(context: Context, destination: str) -> Claimed:
    """The message in the outbox, and the claim: a crash leaves it there like any other."""
    real = clock.now()
    claim = new_public_id("claim", real)
    with unit_of_work(context.database) as unit:
        row = find_destination(unit, destination)
        if not claim_for_test(unit, row.id, claim=claim, clock=real, until=real + LEASE):
            raise Busy(f"something is being sent to {destination}")
        owner = row.organization_id
        event = Event(
            name="destination.test",
            organization=None if owner is None else subject_of(unit, owner),
            rule=row.public_id,
            window=new_public_id("test", real),
            revision=0,
            occurred_at=context.now,
            note=f"asked for by {context.actor}",
        )
        written = write_notification(unit, context, event, row.id, owner)
        if written is None:
            raise LookupError(event.dedup_key)
        return Claimed(due_named(unit, written), claim)
