"""What the loop hands over to threads: requests that came meanwhile are answered together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from creditctl.services.gate_standing import has_one_writer
from creditctl.services.group_commit import MOST_TOGETHER
from creditctl.services.outcomes import Tell

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

Work: TypeAlias = Callable[[Sequence[Ask], Tell[Answer]], Mapping[int, Answer]]
"""Answers by place what waits for nobody else; the others it tells later, by other threads."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Ask, Answer]):
    asked: Ask
    answer: "asyncio.Future[Answer]"


HELD_UP_SECONDS = 0.1
"""For so long one worker is left alone: threads that calculate only get in each other's way."""


class Batches(Generic[Ask, Answer]):
    """Nobody waits for company: a worker that is free takes all that is there.

    A hand-over between threads costs as much as a good part of an answer. Only the loop's own
    thread uses it.
    """

    def __init__(
        self,
        work: Work[Ask, Answer],
        threads: Executor,
        *,
        workers: int,
        most: int,
        held_up: float = 0.0,
    ) -> None:
        """`work` answers `most` at once; `workers` of the threads do, until what it tells later.

        Another one begins where the last that did is done, or is `held_up` for so many seconds.
        """
        self._work, self._threads = work, threads
        self._free, self._most, self._held_up = workers, most, held_up
        self._waiting: list[_Waiting[Ask, Answer]] = []
        self._due: asyncio.Handle | None = None
        self._newest: Sequence[_Waiting[Ask, Answer]] | None = None
        self._next_at = 0.0

    async def answer(self, asked: Ask) -> Answer:
        """What `work` answers; raises what it does."""
        loop = asyncio.get_running_loop()
        mine: _Waiting[Ask, Answer] = _Waiting(asked, loop.create_future())
        self._waiting.append(mine)
        if self._due is None and self._free:
            # After those that arrived at the same moment.
            self._due = loop.call_soon(self._hand_over, loop)
        return await mine.answer

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        while self._waiting and self._free:
            if self._newest is not None and loop.time() < self._next_at:
                self._due = loop.call_at(self._next_at, self._hand_over, loop)
                return
            batch = self._waiting[: self._most]
            del self._waiting[: self._most]
            self._free -= 1
            self._newest, self._next_at = batch, loop.time() + self._held_up
            self._threads.submit(self._run, loop, batch)

    def _run(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Ask, Answer]]) -> None:
        def tell(place: int, answer: Answer) -> None:
            loop.call_soon_threadsafe(_answered, batch[place], answer)

        found: Mapping[int, Answer] | BaseException
        try:
            found = self._work([one.asked for one in batch], tell)
        except BaseException as problem:  # nobody may wait for ever
            found = problem
        loop.call_soon_threadsafe(self._done, loop, batch, found)

    def _done(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[_Waiting[Ask, Answer]],
        found: Mapping[int, Answer] | BaseException,
    ) -> None:
        self._free += 1
        if self._newest is batch:
            self._newest = None
        self._hand_over(loop)
        if not isinstance(found, BaseException):
            for place, answer in found.items():
                _answered(batch[place], answer)
            return
        for one in batch:
            if not one.answer.done():
                one.answer.set_exception(found)


def _answered(one: _Waiting[Any, Answer], answer: Answer) -> None:
    if not one.answer.done():  # else its client went away
        one.answer.set_result(answer)


def batches_for(
    database: str,
    work: Work[Ask, Answer],
    threads: Executor,
    *,
    workers: int,
) -> Batches[Ask, Answer]:
    """How calls reach the books: one file has one writer, a server may have many."""
    if has_one_writer(database):
        workers = 1
    return Batches(work, threads, workers=workers, most=MOST_TOGETHER, held_up=HELD_UP_SECONDS)
