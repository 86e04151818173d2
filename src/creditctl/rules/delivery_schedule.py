"""When a notification is tried again, and when a destination is left alone (DESIGN 3.6)."""

import hashlib
from datetime import datetime, timedelta

LIFETIME = timedelta(hours=24)
"""After this a notification is a dead letter."""

_WAITS = (0, 30, 2 * 60, 10 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600)
"""Seconds before the first attempt, the second, and so on; the last one is kept."""

_JITTER_PARTS = 256
_LARGEST_JITTER = 5
"""One part in that many of the wait, at most: destinations that failed together drift apart."""

TRIPPED_AT = 5
"""Failures in a row after which a destination is left alone."""

_FIRST_REST = timedelta(minutes=5)
_LONGEST_REST = timedelta(hours=1)


def wait_after(failures: int, notification: str) -> timedelta:
    """How long to wait after that many failures; longer with each, the same whenever asked.

    The jitter comes from the notification's id alone, so that waits never get shorter.
    """
    seconds = _WAITS[min(failures, len(_WAITS) - 1)]
    drawn = hashlib.blake2b(notification.encode(), digest_size=1).digest()[0]
    micros = seconds * 1_000_000
    return timedelta(microseconds=micros + micros * drawn // (_JITTER_PARTS * _LARGEST_JITTER))


def next_attempt(
    failures: int, notification: str, failed_at: datetime, retry_after: int | None = None
) -> datetime:
    """When to try again; `retry_after` are seconds that the receiver asked to be left alone."""
    return failed_at + max(wait_after(failures, notification), asked_for(retry_after))


def rest_after(failures: int) -> timedelta | None:
    """How long a destination is left alone after that many failures in a row; None: not yet."""
    if failures < TRIPPED_AT:
        return None
    return min(_FIRST_REST * (1 << min(failures - TRIPPED_AT, 10)), _LONGEST_REST)


def open_until(
    failures: int, failed_at: datetime, retry_after: int | None = None
) -> datetime | None:
    """Until when nothing goes to a destination; afterwards one attempt shows how it is."""
    rest = max(rest_after(failures) or timedelta(0), asked_for(retry_after))
    return failed_at + rest if rest else None


def asked_for(retry_after: int | None) -> timedelta:
    """What the receiver asked for, never below nothing or beyond a notification's lifetime."""
    return min(timedelta(seconds=min(max(retry_after or 0, 0), 86_400)), LIFETIME)
