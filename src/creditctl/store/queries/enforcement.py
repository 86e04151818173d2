"""Enforcement: what organizations have and owe, the states they are in, and how they changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.enforcement import Decision, Reason, State
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.limit_marks import chosen, given


@dataclass(frozen=True, slots=True)
class StateRow:
    """An organization's present state (None: never decided)."""

    organization_id: int
    organization: str
    state: State | None
    reason: Reason | None
    usage: Credits | None
    limit: Credits | None
    until: datetime | None
    since: datetime | None
    next_check_at: datetime | None
    held: Credits
    """What open holds reserve of `available`: calls in flight neither block nor are forgotten."""

    @property
    def decided(self) -> Decision:
        """What the last check said; before the first, nothing is wrong."""
        if self.state is None or self.reason is None:
            return Decision()
        return Decision(self.state, self.reason, self.usage, self.limit, self.until)


@dataclass(frozen=True, slots=True)
class StandingRow:
    """An organization's credits and open overage, and when time alone changes its grants."""

    organization_id: int
    organization: str
    status: str
    available: Credits
    open_overage: Credits
    next_grant_at: datetime | None
    next_expiry_at: datetime | None
    allowance_ends_at: datetime | None
    has_subscription: bool


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A marked organization, and how often it was marked."""

    organization_id: int
    revision: int


def state_rows(unit: UnitOfWork, organization_id: int | None = None) -> list[StateRow]:
    """What was decided of every organization, or of the one given; by slug."""
    return _states(unit, "organization AS o", organization_id)


def marked_states(unit: UnitOfWork) -> list[StateRow]:
    """What was decided of the marked ones; by slug."""
    return _states(unit, "limit_mark AS m JOIN organization AS o ON o.id = m.organization_id", None)


def _states(unit: UnitOfWork, source: str, organization_id: int | None) -> list[StateRow]:
    only = "" if organization_id is None else "WHERE o.id = :organization_id"
    return unit.fetch(
        StateRow,
        f"""
        SELECT o.id, o.slug, e.state, e.reason, e.usage_micro, e.limit_micro, e.until, e.since,
               e.next_check_at,
               (SELECT COALESCE(SUM(g.held_micro), 0) FROM credit_grant AS g
                WHERE g.organization_id = o.id)
        FROM {source} LEFT JOIN enforcement AS e ON e.organization_id = o.id
        {only}
        ORDER BY o.slug
        """,
        **given(organization_id),
    )


def marks(unit: UnitOfWork) -> list[MarkRow]:
    """Who is marked, by internal id."""
    return unit.fetch(
        MarkRow, "SELECT organization_id, revision FROM limit_mark ORDER BY organization_id"
    )


def standing_rows(
    unit: UnitOfWork, at: datetime, organization_id: int | None = None
) -> list[StandingRow]:
    """Every marked organization, or the one given, as it stands at that time; by slug."""
    live = """
        FROM credit_grant AS g
        WHERE g.organization_id = o.id AND g.effective_at <= :at
          AND (g.expires_at IS NULL OR g.expires_at > :at)
    """
    return unit.fetch(
        StandingRow,
        f"""
        SELECT o.id, o.slug, o.status,
               COALESCE((SELECT SUM(g.remaining_micro) {live}), 0),
               COALESCE((SELECT SUM(-v.amount_micro) FROM ledger_entry AS v
                         WHERE v.organization_id = o.id AND v.kind = 'overage'
                           AND v.overage_reason <> 'postpaid'
                           AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u
                                           WHERE u.reverses_id = v.id)), 0)
               - COALESCE((SELECT SUM(CASE WHEN s.grant_id IS NULL THEN s.amount_micro
                                           ELSE -s.amount_micro END)
                           FROM ledger_entry AS v JOIN ledger_entry AS s ON s.settles_id = v.id
                           WHERE v.organization_id = o.id AND v.kind = 'overage'
                             AND v.overage_reason <> 'postpaid'), 0),
               (SELECT MIN(g.effective_at) FROM credit_grant AS g
                WHERE g.organization_id = o.id AND g.effective_at > :at),
               (SELECT MIN(g.expires_at) {live}),
               (SELECT MIN(g.expires_at) {live} AND g.source IN ('subscription', 'trial')),
               EXISTS (SELECT 1 FROM subscription AS s WHERE s.organization_id = o.id)
        FROM {chosen(organization_id)} AS c JOIN organization AS o ON o.id = c.organization_id
        ORDER BY o.slug
        """,
        at=at,
        **given(organization_id),
    )


def states_count(unit: UnitOfWork) -> dict[State, int]:
    """How many organizations are in each state."""
    # Nearly all are fine: only the others are looked up one by one.
    rows = unit.fetch_rows(
        "SELECT state, COUNT(*) FROM enforcement WHERE state <> 'ok' GROUP BY state"
    )
    counts = {State(state): int(count) for state, count in rows}
    total = int(unit.fetch_value("SELECT COUNT(*) FROM enforcement"))
    return counts | {State.OK: total - sum(counts.values())}


def put_enforcement(
    unit: UnitOfWork,
    organization_id: int,
    decision: Decision,
    *,
    since: datetime,
    next_check_at: datetime | None,
) -> None:
    """Make `decision` the organization's present state, to be looked at again at that time."""
    unit.run(
        """
        INSERT INTO enforcement
            (organization_id, state, reason, limit_micro, usage_micro, since, until, next_check_at)
        VALUES (:organization_id, :state, :reason, :limit, :usage, :since, :until, :next_check_at)
        ON CONFLICT (organization_id) DO UPDATE SET
            state = excluded.state, reason = excluded.reason,
            limit_micro = excluded.limit_micro, usage_micro = excluded.usage_micro,
            since = excluded.since, until = excluded.until,
            next_check_at = excluded.next_check_at
        """,
        **_values(organization_id, decision),
        since=since,
        next_check_at=next_check_at,
    )


