"""Columns laid beside the database are read as rows by both kinds of it."""

import sqlite3
from contextlib import closing, suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.errors import Busy
from creditctl.store import bulk_sqlite
from creditctl.store.connections import IdleConnections
from creditctl.store.engine import (
    UnitOfWork,
    reading,
    rehearsal,
    reusing_connections,
    unit_of_work,
)
from creditctl.store.queries.usage import insert_events
from creditctl.store.queries.usage_rollups import ROLLUPS, SUMS, add_sums
from creditctl.store.sqlite_image import FIRST_ROW, MOST_ROWS, database_image
from creditctl.store.staging import laid_out, sorting, stage_tables
from postgres_databases import EmptyDatabases

INTEGERS = st.sampled_from([8, 16, 32, 64]).flatmap(
    lambda bits: st.lists(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1), max_size=50)
)


def rows_in(image: object, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("ATTACH ':memory:' AS staging")
        connection.deserialize(image, name="staging")
        assert connection.execute("PRAGMA staging.integrity_check").fetchall() == [("ok",)]
        return connection.execute(sql).fetchall()


@given(INTEGERS)
def test_integers_of_every_width_are_kept(numbers: list[int]) -> None:
    image = database_image({"one": {"n": np.array(numbers, np.int64)}})
    assert rows_in(image, "SELECT row, n FROM one ORDER BY row") == [
        (FIRST_ROW + place, number) for place, number in enumerate(numbers)
    ]


@pytest.mark.parametrize("count", [0, 1, 700, 5_000, 70_000])
def test_tables_of_any_size_stand_side_by_side(count: int) -> None:
    ids = np.arange(2 * count, dtype=">u8").view("V16")
    tables = {
        "events": {"id": ids, "n": np.arange(count)},
        "other": {"x": np.array([7])},
    }
    image = database_image(tables)
    found = rows_in(image, "SELECT id, n FROM events ORDER BY row")
    assert found == [(ids[place].tobytes(), place) for place in range(count)]
    assert rows_in(image, "SELECT x FROM other") == [(7,)]


def test_more_rows_than_row_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        database_image({"one": {"n": np.zeros(MOST_ROWS + 1, np.int8)}})


def staged(database: str) -> list[tuple[object, ...]]:
    ids = np.arange(6, dtype=">u8").view("V16")
    with unit_of_work(database) as unit:
        stage_tables(unit, {"staged_thing": {"old": np.array([1])}})
        columns = {"id": ids, "n": np.array([-(2**62), 0, 5]), "flag": np.array([1, 0, 1], bool)}
        stage_tables(unit, {"staged_thing": columns | {"flag": columns["flag"].astype(np.int8)}})
        rows = unit.fetch_rows("SELECT row, id, n, flag FROM staged_thing ORDER BY row")
    return [(row, bytes(one), n, flag) for row, one, n, flag in rows]


EXPECTED = [
    (FIRST_ROW + place, np.arange(6, dtype=">u8").view("V16")[place].tobytes(), n, flag)
    for place, (n, flag) in enumerate([(-(2**62), 1), (0, 0), (5, 1)])
]


def test_what_is_staged_last_is_there(database: str) -> None:
    assert staged(database) == EXPECTED


def test_a_statement_reads_what_was_staged_last(database: str) -> None:
    with unit_of_work(database) as unit:
        for size in (5_000, 0, 3, 70_000):
            stage_tables(unit, {"staged_thing": {"n": np.arange(size)}})
            assert unit.fetch_rows("SELECT COUNT(*), MAX(n) FROM staged_thing") == [
                (size, size - 1 if size else None)
            ]


def test_a_python_without_deserialize_stages_the_same(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_sqlite, "Connection", object)
    assert staged(sqlite_database) == EXPECTED


def usage(ids: np.ndarray) -> dict[str, np.ndarray]:
    """Events as an import lays them out; every third one names no key."""
    numbers = np.arange(len(ids))
    others = ("occurred_at", "organization_id", "price_id", "units", "credits_micro")
    return {
        "event_hour": numbers // 1_000,
        "event_id": ids.astype(">u8").repeat(2).view("V16"),
        "api_key_id": numbers % 3,
        "status": np.full(len(ids), 200, np.int16),
        "volume_before": np.zeros(len(ids), np.int8),
        **dict.fromkeys(others, numbers),
    }


def book(database: str, columns: dict[str, np.ndarray], batch_id: int) -> int:
    with unit_of_work(database) as unit:
        return insert_events(unit, laid_out(unit.dialect, {"staged_event": columns}), batch_id)


def test_events_are_appended_with_their_batch_and_without_absent_keys(database: str) -> None:
    count = 20_000
    assert book(database, usage(np.arange(count)), 7) == count
    with reading(database) as unit:
        rows = unit.fetch_rows(
            "SELECT occurred_at, api_key_id, event_id, batch_id FROM usage_event ORDER BY 1"
        )
    assert [(at, key, bytes(one), batch) for at, key, one, batch in rows] == [
        (place, place % 3 or None, place.to_bytes(8, "big") * 2, 7) for place in range(count)
    ]


def test_nothing_is_appended_where_a_key_is_taken(database: str) -> None:
    book(database, usage(np.arange(3)), 1)
    if database.startswith("sqlite"):
        assert book(database, usage(np.arange(5)), 2) == 2
        return
    with pytest.raises(Busy):
        book(database, usage(np.arange(5)), 2)
    with reading(database) as unit:
        assert unit.fetch_rows("SELECT COUNT(*), MAX(batch_id) FROM usage_event") == [(3, 1)]


def sums(hours: list[int], requests: int) -> dict[str, dict[str, np.ndarray]]:
    """What each rollup is to grow by: one key, in each of the hours the same."""
    at = np.array(hours)
    given = {name: np.full(len(at), requests) for name in SUMS}
    return {
        f"staged_{table}": {
            **{name: at if name in ("hour", "day") else np.zeros_like(at) for name in key},
            **given,
        }
        for table, key in ROLLUPS.items()
    }


def test_sums_are_added_to_what_is_there_and_to_what_is_not(database: str) -> None:
    for hours, requests in (([1, 2], 5), ([2, 3], 7), ([1, 3, 4], 1)):
        with unit_of_work(database) as unit:
            add_sums(unit, laid_out(unit.dialect, sums(hours, requests)), ["small"])
    for table, key in ROLLUPS.items():
        with reading(database) as unit:
            found = unit.fetch_rows(f"SELECT {key[0]}, requests, units FROM {table} ORDER BY 1")
        assert found == [(1, 6, 6), (2, 12, 12), (3, 8, 8), (4, 1, 1)], table


def temp_store(unit: UnitOfWork) -> int:
    """Where SQLite keeps what is temporary: 1 is FILE, 2 is MEMORY."""
    return int(unit.fetch_value("PRAGMA temp_store"))


def test_sorts_use_other_memory_within_the_block_alone(sqlite_database: str) -> None:
    with reading(sqlite_database) as unit:
        assert temp_store(unit) == 2
        with sorting(unit):
            assert temp_store(unit) == 1
        assert temp_store(unit) == 2
        with pytest.raises(ZeroDivisionError), sorting(unit):
            raise ZeroDivisionError
        assert temp_store(unit) == 2


def test_what_is_temporary_stays_where_sorts_would_use_other_memory(database: str) -> None:
    with unit_of_work(database) as unit:
        unit.has_staged = True
        unit.run("CREATE TEMP TABLE beside (number BIGINT)")
        unit.run("INSERT INTO beside VALUES (3), (1), (2)")
        with sorting(unit):
            found = unit.fetch_rows("SELECT number FROM beside ORDER BY number")
        assert [number for (number,) in found] == [1, 2, 3]
        assert unit.fetch_value("SELECT COUNT(*) FROM beside") == 3


def many(unit: UnitOfWork, count: int, **others: np.ndarray) -> int:
    """Stage so many rows; returns which table of the server, or of the file, they are in."""
    stage_tables(unit, {"staged_thing": {"n": np.arange(count), **others}})
    assert unit.fetch_value("SELECT COUNT(*) FROM staged_thing") == count
    if unit.dialect == "sqlite":
        return 0
    return int(unit.fetch_value("SELECT 'pg_temp.staged_thing'::regclass::oid::bigint"))


def is_left(database: str) -> bool:
    """Whether the next transaction on PostgreSQL finds a table, which is empty then."""
    with unit_of_work(database) as unit:
        if unit.fetch_value("SELECT to_regclass('pg_temp.staged_thing')::text") is None:
            return False
        assert unit.fetch_value("SELECT COUNT(*) FROM staged_thing") == 0
        return True


def test_few_rows_are_staged_where_those_before_them_were(database: str) -> None:
    tables = []
    for count in (3, 1, 400):
        with unit_of_work(database) as unit:
            tables += [many(unit, count), many(unit, count + 1)]
    assert len(set(tables)) == 1
    with rehearsal(database) as unit:
        tables.append(many(unit, 5))
    with unit_of_work(database) as unit:
        with suppress(ZeroDivisionError), unit.savepoint():
            tables.append(many(unit, 6))
            raise ZeroDivisionError
        tables.append(many(unit, 7))
    assert len(set(tables)) == 1


def test_a_table_of_many_rows_or_other_columns_is_a_new_one(database: str) -> None:
    for count, others in ((2, {}), (5_000, {}), (2, {}), (2, {"m": np.arange(2)}), (3, {})):
        with rehearsal(database) as unit:
            many(unit, count, **others)
        with unit_of_work(database) as unit:
            many(unit, count, **others)
            many(unit, count, **others)
        if database.startswith("postgresql"):
            assert is_left(database) == (count < 5_000)


def test_a_table_is_left_of_what_was_kept_where_connections_keep_what_they_stage(
    postgres_databases: EmptyDatabases,
) -> None:
    with postgres_databases.lent() as lent:
        for writing, keeps in ((unit_of_work, True), (rehearsal, True), (unit_of_work, False)):
            with (
                closing(IdleConnections(keep_staged=keeps)) as idle,
                reusing_connections(idle),
            ):
                with writing(lent.url) as unit:
                    many(unit, 3)
                assert is_left(lent.url) == (keeps and writing is unit_of_work)
