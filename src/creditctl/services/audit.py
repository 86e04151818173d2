"""The audit log: who changed what, when and why."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.context import Context
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.audit import insert_audit_entry, latest_audit_entries
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change, as it was recorded."""

    recorded_at: datetime
    actor: str
    action: str
    subject: str
    organization: str | None
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    host: str


def record_change(
    unit: UnitOfWork,
    context: Context,
    action: str,
    subject: str,
    *,
    organization_id: int | None = None,
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Append an entry in the transaction that makes the change.

    `action` is `noun.verb` in the past (`grant.created`), `subject` a public id or name; values
    of `before` and `after` are written as text unless JSON has the type.
    """
    insert_audit_entry(
        unit,
        recorded_at=context.now,
        actor=context.actor,
        host=socket.gethostname(),
        action=action,
        subject=subject,
        organization_id=organization_id,
        reason=reason,
        before=_json(before),
        after=_json(after),
    )


def list_audit_entries(
    context: Context, *, organization: str | None, action: str | None, limit: int
) -> list[AuditEntry]:
    """The newest entries first; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        organization_id = find_organization(unit, organization).id if organization else None
        rows = latest_audit_entries(
            unit, organization_id=organization_id, action=action, limit=limit
        )
    return [
        AuditEntry(
            recorded_at=row.recorded_at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            organization=row.organization,
            reason=row.reason,
            before=json.loads(row.before) if row.before else None,
            after=json.loads(row.after) if row.after else None,
            host=row.host,
        )
        for row in rows
    ]


def _json(values: Mapping[str, object] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(values, default=str, ensure_ascii=False, separators=(",", ":"))
