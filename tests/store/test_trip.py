"""Statements that are sent to PostgreSQL together: in order, and all or none of them."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from creditctl.store.connections import IdleConnections
from creditctl.store.engine import (
    UnitOfWork,
    dialect_of,
    reading,
    reusing_connections,
    unit_of_work,
)
from creditctl.store.staging import BULK
from creditctl.store.trip_postgres import forget

ADD = "INSERT INTO lease (name, holder, expires_at) VALUES (:name, :holder, :expires_at)"
NAMES = "SELECT name, expires_at FROM lease WHERE name LIKE 'trip-%' ORDER BY expires_at"


@dataclass(frozen=True)
class _Row:
    holder: str


def add(unit: UnitOfWork, number: int, **columns: Any) -> None:
    row = {"name": f"trip-{number}", "holder": "test", "expires_at": number}
    unit.run(ADD, **(row | columns))


def add_twice(database: str, *, is_read: bool) -> None:
    with unit_of_work(database) as unit, unit.in_one_trip():
        add(unit, 1)
        add(unit, 1)
        if is_read:
            unit.fetch_value("SELECT 1")
        add(unit, 2)


def numbers_in(database: str) -> list[int]:
    with reading(database) as unit:
        return [int(number) for _, number in unit.fetch_rows(NAMES)]


def test_answers_are_those_of_their_statements(database: str) -> None:
    with unit_of_work(database) as unit, unit.in_one_trip():
        add(unit, 1)
        first = unit.fetch_value("SELECT COUNT(*) FROM lease WHERE name LIKE 'trip-%'")
        add(unit, 2)
        row = unit.fetch_rows(
            """
            SELECT CAST(:a AS TEXT), CAST(:b AS BIGINT), :c, CAST(:none AS TEXT), CAST(:a AS TEXT)
            """,
            a="it's ü",
            b=-(2**62),
            c=b"\x00\xff'",
            none=None,
        )[0]
        nothing = unit.fetch_value("SELECT name FROM lease WHERE name = 'nobody'")
    assert (int(first), nothing) == (1, None)
    assert [bytes(one) if isinstance(one, memoryview) else one for one in row] == [
        "it's ü",
        -(2**62),
        b"\x00\xff'",
        None,
        "it's ü",
    ]
    assert numbers_in(database) == [1, 2]


def test_trips_within_a_trip_are_part_of_it_and_rows_of_many_keep_their_place(
    database: str,
) -> None:
    with unit_of_work(database) as unit, unit.in_one_trip():
        add(unit, 1)
        with unit.in_one_trip():
            unit.run_many(
                ADD,
                [{"name": f"trip-{n}", "holder": "test", "expires_at": n} for n in (2, 3)],
            )
        unit.run("DELETE FROM lease WHERE name = :name", name="trip-2")
    assert numbers_in(database) == [1, 3]


def test_more_than_the_server_takes_at_once_is_sent_as_it_takes_it(database: str) -> None:
    with unit_of_work(database) as unit, unit.in_one_trip():
        for number in range(3000):
            add(unit, number, holder="x" * 1000)
        answers = [
            unit.asked(_Row, "SELECT holder FROM lease WHERE name LIKE 'trip-1%'") for _ in range(3)
        ]
        found = [len(answer()) for answer in answers]
    assert found == [1111] * 3
    assert len(numbers_in(database)) == 3000


@pytest.mark.parametrize("is_read", [False, True])
def test_what_goes_wrong_undoes_everything_and_the_connection_goes_on(
    database: str, *, is_read: bool
) -> None:
    idle = IdleConnections()
    with reusing_connections(idle):
        for _ in range(2):
            with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
                add_twice(database, is_read=is_read)
            assert numbers_in(database) == []
        with unit_of_work(database) as unit, unit.in_one_trip():
            add(unit, 1)
        with unit_of_work(database) as unit:
            forget(unit.connection)
            with unit.in_one_trip():
                add(unit, 2)
    idle.close()
    assert numbers_in(database) == [1, 2]


def test_what_a_trip_cannot_send_goes_its_own_way_in_order(database: str) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("SQLite has no lists")
    with unit_of_work(database) as unit, unit.in_one_trip():
        add(unit, 1)
        add(unit, 2)
        unit.run("DELETE FROM lease WHERE expires_at = ANY(:numbers)", numbers=[1])
    assert numbers_in(database) == [2]


def test_words_are_never_cut_short(database: str) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("SQLite keeps them")
    with pytest.raises(Exception, match="NUL"), unit_of_work(database) as unit, unit.in_one_trip():
        add(unit, 1, holder="one\0two")
    assert numbers_in(database) == []


def test_what_goes_along_is_there_for_what_follows(database: str) -> None:
    with unit_of_work(database) as unit:
        with unit.along():
            add(unit, 1)
        assert unit.fetch_value("SELECT COUNT(*) FROM lease WHERE name = 'trip-1'") == 1
        with unit.along():
            add(unit, 2)
        assert unit.run("UPDATE lease SET expires_at = 3 WHERE name = 'trip-2'") == 1
        with unit.along():
            add(unit, 4)
        unit.run_many(ADD, [{"name": "trip-5", "holder": "test", "expires_at": 5}])
        with unit.along():
            add(unit, 6)
    assert numbers_in(database) == [1, 3, 4, 5, 6]


def test_what_goes_along_with_a_step_is_taken_back_with_it(database: str) -> None:
    with unit_of_work(database) as unit:
        with unit.along():
            add(unit, 1)
        with suppress(ValueError), unit.savepoint(), unit.along():
            add(unit, 2)
            raise ValueError
        with unit.savepoint(), unit.along():
            add(unit, 3)
    assert numbers_in(database) == [1, 3]


def test_rows_that_are_copied_come_after_what_goes_along(database: str) -> None:
    with unit_of_work(database) as unit:
        with unit.along():
            add(unit, 1)
        rows = [("trip-2", "test", 2)]
        BULK[unit.dialect].append_rows(unit, "lease", ("name", "holder", "expires_at"), rows)
        assert unit.fetch_value("SELECT COUNT(*) FROM lease WHERE name LIKE 'trip-%'") == 2


def test_nothing_is_kept_where_what_goes_along_is_refused(database: str) -> None:
    with (
        pytest.raises(Exception, match=r"(?i)unique"),
        unit_of_work(database) as unit,
        unit.along(),
    ):
        unit.run_many(ADD, [{"name": "trip-1", "holder": "test", "expires_at": 1}] * 2)
    assert numbers_in(database) == []
