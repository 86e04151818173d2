"""What the loop hands to threads: as much as there is, and nobody waits for company."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from creditctl.server.batches import Batches

PATIENCE = 60


class Work:
    """Doubles numbers; 0 is a mistake, and 1 waits until it may go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go_on = Event(), Event()

    def __call__(self, asked: Sequence[int], _: object) -> dict[int, int]:
        self.batches.append(list(asked))
        if 1 in asked:
            self.begun.set()
            assert self.go_on.wait(PATIENCE)
        if 0 in asked:
            raise ZeroDivisionError
        return {place: 2 * number for place, number in enumerate(asked)}


def ask(
    work: Work, numbers: Sequence[int], *, workers: int = 1, most: int = 9, held_up: float = 0.0
) -> list[object]:
    """The answers to numbers that come while the first one is being answered."""

    async def all_of_them() -> list[object]:
        with ThreadPoolExecutor(workers) as threads:
            batches = Batches(work, threads, workers=workers, most=most, held_up=held_up)
            first = asyncio.create_task(batches.answer(numbers[0]))
            assert await asyncio.to_thread(work.begun.wait, PATIENCE)
            others = [asyncio.create_task(batches.answer(number)) for number in numbers[1:]]
            await asyncio.sleep(0)
            work.go_on.set()
            return await asyncio.gather(first, *others, return_exceptions=True)

    return asyncio.run(all_of_them())


def test_those_that_come_meanwhile_are_answered_together() -> None:
    work = Work()
    assert ask(work, [1, 2, 3, 4]) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3, 4]]


def test_nobody_waits_for_more_than_so_many() -> None:
    work = Work()
    assert ask(work, [1, 2, 3, 4, 5], most=2) == [2, 4, 6, 8, 10]
    assert work.batches == [[1], [2, 3], [4, 5]]


def test_a_worker_that_is_free_begins_at_once() -> None:
    work = Work()

    async def while_one_waits() -> int:
        with ThreadPoolExecutor(2) as threads:
            batches = Batches(work, threads, workers=2, most=9)
            first = asyncio.create_task(batches.answer(1))
            assert await asyncio.to_thread(work.begun.wait, PATIENCE)
            second = await batches.answer(2)
            assert not first.done()
            work.go_on.set()
            assert await first == 2
            return second

    assert asyncio.run(while_one_waits()) == 4


def test_a_failure_is_told_to_all_of_the_batch_and_the_next_is_answered() -> None:
    work = Work()
    found = ask(work, [1, 0, 3, 4], most=2)
    assert [type(one) for one in found] == [int, ZeroDivisionError, ZeroDivisionError, int]


@pytest.mark.parametrize("gone", [0, 1])
def test_a_client_that_goes_away_takes_nothing_from_the_others(gone: int) -> None:
    work = Work()

    async def one_goes() -> list[object]:
        with ThreadPoolExecutor(1) as threads:
            batches = Batches(work, threads, workers=1, most=9)
            tasks = [asyncio.create_task(batches.answer(number)) for number in (1, 2)]
            assert await asyncio.to_thread(work.begun.wait, PATIENCE)
            tasks[gone].cancel()
            work.go_on.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    found = asyncio.run(one_goes())
    assert isinstance(found[gone], asyncio.CancelledError)
    assert found[1 - gone] == 2 * (2 - gone)


def test_another_worker_begins_where_one_is_held_up() -> None:
    work = Work()

    async def while_one_is_held_up() -> list[int]:
        with ThreadPoolExecutor(3) as threads:
            batches = Batches(work, threads, workers=3, most=9, held_up=0.05)
            first = asyncio.create_task(batches.answer(1))
            assert await asyncio.to_thread(work.begun.wait, PATIENCE)
            # The second waits for the worker to be held up, the third for nobody any more.
            others = [await batches.answer(number) for number in (2, 3)]
            assert not first.done()
            work.go_on.set()
            return [await first, *others]

    assert asyncio.run(while_one_is_held_up()) == [2, 4, 6]
    assert work.batches == [[1], [2], [3]]


def test_until_then_one_worker_is_left_alone() -> None:
    work = Work()
    assert ask(work, [1, 2, 3, 4], workers=3, held_up=PATIENCE) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3, 4]]
    work = Work()
    assert ask(work, [1, 2, 3, 4], workers=3, most=2, held_up=PATIENCE) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3], [4]]
