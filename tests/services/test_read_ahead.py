"""Reading ahead: the first item is begun at once, and what goes wrong is met where it is used."""

from collections.abc import Iterator
from threading import Event

import pytest

from creditctl.services.usage_reading import read_ahead

PATIENCE = 60


def test_the_first_is_begun_before_it_is_asked_for_and_all_come_in_their_order() -> None:
    begun = Event()

    def items() -> Iterator[int]:
        begun.set()
        yield from range(1, 6)

    with read_ahead(items()) as ahead:
        assert begun.wait(PATIENCE)
        assert list(ahead) == [1, 2, 3, 4, 5]


def test_what_goes_wrong_is_raised_after_what_came_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with read_ahead(items()) as ahead:
        assert next(ahead) == 1
        with pytest.raises(ZeroDivisionError):
            next(ahead)


def test_nothing_is_nothing_and_who_stops_early_waits_for_what_was_begun() -> None:
    with read_ahead(iter(())) as ahead:
        assert list(ahead) == []
    ended = Event()

    def items() -> Iterator[int]:
        yield 1
        ended.set()
        yield 2

    with read_ahead(items()) as ahead:
        assert next(ahead) == 1
    assert ended.is_set()
