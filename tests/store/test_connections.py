"""Connections that are kept: used again by any thread, replaced when they died, never leaked."""

import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creditctl.errors import Busy, Conflict, DatabaseMissing, DatabaseUnreadable
from creditctl.store import driver_postgres, driver_sqlite
from creditctl.store.connections import IdleConnections
from creditctl.store.driver_sqlite import path_of
from creditctl.store.engine import (
    UnitOfWork,
    dialect_of,
    kept_open,
    reading,
    reusing_connections,
    unit_of_work,
)
from creditctl.store.staging import stage_tables

NOTE = "INSERT INTO lease (name, holder, expires_at) VALUES (:name, 'me', 0)"
COUNT = "SELECT COUNT(*) FROM lease"
FULL = 2
"""`PRAGMA synchronous` in numbers."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every connection that was opened."""
    found: list[Any] = []

    def watched(connect: Any) -> Any:
        def connecting(database: str, *, read_only: bool) -> Any:
            found.append(connect(database, read_only=read_only))
            return found[-1]

        return connecting

    for driver in (driver_sqlite, driver_postgres):
        monkeypatch.setattr(driver, "connect", watched(driver.connect))
    return found


@pytest.fixture
def idle() -> Iterator[IdleConnections]:
    pool = IdleConnections()
    yield pool
    pool.close()


def note(database: str, name: str, problem: Exception | None = None) -> None:
    with unit_of_work(database) as unit:
        unit.run(NOTE, name=name)
        if problem is not None:
            raise problem


def count(database: str) -> int:
    with reading(database) as unit:
        return int(unit.fetch_value(COUNT))


def is_open(connection: Any) -> bool:
    try:
        connection.execute("SELECT 1")
    except Exception:
        return False
    return True


