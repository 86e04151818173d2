"""Decisions of the gate's counters against the library `limits`, on the same Redis.

    python -m tests.benchmarks.gate [--decisions N] [--rounds N] [--enforce]

Both sides run in this process and take turns; the median of the rounds counts. One window is a
burst of any ten seconds, as `limits` has it (MovingWindowRateLimiter). All windows are a period, an
hour and a burst: one round trip here, three calls there, which even then would count a request that
the last of them refuses.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from tests.redis_server import local_redis

from creditctl import clock
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.rules.periods import calendar_month
from creditctl.rules.rate_limits import Channel, Check, checks_for

_KEYS = 50
_BURST = 100
_LIMITS = {
    "requests_per_period": 10**9,
    "requests_per_hour": 10**9,
    "burst_per_10_seconds": _BURST,
}
Decide = Callable[[int], bool]


def main() -> int:
    """Print both sides' decisions per second and their ratio; with --enforce it is a gate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--decisions", type=int, default=10_000, help="a round, each side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--enforce", action="store_true", help="fail below 1 x limits, one window")
    options = parser.parse_args()
    ratios = []
    with local_redis() as url:
        for name, ours, theirs in comparisons(url):
            pairs = [
                (per_second(ours, options.decisions), per_second(theirs, options.decisions))
                for _ in range(options.rounds)
            ]
            here, there = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratios.append(statistics.median(mine / other for mine, other in pairs))
            sys.stdout.write(
                f"{name}: {here:,.0f} decisions/s, limits {there:,.0f}, ratio {ratios[-1]:.2f}\n"
            )
    return 1 if options.enforce and ratios[0] < 1 else 0


def comparisons(url: str) -> list[tuple[str, Decide, Decide]]:
    """Name, our decision and theirs: of one moving window, and of period, hour and burst."""
    return [
        ("gate_one_window", *_one_window(url)),
        ("gate_all_windows", *_all_windows(url)),
    ]


def _one_window(url: str) -> tuple[Decide, Decide]:
    check = Check("burst_per_10_seconds", _BURST, timedelta(seconds=10))
    limiter, items = _limiter(url, [(_BURST, 10)])
    counters = RedisCounters(url)
    return (
        lambda key: counters.hit(key, (check,), clock.now()).refused is None,
        lambda key: bool(limiter.hit(items[0], f"key-{key}")),
    )


def _all_windows(url: str) -> tuple[Decide, Decide]:
    now = clock.now()
    month = calendar_month(now)
    # With its own keys: the bursts of the first measure are still in the way.
    limiter, items = _limiter(url, [(10**9, 86_400 * 30), (10**9, 3600), (_BURST, 10)], fixed=2)
    counters = RedisCounters(url)

    def ours(key: int) -> bool:
        at = clock.now()
        checks = checks_for(Channel.REST, _LIMITS, month, at)
        return counters.hit(_KEYS + key, checks, at).refused is None

    def theirs(key: int) -> bool:
        return all(limiter(item, f"all-{key}") for item in items)

    return ours, theirs


def _limiter(url: str, windows: Sequence[tuple[int, int]], *, fixed: int = 0) -> tuple[Any, Any]:
    """A moving window, or a function that asks `fixed` windows and then a moving one."""
    from limits import RateLimitItemPerSecond
    from limits.storage import storage_from_string
    from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

    storage = storage_from_string(f"redis+{url}")
    items = [RateLimitItemPerSecond(amount, seconds) for amount, seconds in windows]
    moving = MovingWindowRateLimiter(storage)
    if not fixed:
        return moving, items
    plain = FixedWindowRateLimiter(storage)
    strategies = {id(item): plain if i < fixed else moving for i, item in enumerate(items)}
    return (lambda item, key: strategies[id(item)].hit(item, key)), items


def per_second(decide: Decide, decisions: int) -> float:
    for key in range(_KEYS):
        decide(key)
    began = time.perf_counter()
    for number in range(decisions):
        decide(number % _KEYS)
    return decisions / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
