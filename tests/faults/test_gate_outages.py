"""Gates that go on while their counters or their books are away, or their clocks disagree."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from builders import at, open_books
from calls import rows_of
from creditctl.context import Context
from creditctl.services.checks import run_checks
from creditctl.services.keys import CreatedKey, create_key
from creditctl.services.limits_check import check_limits
from creditctl.store.driver_sqlite import path_of
from faults.gate_books import CATALOG, a_key, authorize
from forked import Forked
from gate_server import Peer, forked_gate, free_port, wait_for_port
from postgres_databases import on_server
from redis_server import RedisServer, redis_server

TEN_SECONDS = 10_000_000
FAR = "2041-05-17T12:00:00+00:00"
"""Years from any clock, so that counters take it as it is said."""

SHIFTED = """
import os, sys
from datetime import UTC, datetime, timedelta
import uvicorn
from creditctl.gate import Gate
from creditctl.server.app import application
from creditctl.server.service import Service

database, counters, port, seconds, base = sys.argv[1:]
os.dup2(1, 2)
shift = timedelta(seconds=int(seconds))
def clock():
    return (datetime.fromisoformat(base) if base else datetime.now(UTC)) + shift
gate = Gate(database, counters=counters, clock=clock)
uvicorn.run(application(Service(gate)), port=int(port), log_level="error")
"""


@pytest.fixture
def present(context: Context) -> Context:
    """Processes go by the real clock, so these tests live in the present."""
    open_books(at(context, "2025-01-01T00:00:00Z"), CATALOG)
    return replace(context, now=datetime.now(UTC))  # noqa: TID251


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def test_counters_that_restart_are_found_again_by_every_gate(
    present: Context, tmp_path: Path, redis: RedisServer
) -> None:
    lenient = a_key(present, "1000", "open")
    strict = create_key(at(present, "2025-01-01T00:00:00Z"), "acme", name="desk", plan="closed")
    shared = {"CREDITCTL_GATE_COUNTERS": redis.url}
    with ExitStack() as stack:
        gates = [
            stack.enter_context(forked_gate(present.database, tmp_path, **shared))[0]
            for _ in range(2)
        ]

        def told(name: str) -> list[tuple[int, str]]:
            found = []
            for number, gate in enumerate(gates):
                for key in (lenient, strict):
                    call = {"request_id": f"{name}-{number}-{key.name}", "secret": key.secret}
                    answer = gate.post("/v1/authorize", **call, path="/rows")
                    found.append((answer.status, answer.json["decision"]["reason"]))
            return found

        assert told("before") == [(200, "ok")] * 4
        redis.stop()
        assert told("away") == [(200, "counters_down"), (503, "counters_down")] * 2
        redis.start()
        assert told("back") == [(200, "ok")] * 4
        redis.stop()
        redis.start()
        # Nobody asked meanwhile: each finds out by asking.
        assert told("again") == [(200, "ok")] * 4
    assert rows_of(present, "SELECT COUNT(*) FROM hold") == [(14,)]


@contextmanager
def away(database: str, server: str) -> Iterator[None]:
    """Books that nobody can open; whoever had them open has lost them on PostgreSQL."""
    if database.startswith("sqlite"):
        path = path_of(database)
        hidden = path.rename(path.with_suffix(".away"))
        yield
        hidden.rename(path)
        return
    name = urlsplit(database).path.removeprefix("/")
    on_server(server, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    on_server(
        server,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        f"WHERE datname = '{name}' AND application_name = 'creditctl'",
    )
    yield
    on_server(server, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def test_books_that_were_away_are_charged_again(
    present: Context, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    key = a_key(present, "1000")
    is_file = present.database.startswith("sqlite")
    server = "" if is_file else request.getfixturevalue("postgres_server")
    with forked_gate(present.database, tmp_path) as (gate, _):
        assert authorize(gate, key, "r-1") == 200
        with away(present.database, server):
            for _ in range(2):
                assert authorize(gate, key, "r-2") == 503
                assert gate.post("/v1/capture", request_id="r-1").status == 503
            assert gate.ask("GET", "/readyz").status == 503
            assert gate.ask("GET", "/healthz").status == 200
        # What was refused meanwhile may be sent again, for nothing of it was done.
        assert authorize(gate, key, "r-2") == 200
        assert gate.post("/v1/capture", request_id="r-1").json["hold"]["credits"] == "5"
        assert gate.ask("GET", "/readyz").status == 200
    over = replace(present, now=datetime.now(UTC) + timedelta(minutes=10))  # noqa: TID251
    assert check_limits(over).holds_expired == 1
    assert run_checks(over) == []


@contextmanager
def five_minutes_apart(
    database: str, counters: str, folder: Path, base: str = ""
) -> Iterator[tuple[Peer, Peer]]:
    """Two gates, whose clocks are two and a half minutes behind and ahead."""
    processes, peers = [], []
    with (folder / "shifted.log").open("wb") as log:
        for shift in (-150, 150):
            port = free_port()
            words = (database, counters, port, shift, base)
            processes.append(Forked(SHIFTED, *words, stdout=log))
            peers.append(Peer(port))
        try:
            for peer, process in zip(peers, processes, strict=True):
                wait_for_port(peer.port, process)
            yield peers[0], peers[1]
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(timeout=60)


def alternately(gates: tuple[Peer, Peer], key: CreatedKey, times: int) -> list[int]:
    return [authorize(gates[number % 2], key, f"r-{number}") for number in range(times)]


def test_gates_whose_clocks_differ_admit_one_quota(
    present: Context, tmp_path: Path, redis: RedisServer
) -> None:
    key = a_key(present, "1000", "five")
    with five_minutes_apart(present.database, redis.url, tmp_path, FAR) as gates:
        assert alternately(gates, key, 9) == [200] * 5 + [429] * 4


def test_gates_whose_clocks_differ_admit_one_burst(
    present: Context, tmp_path: Path, redis: RedisServer
) -> None:
    from redis import Redis

    key = a_key(present, "1000", "burst")
    with (
        Redis.from_url(redis.url) as client,
        five_minutes_apart(present.database, redis.url, tmp_path) as gates,
    ):

        def by_its_clock() -> int:
            seconds, micros = client.time()
            return int(seconds) * 1_000_000 + int(micros)

        begun = by_its_clock()
        statuses = alternately(gates, key, 8)
        ended = by_its_clock()
        (name,) = client.keys("*burst*")
        moments = sorted(int(moment) for moment in client.lrange(name, 0, -1))
    # All by the clock of Redis, whatever the gates' say, and never more than three in ten seconds.
    assert begun <= moments[0] <= moments[-1] <= ended
    assert all(
        late - early >= TEN_SECONDS for early, late in zip(moments, moments[3:], strict=False)
    )
    if ended - begun < TEN_SECONDS:  # a machine may be slow
        assert statuses == [200] * 3 + [429] * 5
