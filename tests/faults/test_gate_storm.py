"""Four processes ask for one key at once: exactly as many requests as the plan has are admitted."""

from collections.abc import Iterator

import pytest

from builders import open_books
from counter_stores import EVERY_STORE, a_key
from creditctl.context import Context
from forked import Forked
from redis_server import local_redis

PROCESSES = 4
WORKER = """
import sys
from datetime import UTC, datetime, timedelta
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.rules.periods import calendar_month
from creditctl.rules.rate_limits import Check
from creditctl.services.gate_counters import DatabaseCounters

kind, place, key, worker, hits, limit, burst = sys.argv[1:]
counters = {"redis": RedisCounters, "database": DatabaseCounters}[kind](place)
now = datetime(2041, 5, 17, 12, tzinfo=UTC)
checks = [
    Check("requests_per_period", int(limit), calendar_month(now)),
    Check("burst_per_10_seconds", int(burst), timedelta(seconds=10)),
]
admitted = connected = 0
for number in range(int(hits)):
    admitted += counters.hit(int(key), checks, now).refused is None
    connected += counters.open_connection(
        int(key), f"{worker}-{number}", now, limit=7, lasts=timedelta(minutes=1)
    ).is_admitted
print(admitted, connected)
"""


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with local_redis() as url:
        yield url


@EVERY_STORE
@pytest.mark.parametrize("hits", [40, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("scarce", ["quota", "burst"])
def test_no_storm_admits_more_or_less_than_the_limit(
    context: Context, kind: str, hits: int, scarce: str, request: pytest.FixtureRequest
) -> None:
    open_books(context)
    key = a_key(context)
    place = context.database
    if kind == "redis":
        place = request.getfixturevalue("redis_url")
        flush(place)
    few, many = hits * PROCESSES // 2 + 1, hits * PROCESSES
    limit, burst = (few, many) if scarce == "quota" else (many, few)
    workers = [
        Forked(WORKER, kind, place, key, number, hits, limit, burst) for number in range(PROCESSES)
    ]
    told = []
    for worker in workers:
        said, problem = worker.communicate(timeout=300)
        assert worker.returncode == 0, problem
        told.append([int(word) for word in said.split()])
    assert [sum(column) for column in zip(*told, strict=True)] == [few, 7]


def flush(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as client:
        client.flushall()
