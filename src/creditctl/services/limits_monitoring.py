"""`limits check` for those who watch it: a monitor is pinged, and metrics are written to a file."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl import clock
from creditctl.context import Context
from creditctl.errors import Busy, CreditctlError, InvalidInput
from creditctl.rules.instants import instant_text, micros_of
from creditctl.services.limits_check import LimitsCheck, check_limits

if TYPE_CHECKING:
    from creditctl.adapters.pings import Monitor

_MICROS = 1_000_000
_COUNTS = (
    "checked",
    "ok",
    "notified",
    "blocked",
    "changed",
    "newly_blocked",
    "crossed",
    "recovered",
    "allowances_granted",
    "instalments_booked",
    "expiries_booked",
    "repayments_booked",
    "holds_expired",
    "recharged",
    "invoices_overdue",
    "told",
    "sent",
    "failed",
)
"""What a ping says beside times and credits."""


def check_limits_watched(
    context: Context,
    *,
    everybody: bool = False,
    ping_url: str | None = None,
    metrics_file: Path | None = None,
    warn: Callable[[str], None],
) -> LimitsCheck:
    """Run the check, then ping the monitor and write the metrics; neither can fail the check.

    A check that fails pings the failure; one that gives way to another run pings nothing, as the
    other one will. Raises what `check_limits` raises, and InvalidInput for an address that cannot
    be pinged, before anything is done.
    """
    monitor = _monitor(ping_url)
    began = clock.monotonic_micros()
    try:
        result = check_limits(context, everybody=everybody)
    except Busy:
        raise
    except Exception as problem:
        _ping(monitor, context, _failure(problem), warn, failed=True)
        raise
    took_micros = clock.monotonic_micros() - began
    if metrics_file is not None:
        _write_metrics(metrics_file, result, took_micros, warn)
    _ping(monitor, context, _summary(result, took_micros), warn, failed=False)
    return result


def _monitor(url: str | None) -> "Monitor | None":
    if url is None:
        return None
    from creditctl.adapters.pings import monitor_at  # ssl and http: most runs ping nobody

    return monitor_at(url)


def _ping(
    monitor: "Monitor | None",
    context: Context,
    said: dict[str, object],
    warn: Callable[[str], None],
    *,
    failed: bool,
) -> None:
    if monitor is None:
        return
    problem = monitor.ping(json.dumps(said).encode(), failed=failed, at=context.now)
    if problem is not None:
        warn(problem)


def _summary(result: LimitsCheck, took_micros: int) -> dict[str, object]:
    return {
        "at": instant_text(result.at),
        **{name: getattr(result, name) for name in _COUNTS},
        "slipped": str(result.slipped),
        "duration_ms": took_micros // 1000,
    }


def _failure(problem: Exception) -> dict[str, object]:
    """Our own words; those of a bug or a database may hold anything."""
    if isinstance(problem, CreditctlError):
        return {"code": problem.code, "error": problem.detail}
    return {"code": "internal", "error": type(problem).__name__}


def _write_metrics(
    path: Path, result: LimitsCheck, took_micros: int, warn: Callable[[str], None]
) -> None:
    from creditctl.adapters.metrics_file import Gauge, write_metrics

    def gauge(name: str, meaning: str, value: int | Fraction) -> Gauge:
        return Gauge(f"creditctl_limits_{name}", meaning, {"": value})

    gauges = [
        Gauge(
            "creditctl_limits_organizations",
            "Organizations by the state that limits check decided.",
            {"ok": result.ok, "notified": result.notified, "blocked": result.blocked},
            "state",
        ),
        gauge(
            "last_run_timestamp_seconds",
            "When limits check ran last.",
            Fraction(micros_of(result.at), _MICROS),
        ),
        gauge("checked", "Organizations the last run looked at.", result.checked),
        gauge("newly_blocked", "Organizations the last run blocked.", result.newly_blocked),
        gauge(
            "slipped_credits",
            "Credits used beyond what blocks, by those the last run blocked.",
            Fraction(result.slipped.micro, _MICROS),
        ),
        gauge("duration_seconds", "How long the last run took.", Fraction(took_micros, _MICROS)),
    ]
    try:
        write_metrics(path, gauges)
    except (OSError, InvalidInput) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem.detail
        warn(f"no metrics were written to {path}: {reason}")
