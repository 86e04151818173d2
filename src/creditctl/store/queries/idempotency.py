"""Remembered answers, by scope and key."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class RememberedAnswer:
    """What a request with this key was, and what it was answered."""

    request_hash: str
    result: str


def remembered_answer(unit: UnitOfWork, scope: str, key: str) -> RememberedAnswer | None:
    """The answer given to that key, or None."""
    return unit.fetch_one(
        RememberedAnswer,
        "SELECT request_hash, result FROM idempotency WHERE scope = :scope AND key = :key",
        scope=scope,
        key=key,
    )


def insert_answer(
    unit: UnitOfWork, *, scope: str, key: str, request_hash: str, result: str, created_at: datetime
) -> bool:
    """Keep an answer; False when a request with the same key came first."""
    inserted = unit.run(
        """
        INSERT INTO idempotency (scope, key, request_hash, result, created_at)
        VALUES (:scope, :key, :request_hash, :result, :created_at)
        ON CONFLICT (scope, key) DO NOTHING
        """,
        scope=scope,
        key=key,
        request_hash=request_hash,
        result=result,
        created_at=created_at,
    )
    return inserted == 1
