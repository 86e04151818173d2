"""Questions asked together: answered as one after the other, in the trips of the longest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from creditctl.errors import NotFound
from creditctl.store.engine import UnitOfWork, dialect_of, reading, unit_of_work
from creditctl.store.trip_postgres import Trip

ADD = "INSERT INTO lease (name, holder, expires_at) VALUES ('question', :holder, 1)"
SUM = "SELECT CAST(:a AS BIGINT) + CAST(:b AS BIGINT)"


@contextmanager
def trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many statements went with each trip."""
    found: list[int] = []
    go = Trip.go

    def counted(self: Trip) -> None:
        if self._asked:
            found.append(len(self._asked))
        go(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trip, "go", counted)
        yield found


def total(unit: UnitOfWork, *numbers: int) -> int:
    """The sum, by one statement after the other."""
    found = 0
    for number in numbers:
        found = int(unit.fetch_value(SUM, a=found, b=number))
    return found


def refused(unit: UnitOfWork, words: str, *numbers: int) -> int:
    total(unit, *numbers)
    raise NotFound(words)


def test_answers_come_in_the_order_of_the_questions(database: str) -> None:
    with reading(database) as unit:
        found = unit.together(
            lambda: total(unit, 1),
            lambda: "known",
            lambda: total(unit, 1, 2, 3),
            lambda: total(unit, 1, 2),
        )
        assert found == (1, "known", 6, 3)
        assert unit.together(lambda: total(unit, 2), lambda: total(unit, 2)) == (2, 2)


def test_the_longest_question_says_how_often_they_go(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trips(monkeypatch) as gone, reading(database) as unit:
        unit.together(
            lambda: total(unit, 1, 2, 3),
            lambda: unit.together(lambda: total(unit, 4), lambda: total(unit, 5, 6))[1],
            lambda: total(unit, 7),
        )
    assert gone == ([] if dialect_of(database) == "sqlite" else [3 + 4, 2, 1])


def test_what_the_first_of_them_raises_is_raised(database: str) -> None:
    with reading(database) as unit:
        with pytest.raises(NotFound, match="first"):
            unit.together(
                lambda: total(unit, 1),
                lambda: refused(unit, "first", 1, 2, 3),
                lambda: refused(unit, "second"),
            )
        assert total(unit, 1, 2) == 3


def test_they_see_what_the_trip_around_them_wrote(database: str) -> None:
    def holder(unit: UnitOfWork) -> str:
        return str(unit.fetch_value("SELECT holder FROM lease WHERE name = 'question'"))

    with unit_of_work(database) as unit, unit.in_one_trip():
        unit.run(ADD, holder="me")
        assert unit.together(lambda: holder(unit), lambda: total(unit, 1, 2)) == ("me", 3)


def test_what_cannot_be_sent_along_is_asked_by_itself(database: str) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("SQLite has no lists")
    with reading(database) as unit:
        found = unit.together(
            lambda: total(unit, 1, 2),
            lambda: unit.fetch_value("SELECT CAST(:numbers AS BIGINT[])", numbers=[1, 2]),
            lambda: total(unit, 4),
        )
    assert found == (3, [1, 2], 4)


@pytest.mark.parametrize(
    "change",
    [
        lambda unit: unit.run(ADD, holder="me"),
        lambda unit: unit.fetch_value(f"{ADD} RETURNING name", holder="me"),
        lambda unit: unit.run_many(ADD, [{"holder": "me"}]),
    ],
    ids=["run", "returning", "many"],
)
def test_a_question_changes_nothing(database: str, change: Callable[[UnitOfWork], Any]) -> None:
    if dialect_of(database) == "sqlite":
        pytest.skip("each is called once there, as any function is")
    with (
        pytest.raises(RuntimeError, match="changes nothing"),
        unit_of_work(database) as unit,
    ):
        unit.together(lambda: total(unit, 1), lambda: change(unit))
