"""The audit log: who changed what, when and why."""

import getpass
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from creditctl.context import Context
from creditctl.errors import AuditKeyMissing
from creditctl.rules.audit_chain import GENESIS, key_id_of, keys_in, seal_of
from creditctl.rules.instants import micros_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.audit import (
    insert_audit_entries,
    latest_audit_entries,
    lock_audit_log,
    newest_seal,
)
from creditctl.store.queries.orgs import find_organization

_COMPACT = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":"))


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
    profile: str | None


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
    of `before` and `after` are written as text unless JSON has the type. The commit raises
    AuditKeyMissing where the log is sealed with a key and none is configured.
    """
    entry: dict[str, object] = {
        "recorded_at": micros_of(context.now),
        "actor": context.actor,
        "host": _machine(),
        "profile": context.settings.profile,
        "action": action,
        "subject": subject,
        "organization_id": organization_id,
        "reason": reason,
        "before": _json(before),
        "after": _json(after),
    }
    # Sealed at the very end: the chain is locked only then, after every organization.
    key = next(iter(keys_in(context.settings.audit_key)), None)
    last = unit.before_commit[-1] if unit.before_commit else None
    if isinstance(last, _Pending) and last.key == key:
        last.entries.append(entry)
    else:
        unit.before_commit.append(_Pending(key, [entry]))


@dataclass(frozen=True, slots=True)
class _Pending:
    """Entries that the commit appends together: thousands cost one look at the chain."""

    key: bytes | None
    entries: list[dict[str, object]]

    def __call__(self, unit: UnitOfWork) -> None:
        lock_audit_log(unit)
        newest = newest_seal(unit)
        if self.key is None and newest is not None and newest.key_id is not None:
            raise AuditKeyMissing(
                f"the audit log is sealed with key {newest.key_id}, and none is set"
            )
        previous = GENESIS if newest is None or newest.seal is None else newest.seal
        rows, key_id = [], key_id_of(self.key)
        for entry in self.entries:
            previous = seal_of(previous, entry, self.key)
            rows.append(entry | {"seal": previous, "key_id": key_id})
        insert_audit_entries(unit, rows)


def list_audit_entries(
    context: Context,
    *,
    organization: str | None = None,
    action: str | None = None,
    actor: str | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """The newest entries first; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        organization_id = find_organization(unit, organization).id if organization else None
        rows = latest_audit_entries(
            unit, organization_id=organization_id, action=action, actor=actor, limit=limit
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
            profile=row.profile,
        )
        for row in rows
    ]


def _json(values: Mapping[str, object] | None) -> str | None:
    if values is None:
        return None
    return _COMPACT.encode(values)


@cache
def _machine() -> str:
    """The operating system's user and host: --actor changes neither."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
