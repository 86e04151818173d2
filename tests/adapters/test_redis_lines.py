"""The kept connections to Redis: a restart, a fork, threads, a server that does not answer."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from creditctl.adapters.counters.interface import CountersDown
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.rules.rate_limits import Check
from redis_server import RedisServer, redis_server

# Years from any clock, so that it is meant as it is said.
NOW = datetime(2041, 5, 17, 12, tzinfo=UTC)
BURST = (Check("burst_per_10_seconds", 1000, timedelta(seconds=10)),)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
def counters(server: RedisServer) -> RedisCounters:
    found = RedisCounters(server.url)
    found._client.flushall()
    return found


def used(counters: RedisCounters, key: int = 1) -> int:
    return counters.hit(key, BURST, NOW).readings[0].used


def test_a_server_that_was_restarted_is_asked_again(
    counters: RedisCounters, server: RedisServer
) -> None:
    assert [used(counters) for _ in range(3)] == [1, 2, 3]
    server.stop()
    for _ in range(2):
        with pytest.raises(CountersDown):
            used(counters)
    server.start()
    # It kept nothing, and does not know the script either.
    assert [used(counters) for _ in range(3)] == [1, 2, 3]
    server.stop()
    server.start()
    assert used(counters) == 1  # what was idle is closed, which only its use tells


def test_a_server_that_forgot_its_scripts_learns_them(counters: RedisCounters) -> None:
    assert used(counters) == 1
    counters._client.script_flush()
    assert used(counters) == 2
    assert counters.peek(1, BURST, NOW).readings[0].used == 2


def test_a_late_answer_is_nobody_else_s(counters: RedisCounters, server: RedisServer) -> None:
    assert [used(counters, 1), used(counters, 1), used(counters, 2)] == [1, 2, 1]
    with server.silent(), pytest.raises(CountersDown):
        used(counters, 1)
    # Nobody knows whether the request in between was counted, but each answer is its own.
    assert used(counters, 2) == 2
    assert used(counters, 1) in (3, 4)


def test_threads_share_it(counters: RedisCounters) -> None:
    seen: list[int] = []

    def ask() -> None:
        seen.extend(used(counters) for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 401))


def test_a_forked_process_has_connections_of_its_own(counters: RedisCounters) -> None:
    assert used(counters) == 1
    child = os.fork()
    if child == 0:
        os._exit(0 if [used(counters) for _ in range(20)][-1] >= 21 else 1)
    mine = [used(counters) for _ in range(20)]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert mine == sorted(set(mine))
    assert used(counters) == 42


def test_a_name_of_any_bytes_is_one_argument(counters: RedisCounters) -> None:
    odd = (Check("burst \r\n$5 ä", 2, timedelta(seconds=10)),)
    assert [counters.hit(1, odd, NOW).refused is None for _ in range(3)] == [True, True, False]