def schedule_checks(
    unit: UnitOfWork, next_checks: Mapping[int, datetime | None], *, since: datetime
) -> None:
    """Keep the states and look again at those times; whoever has no state yet is fine."""
    unit.run_many(
        """
        INSERT INTO enforcement (organization_id, state, reason, since, next_check_at)
        VALUES (:organization_id, 'ok', '', :since, :next_check_at)
        ON CONFLICT (organization_id) DO UPDATE SET next_check_at = excluded.next_check_at
        """,
        [
            {"organization_id": number, "since": since, "next_check_at": next_check_at}
            for number, next_check_at in sorted(next_checks.items())
        ],
    )


def append_enforcement_change(
    unit: UnitOfWork, organization_id: int, decision: Decision, *, changed_at: datetime
) -> None:
    """Keep the change in the organization's history."""
    unit.run(
        """
        INSERT INTO enforcement_change
            (organization_id, state, reason, limit_micro, usage_micro, changed_at, until)
        VALUES (:organization_id, :state, :reason, :limit, :usage, :changed_at, :until)
        """,
        **_values(organization_id, decision),
        changed_at=changed_at,
    )


def _values(organization_id: int, decision: Decision) -> dict[str, object]:
    return {
        "organization_id": organization_id,
        "state": decision.state,
        "reason": decision.reason,
        "limit": decision.limit,
        "usage": decision.usage,
        "until": decision.until,
    }


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """A decision of the past."""

    state: State
    reason: Reason
    usage: Credits | None
    limit: Credits | None
    until: datetime | None
    changed_at: datetime

    @property
    def decision(self) -> Decision:
        """As it was decided."""
        return Decision(self.state, self.reason, self.usage, self.limit, self.until)


def decided_at(unit: UnitOfWork, organization_id: int, at: datetime) -> DecidedRow | None:
    """What had been decided last at that time, or None before the first check."""
    return unit.fetch_one(
        DecidedRow,
        """
        SELECT state, reason, usage_micro, limit_micro, until, changed_at
        FROM enforcement_change
        WHERE organization_id = :organization_id AND changed_at <= :at
        ORDER BY changed_at DESC, id DESC LIMIT 1
        """,
        organization_id=organization_id,
        at=at,
    )


def decision_history(unit: UnitOfWork, organization_id: int, limit: int) -> list[DecidedRow]:
    """What had been decided, the newest first."""
    return unit.fetch(
        DecidedRow,
        """
        SELECT state, reason, usage_micro, limit_micro, until, changed_at
        FROM enforcement_change WHERE organization_id = :organization_id
        ORDER BY changed_at DESC, id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        limit=limit,
    )
