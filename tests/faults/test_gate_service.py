"""Gates that are stopped, killed, doubled, or left without their counters."""

import http.client
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders import at, open_books
from calls import rows_of
from creditctl.context import Context, Settings
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.limits_check import check_limits
from faults.gate_books import CATALOG, PRICE, a_key, authorize
from forked import Forked
from gate_server import Peer, forked_gate, gate_in_thread, gate_process
from redis_server import local_redis

PROCESSES = 4
WORKER = """
import json, sys
from creditctl.gate import Denied, Gate

database, secret, calls = sys.argv[1:]
gate = Gate(database)
served = refused = 0
for _ in range(int(calls)):
    try:
        with gate.charge(secret, "GET", "/rows"):
            served += 1
    except Denied as denied:
        assert denied.decision.status == 402, denied
        refused += 1
print(served, refused)
"""


@pytest.fixture
def present(context: Context) -> Context:
    """Processes go by the real clock, so these tests live in the present."""
    open_books(at(context, "2025-01-01T00:00:00Z"), CATALOG)
    return replace(context, now=datetime.now(UTC))  # noqa: TID251


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with local_redis() as url:
        yield url


@pytest.mark.parametrize("calls", [25, pytest.param(500, marks=pytest.mark.slow)])
def test_four_processes_serve_exactly_what_can_be_paid(present: Context, calls: int) -> None:
    affordable = PROCESSES * calls * 3 // 5
    key = a_key(present, str(affordable * PRICE + PRICE - 1))
    workers = [Forked(WORKER, present.database, key.secret, calls) for _ in range(PROCESSES)]
    told = []
    for worker in workers:
        said, problem = worker.communicate(timeout=600)
        assert worker.returncode == 0, problem
        told.append([int(word) for word in said.split()])
    served, refused = (sum(column) for column in zip(*told, strict=True))
    assert served + refused == PROCESSES * calls
    # What is held is what is charged: nobody is refused for credits that come back.
    assert served == affordable
    balance = read_balance(present, "acme")
    assert balance.available == Credits.parse(str(PRICE - 1))
    assert (balance.held, balance.open_overage) == (NO_CREDITS, NO_CREDITS)
    assert rows_of(present, "SELECT COUNT(*) FROM usage_event") == [(affordable,)]
    assert run_checks(present) == []


@pytest.mark.parametrize("counters", ["database", "redis"])
def test_two_gates_together_admit_exactly_the_quota(
    present: Context, tmp_path: Path, counters: str, request: pytest.FixtureRequest
) -> None:
    key = a_key(present, "1000", "some")
    shared = {}
    if counters == "redis":
        shared = {"CREDITCTL_GATE_COUNTERS": request.getfixturevalue("redis_url")}
        flush(shared["CREDITCTL_GATE_COUNTERS"])
    statuses: list[int] = []
    with ExitStack() as stack:
        gates = [
            stack.enter_context(forked_gate(present.database, tmp_path, **shared))[0]
            for _ in range(2)
        ]

        def storm(number: int) -> None:
            for each in range(10):
                gate = gates[(number + each) % 2]
                statuses.append(authorize(gate, key, f"{number}-{each}"))

        threads = [threading.Thread(target=storm, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] * 30 + [429] * 10
    assert read_balance(present, "acme").held == Credits.parse("150")


def test_what_a_killed_gate_held_is_free_after_the_timeout(
    present: Context, tmp_path: Path
) -> None:
    key = a_key(present, "1000")
    with forked_gate(present.database, tmp_path) as (gate, process):
        assert [authorize(gate, key, f"r-{number}") for number in range(7)] == [200] * 7
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert read_balance(present, "acme").held == Credits.parse("35")
    over = replace(present, now=datetime.now(UTC) + timedelta(minutes=5))  # noqa: TID251
    assert check_limits(over).holds_expired == 7
    assert read_balance(over, "acme").held == NO_CREDITS
    assert run_checks(over) == []


@pytest.mark.parametrize(("workers", "stop"), [("1", signal.SIGHUP), ("2", signal.SIGTERM)])
def test_a_gate_that_is_stopped_answers_what_it_was_asked(
    present: Context, tmp_path: Path, workers: str, stop: signal.Signals
) -> None:
    key = a_key(present, "10000")
    answered: list[int] = []
    enough = threading.Event()

    def ask(gate: Peer, number: int) -> None:
        for each in range(500):
            try:
                answered.append(authorize(gate, key, f"{number}-{each}"))
            except (OSError, http.client.HTTPException):
                return  # nobody listens any more
            if len(answered) > 20:
                enough.set()

    with gate_process(present.database, tmp_path, "--workers", workers) as (gate, process):
        threads = [threading.Thread(target=ask, args=(gate, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        assert enough.wait(timeout=60)
        process.send_signal(stop)
        process.wait(timeout=60)
        for thread in threads:
            thread.join()
    assert set(answered) == {200}
    # Each hold is known to who asked for it.
    assert rows_of(present, "SELECT COUNT(*) FROM hold") == [(len(answered),)]


@pytest.mark.parametrize(("plan", "status"), [("open", 200), ("closed", 503)])
def test_without_counters_the_plan_decides(present: Context, plan: str, status: int) -> None:
    key = a_key(present, "1000", plan)
    with ExitStack() as redis:
        settings = Settings(gate_counters=redis.enter_context(local_redis()))
        with gate_in_thread(replace(present, settings=settings)) as gate:
            assert authorize(gate, key, "r-1") == 200
            redis.close()
            call = {"request_id": "r-2", "secret": key.secret, "path": "/rows"}
            found = gate.post("/v1/authorize", **call)
            assert found.status == status
            assert found.json["decision"]["reason"] == "counters_down"
            assert gate.ask("GET", "/readyz").json["counters"] is False
    held = 2 if status == 200 else 1
    assert read_balance(present, "acme").held == Credits.parse(str(held * PRICE))


def flush(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as client:
        client.flushall()
