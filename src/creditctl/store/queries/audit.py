"""The audit log: append and read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.instants import instant_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.staging import BULK

_LOCK_KEY = 7_305_512_271
"""Any number: PostgreSQL's advisory lock that only the audit log takes."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of `audit_entry`, with the organization's slug."""

    id: int
    recorded_at: datetime
    actor: str
    host: str
    profile: str | None
    action: str
    subject: str
    organization: str | None
    reason: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row of `audit_entry` as its seal was made from it; times are microseconds."""

    id: int
    recorded_at: int
    actor: str
    host: str
    profile: str | None
    action: str
    subject: str
    organization_id: int | None
    reason: str
    before: str | None
    after: str | None
    seal: str | None
    key_id: str | None


_SEALED = """
    id, recorded_at, actor, host, profile, action, subject, organization_id, reason, before, after,
    seal, key_id
"""


def lock_audit_log(unit: UnitOfWork) -> None:
    """Let entries be appended one transaction after the other. SQLite has one writer anyway."""
    if unit.dialect != "sqlite":
        unit.run("SELECT pg_advisory_xact_lock(CAST(:key AS BIGINT))", key=_LOCK_KEY)


def newest_seal(unit: UnitOfWork) -> SealedRow | None:
    """The entry that was appended last, or None."""
    return unit.fetch_one(SealedRow, f"SELECT {_SEALED} FROM audit_entry ORDER BY id DESC LIMIT 1")


def count_audit_entries(unit: UnitOfWork) -> int:
    """How many entries there are."""
    return int(unit.fetch_value("SELECT COUNT(*) FROM audit_entry"))


def sealed_after(unit: UnitOfWork, entry_id: int, limit: int) -> list[SealedRow]:
    """The next entries in their order."""
    return unit.fetch(
        SealedRow,
        f"SELECT {_SEALED} FROM audit_entry WHERE id > :entry_id ORDER BY id LIMIT :limit",
        entry_id=entry_id,
        limit=limit,
    )


def last_entry_at(
    unit: UnitOfWork, organization_id: int, action: str, subject: str
) -> datetime | None:
    """When that was last done to something of an organization's, or None."""
    found = unit.fetch_value(
        """
        SELECT MAX(recorded_at) FROM audit_entry
        WHERE organization_id = :organization_id AND action = :action AND subject = :subject
        """,
        organization_id=organization_id,
        action=action,
        subject=subject,
    )
    return None if found is None else instant_of(int(found))


def insert_audit_entries(unit: UnitOfWork, rows: Sequence[Mapping[str, object]]) -> None:
    """Append entries in their order; `before` and `after` are JSON texts."""
    BULK[unit.dialect].append_rows(
        unit, "audit_entry", list(rows[0]), [tuple(row.values()) for row in rows]
    )


def latest_audit_entries(
    unit: UnitOfWork,
    *,
    organization_id: int | None,
    action: str | None,
    actor: str | None,
    limit: int,
) -> list[AuditRow]:
    """The newest entries first, of one organization, action or actor when given."""
    return unit.fetch(
        AuditRow,
        """
        SELECT a.id, a.recorded_at, a.actor, a.host, a.profile, a.action, a.subject, o.slug,
               a.reason, a.before, a.after
        FROM audit_entry AS a LEFT JOIN organization AS o ON o.id = a.organization_id
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR a.organization_id = :organization_id)
          AND (CAST(:action AS TEXT) IS NULL OR a.action = :action)
          AND (CAST(:actor AS TEXT) IS NULL OR a.actor = :actor)
        ORDER BY a.id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        action=action,
        actor=actor,
        limit=limit,
    )
