"""Columns laid beside the database are read as rows by both kinds of it."""

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.store import bulk_sqlite
from creditctl.store.engine import unit_of_work
from creditctl.store.sqlite_image import FIRST_ROW, MOST_ROWS, database_image
from creditctl.store.staging import stage_tables

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
