"""Which organizations `limits check` has to look at: those that changed, and those whose time came.

Whoever locks an organization to change something marks it, so a check's work grows with what
changed and not with how many there are.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from creditctl.rules.instants import instant_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_array

_GIVEN = {
    "sqlite": "json_each(:ids) AS g",
    "postgresql": "unnest(CAST(:ids AS BIGINT[])) AS g (value)",
}
_AGAIN = "ON CONFLICT (organization_id) DO UPDATE SET revision = limit_mark.revision + 1"


CHECK = "limits check"
"""The check itself."""

ENDINGS = "endings"
"""Grants that ended by then are booked, unless their organization changed since."""

EVERYBODY = 0
"""No organization's id: all of them are asked for."""


def chosen(organization_id: int | None) -> str:
    """What a query joins as the organizations asked for: one, every marked one, or everybody."""
    if organization_id is None:
        return "limit_mark"
    if organization_id == EVERYBODY:
        return "(SELECT id AS organization_id FROM organization)"
    return "(SELECT CAST(:organization_id AS BIGINT) AS organization_id)"


def given(organization_id: int | None) -> dict[str, int]:
    """The parameter that `chosen` needs."""
    return {"organization_id": organization_id} if organization_id else {}


def mark_organizations(unit: UnitOfWork, organization_ids: Iterable[int]) -> None:
    """Say that they changed; in id order, as they are locked."""
    ids = sorted(set(organization_ids))
    unit.run(
        f"""
        INSERT INTO limit_mark (organization_id, revision)
        SELECT g.value, 1 FROM {_GIVEN[unit.dialect]} WHERE true ORDER BY 1 {_AGAIN}
        """,
        ids=f"[{','.join(map(str, ids))}]" if unit.dialect == "sqlite" else as_array(ids),
    )


def mark_everybody(unit: UnitOfWork) -> None:
    """Say that all of them changed, or may have."""
    unit.run(
        f"""
        INSERT INTO limit_mark (organization_id, revision)
        SELECT id, 1 FROM organization WHERE true ORDER BY id {_AGAIN}
        """
    )


def is_there_work(unit: UnitOfWork, now: datetime, ended_before: datetime) -> bool:
    """Whether anybody changed, or time brought something about: the one question of a quiet run."""
    return bool(
        unit.fetch_value(
            """
            SELECT EXISTS (SELECT 1 FROM limit_mark)
                OR EXISTS (SELECT 1 FROM enforcement WHERE next_check_at <= :now)
                OR EXISTS (SELECT 1 FROM order_instalment
                           WHERE state = 'planned' AND due_at <= :now)
                OR EXISTS (SELECT 1 FROM hold WHERE state = 'open' AND expires_at <= :now)
                OR EXISTS (SELECT 1 FROM credit_grant
                           WHERE expires_at > (SELECT COALESCE(MAX(ran_at), 0) FROM limits_run
                                               WHERE job = :endings)
                             AND expires_at <= :ended_before AND remaining_micro > 0)
            """,
            now=now,
            ended_before=ended_before,
            endings=ENDINGS,
        )
    )


def mark_due(unit: UnitOfWork, now: datetime) -> None:
    """Mark those."""
    unit.run(
        f"""
        INSERT INTO limit_mark (organization_id, revision)
        SELECT organization_id, 1 FROM enforcement WHERE next_check_at <= :now
        ORDER BY organization_id {_AGAIN}
        """,
        now=now,
    )


def is_anybody_marked(unit: UnitOfWork) -> bool:
    """Whether there is something to look at."""
    return bool(unit.fetch_value("SELECT EXISTS (SELECT 1 FROM limit_mark)"))


def unmark(unit: UnitOfWork, organization_id: int) -> None:
    """Its locked organization was looked at."""
    unit.run(
        "DELETE FROM limit_mark WHERE organization_id = :organization_id",
        organization_id=organization_id,
    )


def unmark_unchanged(unit: UnitOfWork, seen: Mapping[int, int]) -> None:
    """Drop the marks, each with the revision seen: who changed meanwhile stays marked."""
    unit.run_many(
        "DELETE FROM limit_mark WHERE organization_id = :organization_id AND revision = :revision",
        [
            {"organization_id": organization_id, "revision": revision}
            for organization_id, revision in sorted(seen.items())
        ],
    )


def last_run(unit: UnitOfWork, job: str) -> datetime | None:
    """When that job was done last."""
    found = unit.fetch_value("SELECT ran_at FROM limits_run WHERE job = :job", job=job)
    return None if found is None else instant_of(int(found))


def note_run(unit: UnitOfWork, job: str, at: datetime) -> None:
    """It was done now."""
    unit.run(
        """
        INSERT INTO limits_run (job, ran_at) VALUES (:job, :at)
        ON CONFLICT (job) DO UPDATE SET ran_at = excluded.ran_at
        """,
        job=job,
        at=at,
    )
