"""Requests that wait for a second person: insert, find, list, decide."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.errors import ApprovalNotFound
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A row of `approval`, with the organization's slug; `request` and `result` are JSON."""

    id: int
    public_id: str
    verb: str
    organization: str
    amount: Credits
    request: str
    reason: str
    idempotency_key: str | None
    status: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    result: str | None


_SELECT = """
    SELECT a.id, a.public_id, a.verb, o.slug, a.amount_micro, a.request, a.reason,
           a.idempotency_key, a.status, a.requested_by, a.requested_at, a.decided_by, a.decided_at,
           a.decision_reason, a.result
    FROM approval AS a JOIN organization AS o ON o.id = a.organization_id
"""


def insert_approval(unit: UnitOfWork, **columns: object) -> bool:
    """Insert a request that waits; False when one was made with its key before."""
    inserted = unit.run(
        """
        INSERT INTO approval (public_id, verb, organization_id, amount_micro, request, reason,
                              idempotency_key, status, requested_by, requested_at)
        VALUES (:public_id, :verb, :organization_id, :amount_micro, :request, :reason,
                :idempotency_key, 'pending', :requested_by, :requested_at)
        ON CONFLICT (verb, idempotency_key) DO NOTHING
        """,
        **columns,
    )
    return inserted == 1


def approval_with_key(unit: UnitOfWork, verb: str, idempotency_key: str) -> ApprovalRow:
    """The request that was made with that key, decided or not; raises ApprovalNotFound."""
    found = unit.fetch_one(
        ApprovalRow,
        f"{_SELECT} WHERE a.verb = :verb AND a.idempotency_key = :key",
        verb=verb,
        key=idempotency_key,
    )
    if found is None:
        raise ApprovalNotFound(f"nobody asked for {verb} with the key {idempotency_key!r}")
    return found


def find_approval(unit: UnitOfWork, public_id: str) -> ApprovalRow:
    """The request of that id; raises ApprovalNotFound."""
    found = unit.fetch_one(ApprovalRow, f"{_SELECT} WHERE a.public_id = :id", id=public_id)
    if found is None:
        raise ApprovalNotFound(f"there is no approval {public_id!r}")
    return found


def list_approval_rows(unit: UnitOfWork, *, everything: bool) -> list[ApprovalRow]:
    """Those that wait, or all; the oldest first."""
    only = "" if everything else "WHERE a.status = 'pending'"
    return unit.fetch(ApprovalRow, f"{_SELECT} {only} ORDER BY a.id")


def decide_approval(
    unit: UnitOfWork,
    approval_id: int,
    *,
    status: str,
    by: str,
    at: datetime,
    reason: str,
    result: str | None,
) -> bool:
    """Approve or reject what waits; False when it was decided meanwhile."""
    changed = unit.run(
        """
        UPDATE approval SET status = :status, decided_by = :by, decided_at = :at,
               decision_reason = :reason, result = :result
        WHERE id = :id AND status = 'pending'
        """,
        id=approval_id,
        status=status,
        by=by,
        at=at,
        reason=reason,
        result=result,
    )
    return changed == 1
