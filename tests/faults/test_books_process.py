"""A gate on SQLite is two processes: what becomes of one when the other ends, and of signals."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import at, open_books
from calls import rows_of
from creditctl.context import Context
from creditctl.services.checks import run_checks
from faults.gate_books import CATALOG, a_key, authorize
from forked import Forked
from gate_server import forked_gate
from waiting import PATIENCE, in_time

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@pytest.fixture
def books(sqlite_database: str) -> Context:
    """Processes go by the real clock, so these tests live in the present."""
    now = Context(sqlite_database, datetime.now(UTC), "tester")  # noqa: TID251
    open_books(at(now, "2025-01-01T00:00:00Z"), CATALOG)
    return now


def running() -> dict[int, int]:
    """The parents of all processes that have not ended, by their ids."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(place.parent.name)] = int(parent)
    return found


def keepers_of(gate: Forked) -> list[int]:
    """The processes that keep the books of a gate."""
    return [process for process, parent in running().items() if parent == gate.pid]


def is_alive(process: int) -> bool:
    return process in running()


def test_one_that_is_killed_is_started_again(books: Context, tmp_path: Path) -> None:
    key = a_key(books, "1000")
    with forked_gate(books.database, tmp_path) as (peer, gate):
        assert authorize(peer, key, "before") == 200
        (first,) = keepers_of(gate)
        os.kill(first, signal.SIGKILL)
        assert in_time(lambda: authorize(peer, key, "after") == 200)
        assert in_time(lambda: peer.ask("GET", "/readyz").status == 200)
        (second,) = keepers_of(gate)
        assert second != first
        # What was answered is in the books, and answered so again.
        assert authorize(peer, key, "before") == 200
        assert peer.post("/v1/capture", request_id="before", status=200, units=1).status == 200
        page = peer.ask("GET", "/metrics").body.decode()
        assert 'creditctl_gate_decisions_total{reason="ok",status="200"}' in page
        assert 'creditctl_gate_request_seconds_count{endpoint="/v1/capture"} 1.0' in page
    assert not is_alive(second)
    assert rows_of(books, "SELECT COUNT(*) FROM hold") == [(2,)]
    assert run_checks(books) == []


def test_calls_in_flight_are_told_that_it_was_killed(books: Context, tmp_path: Path) -> None:
    key = a_key(books, "100000")
    with (
        forked_gate(books.database, tmp_path) as (peer, gate),
        ThreadPoolExecutor(8) as callers,
    ):
        statuses: list[int] = []

        def call(number: int) -> None:
            statuses.append(authorize(peer, key, f"r-{number}"))

        calls = callers.map(call, range(400))
        for _ in range(3):
            assert in_time(lambda: peer.ask("GET", "/readyz").status == 200)
            for keeper in keepers_of(gate):
                os.kill(keeper, signal.SIGKILL)
        assert list(calls) == [None] * 400
        assert in_time(lambda: peer.ask("GET", "/readyz").status == 200)
    assert set(statuses) <= {200, 503}
    ((held,),) = rows_of(books, "SELECT COUNT(*) FROM hold")
    assert statuses.count(200) <= held
    assert run_checks(books) == []


def test_nobody_keeps_books_for_a_gate_that_was_killed(books: Context, tmp_path: Path) -> None:
    key = a_key(books, "1000")
    with forked_gate(books.database, tmp_path) as (peer, gate):
        assert authorize(peer, key, "one") == 200
        (keeper,) = keepers_of(gate)
        gate.kill()
        gate.wait(timeout=PATIENCE)
        assert in_time(lambda: not is_alive(keeper))
    assert run_checks(books) == []


def test_signals_to_all_of_them_stop_the_gate_and_lose_no_call(
    books: Context, tmp_path: Path
) -> None:
    key = a_key(books, "100000")
    with (
        forked_gate(books.database, tmp_path) as (peer, gate),
        ThreadPoolExecutor(8) as callers,
    ):
        (keeper,) = keepers_of(gate)
        answered: list[str] = []

        def call(number: int) -> None:
            try:
                if authorize(peer, key, f"r-{number}") == 200:
                    answered.append(f"r-{number}")
            except OSError:  # it listens no more
                pass

        calls = callers.map(call, range(300))
        assert in_time(lambda: len(answered) > 20)
        for process in (keeper, gate.pid):
            os.kill(process, signal.SIGTERM)
        list(calls)
        assert gate.wait(timeout=PATIENCE) in (0, -signal.SIGTERM)
        assert not is_alive(keeper)
    held = {name for (name,) in rows_of(books, "SELECT id_text FROM hold")}
    assert set(answered) <= held
    assert run_checks(books) == []
