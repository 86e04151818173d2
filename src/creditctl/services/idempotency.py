"""Requests that name a key are done once; their answer is kept in the transaction they cause."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from creditctl.errors import IdempotencyKeyReused, InvalidInput
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.idempotency import insert_answer, remembered_answer

LONGEST_KEY = 255


def recall(unit: UnitOfWork, scope: str, key: str, request: Mapping[str, object]) -> str | None:
    """The answer this request got before, or None when the key is new.

    The caller holds the organization's lock, so two requests with one key come one after the other.
    Raises IdempotencyKeyReused when the key was used for another request.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(f"an idempotency key has 1 to {LONGEST_KEY} characters")
    found = remembered_answer(unit, scope, key)
    if found is None:
        return None
    if found.request_hash != _hash(request):
        raise _reused(key)
    return found.result


def remember(
    unit: UnitOfWork,
    scope: str,
    key: str,
    request: Mapping[str, object],
    result: str,
    created_at: datetime,
) -> None:
    """Keep the answer for the next time.

    Raises IdempotencyKeyReused when another organization's request used the key meanwhile.
    """
    kept = insert_answer(
        unit,
        scope=scope,
        key=key,
        request_hash=_hash(request),
        result=result,
        created_at=created_at,
    )
    if not kept:
        raise _reused(key)


def _reused(key: str) -> IdempotencyKeyReused:
    return IdempotencyKeyReused(f"{key!r} was used before with other parameters")


def _hash(request: Mapping[str, object]) -> str:
    canonical = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
