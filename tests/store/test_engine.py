"""One unit of work over both drivers: all or nothing, and nobody's update is lost."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from creditctl.errors import (
    Busy,
    DatabaseMissing,
    DatabaseOutdated,
    DatabaseUnreadable,
    InvalidInput,
)
from creditctl.rules.units import Credits
from creditctl.store import driver_sqlite
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.orgs import lock_organizations

COUNT = "UPDATE lease SET expires_at = :value WHERE name = 'counter'"
READ = "SELECT expires_at FROM lease WHERE name = 'counter'"
RACER = """
import sys
from creditctl.store.engine import unit_of_work
from creditctl.store.queries.orgs import lock_organizations

for _ in range(50):
    with unit_of_work(sys.argv[1]) as unit:
        lock_organizations(unit, [1])
        value = unit.fetch_value("SELECT expires_at FROM lease WHERE name = 'counter'")
        unit.run("UPDATE lease SET expires_at = :value WHERE name = 'counter'", value=value + 1)
"""


@pytest.fixture
def counter(database: str) -> str:
    """A database with one organization and a row to count in."""
    with unit_of_work(database) as unit:
        unit.insert(
            "organization",
            public_id="org_1",
            slug="acme",
            legal_name="Acme",
            kind="registered",
            status="active",
            created_at=0,
        )
        unit.run("INSERT INTO lease (name, holder, expires_at) VALUES ('counter', 'me', 0)")
    return database


def value_in(database: str) -> int:
    with reading(database) as unit:
        return int(unit.fetch_value(READ))


def count_once(database: str) -> None:
    with unit_of_work(database) as unit:
        lock_organizations(unit, [1])
        unit.run(COUNT, value=int(unit.fetch_value(READ)) + 1)


def fail_half_way(database: str, problem: BaseException) -> None:
    with unit_of_work(database) as unit:
        unit.run(COUNT, value=99)
        raise problem


def test_a_finished_unit_of_work_is_kept(counter: str) -> None:
    count_once(counter)
    assert value_in(counter) == 1


@pytest.mark.parametrize("problem", [RuntimeError(), KeyboardInterrupt(), SystemExit(1)])
def test_any_exception_leaves_nothing_behind(counter: str, problem: BaseException) -> None:
    with pytest.raises(type(problem)):
        fail_half_way(counter, problem)
    assert value_in(counter) == 0


def test_a_rehearsal_sees_its_own_changes_and_leaves_nothing(counter: str) -> None:
    with rehearsal(counter) as unit:
        unit.run(COUNT, value=7)
        assert unit.fetch_value(READ) == 7
    assert value_in(counter) == 0


def test_a_reader_sees_one_snapshot_while_another_writes(counter: str) -> None:
    with reading(counter) as unit:
        before = unit.fetch_value(READ)
        count_once(counter)
        assert unit.fetch_value(READ) == before
    assert value_in(counter) == 1


def test_a_reader_cannot_write(counter: str) -> None:
    with reading(counter) as unit, pytest.raises(DatabaseUnreadable):
        unit.run(COUNT, value=1)
    assert value_in(counter) == 0


def test_four_processes_lose_no_update(counter: str) -> None:
    command = [sys.executable, "-c", RACER, counter]
    racers = [subprocess.Popen(command) for _ in range(4)]
    assert [racer.wait(timeout=60) for racer in racers] == [0, 0, 0, 0]
    assert value_in(counter) == 4 * 50


def test_eight_threads_lose_no_update(counter: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_once, [counter] * 40))
    assert value_in(counter) == 40


def test_a_writer_that_waits_too_long_is_told_it_is_busy(
    counter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_sqlite, "BUSY_TIMEOUT_SECONDS", 0.1)
    with unit_of_work(counter) as unit:
        lock_organizations(unit, [1])
        with pytest.raises(Busy) as refused:
            lock_impatiently(counter)
    assert refused.value.retryable


def lock_impatiently(database: str) -> None:
    with unit_of_work(database) as unit:
        if unit.dialect == "postgresql":
            unit.run("SET LOCAL lock_timeout = '100ms'")
        lock_organizations(unit, [1])


def test_two_that_wait_for_each_other_are_not_stuck(database: str) -> None:
    """Locks are taken in id order, whatever order they are asked for."""
    with unit_of_work(database) as unit:
        for number in (1, 2):
            unit.insert(
                "organization",
                public_id=f"org_{number}",
                slug=f"org-{number}",
                legal_name="x",
                kind="registered",
                status="active",
                created_at=0,
            )

    def lock_both(order: list[int]) -> None:
        for _ in range(25):
            with unit_of_work(database) as unit:
                lock_organizations(unit, order)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lock_both, [[1, 2], [2, 1]]))


def test_a_float_never_reaches_the_database(counter: str) -> None:
    with unit_of_work(counter) as unit, pytest.raises(TypeError, match="floats never"):
        unit.run(COUNT, value=1.0)


def test_a_percent_sign_is_only_a_percent_sign(counter: str) -> None:
    with reading(counter) as unit:
        found = unit.fetch_value("SELECT slug FROM organization WHERE slug LIKE 'ac%'")
        assert found == "acme"
        assert unit.fetch_value("SELECT 10 % 4") == 2


def test_a_sum_comes_back_as_exact_credits(counter: str) -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Total:
        credits: Credits

    with reading(counter) as unit:
        total = unit.fetch_one(Total, SUM_OF_LARGE)
    assert total == Total(Credits(2**62 + 1))


SUM_OF_LARGE = f"""
SELECT SUM(CAST(amount AS BIGINT))
FROM (SELECT {2**61} AS amount UNION ALL SELECT {2**61 + 1}) AS two
"""


def begin(database: str) -> UnitOfWork:
    with unit_of_work(database) as unit:
        return unit


def test_a_missing_file_is_named_and_not_created(tmp_path: Path) -> None:
    for opening in (unit_of_work, reading, rehearsal):
        with pytest.raises(DatabaseMissing, match=r"there is no database at .*none\.db"):
            opening(f"sqlite:///{tmp_path}/none.db").__enter__()
    assert list(tmp_path.glob("none*")) == []


def test_an_empty_file_has_no_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(DatabaseMissing, match="no creditctl tables"):
        begin(f"sqlite:///{tmp_path}/empty.db")


@pytest.mark.parametrize("content", [b"Dear Sir " * 100, b"SQLite format 3\0" + b"\xff" * 500])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseUnreadable):
        begin(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreadable):
        begin(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("url", ["mysql://host/books", "books.db", "", "://"])
def test_an_unknown_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="not a database this tool knows"):
        begin(url)


def test_a_password_is_not_repeated_when_the_kind_is_unknown() -> None:
    with pytest.raises(InvalidInput) as refused:
        begin("mysql://billing:geheim@host/books")
    assert "geheim" not in refused.value.detail + refused.value.advice


def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(DatabaseUnreadable, match="PostgreSQL: "):
        begin("postgresql://nobody:geheim@127.0.0.1:1/none")


@pytest.mark.parametrize("revision", ["0006", "9999"])
def test_another_schema_version_is_refused(database: str, revision: str) -> None:
    with unit_of_work(database) as unit:
        unit.run("UPDATE alembic_version SET version_num = :revision", revision=revision)
    with pytest.raises(DatabaseOutdated, match=f"the schema is at {revision}"):
        begin(database)
