"""The audit log: append and read."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of `audit_entry`, with the organization's slug."""

    id: int
    recorded_at: datetime
    actor: str
    host: str
    action: str
    subject: str
    organization: str | None
    reason: str
    before: str | None
    after: str | None


def insert_audit_entry(
    unit: UnitOfWork,
    *,
    recorded_at: datetime,
    actor: str,
    host: str,
    action: str,
    subject: str,
    organization_id: int | None,
    reason: str,
    before: str | None,
    after: str | None,
) -> None:
    """Append one entry; `before` and `after` are JSON texts."""
    unit.insert(
        "audit_entry",
        recorded_at=recorded_at,
        actor=actor,
        host=host,
        action=action,
        subject=subject,
        organization_id=organization_id,
        reason=reason,
        before=before,
        after=after,
    )


def latest_audit_entries(
    unit: UnitOfWork, *, organization_id: int | None, action: str | None, limit: int
) -> list[AuditRow]:
    """The newest entries first, of one organization or action when given."""
    return unit.fetch(
        AuditRow,
        """
        SELECT a.id, a.recorded_at, a.actor, a.host, a.action, a.subject, o.slug, a.reason,
               a.before, a.after
        FROM audit_entry AS a LEFT JOIN organization AS o ON o.id = a.organization_id
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR a.organization_id = :organization_id)
          AND (CAST(:action AS TEXT) IS NULL OR a.action = :action)
        ORDER BY a.id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        action=action,
        limit=limit,
    )
