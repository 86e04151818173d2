"""The only reader of the real clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def monotonic_micros() -> int:
    """Microseconds since some moment; only the time between two calls means anything."""
    return time.monotonic_ns() // 1000
