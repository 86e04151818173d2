"""Enforcement: what organizations have and owe, the states they are in, and how they changed."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.enforcement import Decision, Reason, State
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class StandingRow:
    """An organization's credits, open overage and present state (None: never decided)."""

    organization_id: int
    organization: str
    status: str
    available: Credits
    open_overage: Credits
    state: State | None
    reason: Reason | None
    usage: Credits | None
    limit: Credits | None
    until: datetime | None
    since: datetime | None

    @property
    def decided(self) -> Decision:
        """What the last check said; before the first, nothing is wrong."""
        if self.state is None or self.reason is None:
            return Decision()
        return Decision(self.state, self.reason, self.usage, self.limit, self.until)


def standing_rows(
    unit: UnitOfWork, at: datetime, organization_id: int | None = None
) -> list[StandingRow]:
    """Every organization, or the one given, as it stands at that time; by slug."""
    return unit.fetch(
        StandingRow,
        """
        SELECT o.id, o.slug, o.status, COALESCE(live.remaining, 0),
               COALESCE(owed.overage, 0) - COALESCE(repaid.amount, 0),
               e.state, e.reason, e.usage_micro, e.limit_micro, e.until, e.since
        FROM organization AS o
             LEFT JOIN (
                 SELECT organization_id, SUM(remaining_micro) AS remaining
                 FROM credit_grant
                 WHERE effective_at <= :at AND (expires_at IS NULL OR expires_at > :at)
                 GROUP BY organization_id
             ) AS live ON live.organization_id = o.id
             LEFT JOIN (
                 SELECT v.organization_id, SUM(-v.amount_micro) AS overage
                 FROM ledger_entry AS v
                 WHERE v.kind = 'overage' AND v.overage_reason <> 'postpaid'
                   AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = v.id)
                 GROUP BY v.organization_id
             ) AS owed ON owed.organization_id = o.id
             LEFT JOIN (
                 SELECT organization_id,
                        SUM(CASE WHEN grant_id IS NULL THEN amount_micro
                                 ELSE -amount_micro END) AS amount
                 FROM ledger_entry
                 WHERE settles_id IS NOT NULL
                 GROUP BY organization_id
             ) AS repaid ON repaid.organization_id = o.id
             LEFT JOIN enforcement AS e ON e.organization_id = o.id
        WHERE CAST(:organization_id AS BIGINT) IS NULL OR o.id = :organization_id
        ORDER BY o.slug
        """,
        at=at,
        organization_id=organization_id,
    )


def put_enforcement(
    unit: UnitOfWork, organization_id: int, decision: Decision, *, since: datetime
) -> None:
    """Make `decision` the organization's present state."""
    unit.run(
        """
        INSERT INTO enforcement
            (organization_id, state, reason, limit_micro, usage_micro, since, until)
        VALUES (:organization_id, :state, :reason, :limit, :usage, :since, :until)
        ON CONFLICT (organization_id) DO UPDATE SET
            state = excluded.state, reason = excluded.reason,
            limit_micro = excluded.limit_micro, usage_micro = excluded.usage_micro,
            since = excluded.since, until = excluded.until
        """,
        **_values(organization_id, decision),
        since=since,
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
