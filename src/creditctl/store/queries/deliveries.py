"""Claiming what is due, destination by destination, and writing down how it went."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork

_FREE = """
    d.state = 'active' AND (d.open_until IS NULL OR d.open_until <= :now)
    AND (d.claimed_until IS NULL OR d.claimed_until <= :clock)
"""
_DUE = "n.status = 'pending' AND n.next_attempt_at <= :now AND n.deadline_at > :now"


@dataclass(frozen=True, slots=True)
class DueRow:
    """A notification to send now, with where and how."""

    id: int
    public_id: str
    organization: str | None
    event: str
    action: str
    severity: str
    dedup_key: str
    occurred_at: datetime
    summary: str
    payload: str
    body_text: str
    body_html: str
    failures: int
    destination_id: int
    destination: str
    channel: str
    address: str
    secret: str | None
    previous_secret: str | None
    previous_secret_until: datetime | None
    failures_in_a_row: int

    def __repr__(self) -> str:
        return f"<{self.public_id} to {self.destination}>"  # no secret in a traceback


def is_anything_waiting(unit: UnitOfWork, now: datetime) -> bool:
    """Whether a notification is due, or too old."""
    return bool(
        unit.fetch_value(
            """
            SELECT EXISTS (SELECT 1 FROM notification WHERE status = 'pending'
                           AND (next_attempt_at <= :now OR deadline_at <= :now))
            """,
            now=now,
        )
    )


def due_destinations(unit: UnitOfWork, *, now: datetime, clock: datetime) -> list[int]:
    """Those to which something is due: the ones that work first, then whoever waits longest."""
    rows = unit.fetch_rows(
        f"""
        SELECT d.id FROM destination AS d JOIN notification AS n ON n.destination_id = d.id
        WHERE {_FREE} AND {_DUE}
        GROUP BY d.id, d.failures
        ORDER BY CASE WHEN d.failures > 0 THEN 1 ELSE 0 END, MIN(n.next_attempt_at), d.id
        """,
        now=now,
        clock=clock,
    )
    return [int(found) for (found,) in rows]


def claim_destination(
    unit: UnitOfWork,
    destination_id: int,
    *,
    claim: str,
    now: datetime,
    clock: datetime,
    until: datetime,
) -> bool:
    """Be the only one to send there, until the lease ends; False when somebody else is."""
    claimed = unit.run(
        f"""
        UPDATE destination AS d SET claim = :claim, claimed_until = :until
        WHERE d.id = :id AND {_FREE}
        """,
        id=destination_id,
        claim=claim,
        now=now,
        clock=clock,
        until=until,
    )
    return claimed == 1


def claim_for_test(
    unit: UnitOfWork, destination_id: int, *, claim: str, clock: datetime, until: datetime
) -> bool:
    """The same for one that is disabled or left alone: somebody asked how it is."""
    claimed = unit.run(
        """
        UPDATE destination SET claim = :claim, claimed_until = :until
        WHERE id = :id AND state <> 'removed'
          AND (claimed_until IS NULL OR claimed_until <= :clock)
        """,
        id=destination_id,
        claim=claim,
        clock=clock,
        until=until,
    )
    return claimed == 1


def release_destination(unit: UnitOfWork, destination_id: int, claim: str) -> None:
    """Let go of it, unless another holder has taken over meanwhile."""
    unit.run(
        """
        UPDATE destination SET claim = NULL, claimed_until = NULL
        WHERE id = :id AND claim = :claim
        """,
        id=destination_id,
        claim=claim,
    )


_SELECT = """
    SELECT n.id, n.public_id, o.slug, n.event, n.action, n.severity, n.dedup_key, n.occurred_at,
           n.summary, n.payload, n.body_text, n.body_html, n.failures, d.id, d.public_id, d.channel,
           d.address, d.secret, d.previous_secret, d.previous_secret_until, d.failures
    FROM notification AS n JOIN destination AS d ON d.id = n.destination_id
         LEFT JOIN organization AS o ON o.id = n.organization_id
