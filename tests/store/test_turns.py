"""Writers of one SQLite file take turns, though its lock has no queue."""

import time
from threading import Event, Thread

import pytest

from creditctl.context import Context
from creditctl.store import driver_sqlite
from creditctl.store.engine import dialect_of, reusing_connections, unit_of_work

MOST = 60
LONG = 0.06


@pytest.fixture(autouse=True)
def _of_a_file(context: Context) -> None:
    if dialect_of(context.database) != "sqlite":
        pytest.skip("a server has a queue for each row")


def test_who_writes_for_long_again_and_again_keeps_nobody_out(context: Context) -> None:
    waits, is_in = Event(), Event()

    def other() -> None:
        assert waits.wait(60)
        with unit_of_work(context.database):
            is_in.set()

    thread = Thread(target=other)
    thread.start()
    transactions = 0
    with reusing_connections():
        while not is_in.is_set() and transactions < MOST:
            with unit_of_work(context.database):
                waits.set()
                time.sleep(LONG)
            transactions += 1
    thread.join()
    assert transactions < MOST


def test_short_transactions_follow_each_other_at_once(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(driver_sqlite._turns, "_next_at", 0.0)  # and again at the end
    monkeypatch.setattr(driver_sqlite.time, "sleep", slept.append)
    monkeypatch.setattr(driver_sqlite, "_LONG_SECONDS", 60)
    for _ in range(3):
        with unit_of_work(context.database):
            pass
    assert slept == []
    monkeypatch.setattr(driver_sqlite, "_LONG_SECONDS", 0)
    monkeypatch.setattr(driver_sqlite, "_PAUSE_SECONDS", 60)
    for _ in range(2):
        with unit_of_work(context.database):
            pass
    assert len(slept) == 1
    assert 0 < slept[0] <= 60
