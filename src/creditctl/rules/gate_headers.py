"""The headers that tell a client where it stands; finlight sends none of them [FL].

`X-RateLimit-*` are what most clients know: the reset is a time in Unix seconds. `RateLimit` and
`RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers-10, where it is seconds from
now: a draft, whose names may still change.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from creditctl.rules.instants import micros_of

if TYPE_CHECKING:  # decisions have their headers themselves
    from creditctl.rules.gate_terms import GateDecision, WindowStanding

_SECOND = timedelta(seconds=1)
_MICROS = 1_000_000


def headers_of(decision: "GateDecision") -> dict[str, str]:
    """Every header of the decision, by name."""
    headers = {}
    if decision.retry_after is not None:
        headers["Retry-After"] = str(decision.retry_after)
    return headers | _nearest(decision) | _policies(decision.windows, decision.at)


def _nearest(decision: "GateDecision") -> dict[str, str]:
    """The one window that matters."""
    if decision.limit is None or decision.resets_at is None:
        return {}
    return {
        "X-RateLimit-Limit": str(decision.limit),
        "X-RateLimit-Remaining": str(decision.remaining),
        "X-RateLimit-Reset": str(-(-micros_of(decision.resets_at) // _MICROS)),
    }


def _policies(windows: "Iterable[WindowStanding]", at: datetime) -> dict[str, str]:
    """All windows, each a quoted name with its parameters."""
    limited = [window for window in windows if window.limit is not None]
    if not limited:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{window.name}";q={window.limit};w={window.seconds}' for window in limited
        ),
        "RateLimit": ", ".join(
            f'"{window.name}";r={window.remaining};t={_seconds_until(window.resets_at, at)}'
            for window in limited
        ),
    }


def _seconds_until(resets_at: datetime, at: datetime) -> int:
    return max(-((at - resets_at) // _SECOND), 0)