"""


def next_due(unit: UnitOfWork, destination_id: int, now: datetime) -> DueRow | None:
    """What to send there next; a recovery never overtakes the trigger that it ends."""
    return unit.fetch_one(
        DueRow,
        f"""
        {_SELECT}
        WHERE n.destination_id = :id AND {_DUE} AND NOT EXISTS (
            SELECT 1 FROM notification AS e
            WHERE e.destination_id = n.destination_id AND e.dedup_key = n.dedup_key
              AND e.status = 'pending' AND e.id < n.id)
        ORDER BY n.next_attempt_at, n.id LIMIT 1
        """,
        id=destination_id,
        now=now,
    )


def due_named(unit: UnitOfWork, public_id: str) -> DueRow:
    """One notification with where it goes, which exists."""
    found = unit.fetch_one(DueRow, f"{_SELECT} WHERE n.public_id = :id", id=public_id)
    if found is None:
        raise LookupError(public_id)
    return found


def record_circuit(
    unit: UnitOfWork, destination_id: int, *, failures: int, open_until: datetime | None
) -> None:
    """How many failures in a row there are, and until when it is left alone."""
    unit.run(
        "UPDATE destination SET failures = :failures, open_until = :open_until WHERE id = :id",
        id=destination_id,
        failures=failures,
        open_until=open_until,
    )


def record_attempt(
    unit: UnitOfWork,
    notification_id: int,
    *,
    at: datetime,
    outcome: str,
    detail: str,
    duration_ms: int,
    actor: str,
) -> None:
    """Append an attempt and count it."""
    unit.insert(
        "delivery_attempt",
        notification_id=notification_id,
        attempted_at=at,
        outcome=outcome,
        detail=detail,
        duration_ms=duration_ms,
        actor=actor,
    )
    unit.run("UPDATE notification SET attempts = attempts + 1 WHERE id = :id", id=notification_id)


def mark_delivered(unit: UnitOfWork, notification_id: int, at: datetime) -> None:
    """It arrived, even where it had been given up while it was under way."""
    unit.run(
        """
        UPDATE notification SET status = 'delivered', delivered_at = :at, last_error = NULL
        WHERE id = :id AND status <> 'delivered'
        """,
        id=notification_id,
        at=at,
    )


def mark_failed(
    unit: UnitOfWork, notification_id: int, *, error: str, status: str, next_at: datetime
) -> None:
    """It did not arrive: it waits for the next attempt, or is given up."""
    unit.run(
        """
        UPDATE notification SET failures = failures + 1, last_error = :error, status = :status,
               next_attempt_at = :next_at
        WHERE id = :id AND status = 'pending'
        """,
        id=notification_id,
        error=error,
        status=status,
        next_at=next_at,
    )


def has_expired(unit: UnitOfWork, now: datetime) -> bool:
    """Whether something waits that is a dead letter by now."""
    found = unit.fetch_value(
        "SELECT 1 FROM notification WHERE status = 'pending' AND deadline_at <= :now LIMIT 1",
        now=now,
    )
    return found is not None


def give_up_expired(unit: UnitOfWork, *, now: datetime, clock: datetime) -> int:
    """Make what nobody delivered in time a dead letter, unless it is under way; how many."""
    return unit.run(
        """
        UPDATE notification SET status = 'dead',
               last_error = COALESCE(last_error, 'it was not delivered in time')
        WHERE status = 'pending' AND deadline_at <= :now AND destination_id NOT IN (
            SELECT id FROM destination WHERE claimed_until > :clock)
        """,
        now=now,
        clock=clock,
    )


def waiting(unit: UnitOfWork) -> int:
    """How many notifications are still to be delivered."""
    return int(unit.fetch_value("SELECT COUNT(*) FROM notification WHERE status = 'pending'"))
