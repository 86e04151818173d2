"""What the loop hands over to threads: requests that came meanwhile are answered together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from creditctl.services.gate_standing import has_one_writer
from creditctl.services.group_commit import MOST_TOGETHER

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Ask, Answer]):
    asked: Ask
    answer: "asyncio.Future[Answer]"


class Batches(Generic[Ask, Answer]):
    """Nobody waits for company: a worker that is free takes all that is there.

    A hand-over between threads costs as much as a good part of an answer. Only the loop's own
    thread uses it.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Ask]], Sequence[Answer]],
        threads: Executor,
        *,
        workers: int,
        most: int,
    ) -> None:
        """`work` answers `most` at once; `workers` of the threads do."""
        self._work, self._threads = work, threads
        self._free, self._most = workers, most
        self._waiting: list[_Waiting[Ask, Answer]] = []
        self._is_due = False

    async def answer(self, asked: Ask) -> Answer:
        """What `work` answers; raises what it does."""
        loop = asyncio.get_running_loop()
        mine: _Waiting[Ask, Answer] = _Waiting(asked, loop.create_future())
        self._waiting.append(mine)
        if not self._is_due and self._free:
            # After those that arrived at the same moment.
            self._is_due = True
            loop.call_soon(self._hand_over, loop)
        return await mine.answer

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_due = False
        while self._waiting and self._free:
            batch = self._waiting[: self._most]
            del self._waiting[: self._most]
            self._free -= 1
            self._threads.submit(self._run, loop, batch)

    def _run(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Ask, Answer]]) -> None:
        found: Sequence[Answer] | BaseException
        try:
            found = self._work([one.asked for one in batch])
        except BaseException as problem:  # nobody may wait for ever
            found = problem
        loop.call_soon_threadsafe(self._done, loop, batch, found)

    def _done(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[_Waiting[Ask, Answer]],
        found: Sequence[Answer] | BaseException,
    ) -> None:
        self._free += 1
        self._hand_over(loop)
        for place, one in enumerate(batch):
            if one.answer.done():  # its client went away
                continue
            if isinstance(found, BaseException):
                one.answer.set_exception(found)
            else:
                one.answer.set_result(found[place])


def batches_for(
    database: str,
    work: Callable[[Sequence[Ask]], Sequence[Answer]],
    threads: Executor,
    *,
    workers: int,
) -> Batches[Ask, Answer]:
    """How calls reach the books: one file has one writer, a server may have many."""
    if has_one_writer(database):
        workers = 1
    return Batches(work, threads, workers=workers, most=MOST_TOGETHER)