def test_one_connection_serves_one_transaction_after_the_other(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    for number in range(3):
        with reusing_connections(idle):
            note(database, f"n-{number}")
            assert count(database) == number + 1
    # A server has few: idle readers must not keep the writers' places.
    assert len(opened) == (2 if dialect_of(database) == "sqlite" else 1)
    idle.close()
    assert not any(is_open(one) for one in opened)


def test_threads_share_connections_and_few_are_kept(database: str, opened: list[Any]) -> None:
    pool = IdleConnections(most=2)

    def work(number: int) -> None:
        with reusing_connections(pool):
            note(database, f"n-{number}")
            count(database)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    with reusing_connections(pool):
        assert count(database) == 40
    assert sum(is_open(one) for one in opened) == 2
    pool.close()
    assert not any(is_open(one) for one in opened)


def test_a_refusal_is_taken_back_and_its_connection_used_again(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    with reusing_connections(idle):
        with pytest.raises(Conflict):
            note(database, "refused", Conflict("no"))
        note(database, "kept")
        assert len(opened) == 1
        assert count(database) == 1


@pytest.mark.parametrize("problem", [DatabaseUnreadable("broken"), KeyboardInterrupt()])
def test_a_connection_that_may_be_broken_is_closed(
    database: str, idle: IdleConnections, opened: list[Any], problem: Exception
) -> None:
    with reusing_connections(idle), pytest.raises(type(problem)):
        note(database, "lost", problem)
    assert not is_open(opened[0])
    assert count(database) == 0


def test_connections_that_the_server_ended_are_replaced_unseen(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("a file ends nobody's connection")
    with reusing_connections(idle):
        with reading(database), reading(database):
            count(database)
        assert len(opened) == 3
        with unit_of_work(database) as unit:
            unit.fetch_rows(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'creditctl'"
            )
        with reading(database), reading(database):
            assert count(database) == 0
        note(database, "after")
    assert len(opened) == 5
    assert [is_open(one) for one in opened[:3]] == [True, False, False]


def test_connections_that_were_idle_for_too_long_are_replaced_unseen(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("a file ends nobody's connection")
    with reusing_connections(idle):
        with unit_of_work(database) as unit:
            unit.run("SET idle_session_timeout = '50ms'")
        time.sleep(0.3)
        note(database, "after")
        assert count(database) == 1
    assert not is_open(opened[0])


def dawdle(database: str, limit: str, wait: int) -> None:
    """Take longer than a limit, in a statement or between two of them."""
    with unit_of_work(database) as unit:
        unit.run(f"SET LOCAL {limit} = '50ms'")
        time.sleep(0.2)
        unit.fetch_value("SELECT pg_sleep(:wait)", wait=wait)


@pytest.mark.parametrize(
    ("limit", "wait"),
    [("statement_timeout", 1), ("idle_in_transaction_session_timeout", 0)],
)
def test_what_the_server_ended_by_its_own_time_limits_is_told(
    database: str, limit: str, wait: int
) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("a file has no such limits")
    with pytest.raises(DatabaseUnreadable, match="due to"):
        dawdle(database, limit, wait)


def test_a_file_that_was_restored_is_opened_anew(
    sqlite_database: str, tmp_path: Path, idle: IdleConnections
) -> None:
    path = path_of(sqlite_database)
    backup = tmp_path / "backup.db"
    shutil.copyfile(path, backup)
    with reusing_connections(idle):
        note(sqlite_database, "before")
        assert count(sqlite_database) == 1
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        backup.replace(path)
        assert count(sqlite_database) == 0
        note(sqlite_database, "after")
        assert count(sqlite_database) == 1
        path.unlink()
        with pytest.raises(DatabaseMissing):
            count(sqlite_database)


def test_nothing_staged_reaches_the_next_transaction(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    with reusing_connections(idle):
        with unit_of_work(database) as unit:
            stage_tables(unit, {"staged": {"value": np.arange(3)}})
            assert unit.fetch_value("SELECT COUNT(*) FROM staged") == 3
        # PostgreSQL ends its temporary tables with the transaction, SQLite with the connection.
        assert is_open(opened[0]) == (dialect_of(database) == "postgresql")
        with unit_of_work(database) as unit, pytest.raises(Exception, match="staged"):
            unit.fetch_value("SELECT COUNT(*) FROM staged")


def test_a_pool_that_was_closed_keeps_nothing_and_hinders_nobody(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    idle.close()
    with reusing_connections(idle):
        note(database, "later")
    assert not is_open(opened[0])


def in_a_fork(work: Callable[[], None]) -> int:
    """The exit status of a forked process that does it: 0, or 1 where it raised."""
    if (child := os.fork()) == 0:
        status = 1
        with suppress(BaseException):
            work()
            status = 0
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_forked_process_leaves_its_parents_connections_alone(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    def child() -> None:
        with reusing_connections(idle):
            note(database, "child")
        assert opened[0] is not opened[-1]

    with reusing_connections(idle):
        note(database, "parent")
        assert in_a_fork(child) == 0
        assert is_open(opened[0])
        assert count(database) == 2


@pytest.mark.parametrize("end", [IdleConnections.close, lambda pool: pool._at_last()])
def test_a_forked_process_that_ends_closes_none_of_its_parents(
    database: str, idle: IdleConnections, opened: list[Any], end: Callable[[Any], None]
) -> None:
    with reusing_connections(idle):
        note(database, "parent")
        assert in_a_fork(lambda: end(idle)) == 0
        assert is_open(opened[0])


def test_a_process_that_was_forked_while_another_thread_took_a_connection_takes_its_own(
    database: str, idle: IdleConnections
) -> None:
    def child() -> None:
        with reusing_connections(idle):
            note(database, "child")

    with idle._lock:
        assert in_a_fork(child) == 0
    assert count(database) == 1


def test_who_forgets_to_close_leaks_nothing(database: str, opened: list[Any]) -> None:
    pool = IdleConnections()
    with reusing_connections(pool):
        note(database, "forgotten")
    del pool
    gc.collect()
    assert not is_open(opened[0])


def test_a_writer_that_waits_too_long_is_told_so_by_a_kept_connection_too(
    sqlite_database: str, idle: IdleConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_sqlite, "BUSY_TIMEOUT_SECONDS", 0.1)
    with reusing_connections(idle):
        note(sqlite_database, "first")
        with reusing_connections(), unit_of_work(sqlite_database), reusing_connections(idle):
            with pytest.raises(Busy):
                note(sqlite_database, "second")
            assert count(sqlite_database) == 1
        note(sqlite_database, "third")


def test_one_connection_that_reads_and_writes_keeps_nothing_written_while_it_only_reads(
    database: str,
) -> None:
    refusals = (RuntimeError, DatabaseUnreadable)
    with closing(IdleConnections(reads_where_it_writes=True)) as idle, reusing_connections(idle):
        note(database, "kept")
        with pytest.raises(refusals), reading(database) as unit:
            unit.run(NOTE, name="lost")
        note(database, "kept too")
        assert count(database) == 2


def test_one_connection_that_reads_and_writes_in_turn_plans_its_statements_once(
    sqlite_database: str, opened: list[Any]
) -> None:
    said: list[str] = []
    with closing(IdleConnections(reads_where_it_writes=True)) as idle, reusing_connections(idle):
        note(sqlite_database, "first")
        opened[0].set_trace_callback(said.append)
        note(sqlite_database, "second")
        assert count(sqlite_database) == 2
        note(sqlite_database, "third")
    # Most settings make SQLite forget what it planned, whatever they set.
    assert [line for line in said if line.startswith("PRAGMA")] == []
    assert len(opened) == 1


def test_only_who_makes_many_small_transactions_has_a_short_log(sqlite_database: str) -> None:
    def pages() -> int:
        with unit_of_work(sqlite_database) as unit:
            return int(unit.fetch_value("PRAGMA wal_autocheckpoint"))

    with closing(IdleConnections(reads_where_it_writes=True)) as idle, reusing_connections(idle):
        short = pages()
    with closing(IdleConnections()) as idle, reusing_connections(idle):
        assert pages() > 10 * short


def waits_for_the_disk(unit: UnitOfWork) -> bool:
    if unit.dialect == "sqlite":
        return bool(unit.fetch_value("PRAGMA synchronous") == FULL)
    return bool(unit.fetch_value("SHOW synchronous_commit") == "on")


def test_only_a_transaction_that_says_so_does_not_wait_for_the_disk(
    database: str, idle: IdleConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is outside of tests.
    monkeypatch.setattr(driver_sqlite, "_SYNCHRONOUS", {True: "FULL", False: "NORMAL"})
    with reusing_connections(idle), kept_open(database):
        with unit_of_work(database) as unit:
            if unit.dialect == "postgresql":
                unit.run("SET synchronous_commit = on")
        for flushed in (True, False, False, True):
            with unit_of_work(database, flushed=flushed) as unit:
                assert waits_for_the_disk(unit) is flushed


def test_what_stays_open_for_large_transactions_is_used_by_all_of_them(
    database: str, idle: IdleConnections, opened: list[Any]
) -> None:
    with reusing_connections(idle), kept_open(database) as settle:
        first = len(opened)
        for number in range(3):
            with unit_of_work(database, flushed=False) as unit:
                stage_tables(unit, {"staged_event": {"number": np.arange(number + 1)}})
                assert unit.fetch_value("SELECT COUNT(*) FROM staged_event") == number + 1
            settle()
        assert len(opened) == first + 1
    assert not any(map(is_open, opened))
    with reading(database) as unit:
        assert unit.fetch_value(COUNT) == 0


def test_where_all_is_kept_the_next_large_transactions_use_what_the_last_ones_used(
    database: str, opened: list[Any]
) -> None:
    with closing(IdleConnections(keep_staged=True)) as kept, reusing_connections(kept):
        for number in range(3):
            with kept_open(database), unit_of_work(database) as unit:
                stage_tables(unit, {"staged_event": {"number": np.arange(number + 1)}})
                assert unit.fetch_value("SELECT COUNT(*) FROM staged_event") == number + 1
            assert len(opened) == (2 if database.startswith("sqlite") else 1)
            assert all(map(is_open, opened))
    assert not any(map(is_open, opened))


def test_a_log_that_was_not_waited_for_is_in_the_file_at_the_end(
    sqlite_database: str, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.db"
    # As long as another has the database open, the last close of ours is not the last one.
    with closing(driver_sqlite.connect(sqlite_database, read_only=True)) as other:
        driver_sqlite.schema_revision(other)
        with kept_open(sqlite_database), unit_of_work(sqlite_database, flushed=False) as unit:
            unit.run(NOTE, name="late")
        shutil.copyfile(path_of(sqlite_database), alone)
    with reading(f"sqlite:///{alone}") as unit:
        assert unit.fetch_value(COUNT) == 1
