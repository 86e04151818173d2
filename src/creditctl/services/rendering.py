"""Many documents at once: rendered by two processes, in the order they were given."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread

from creditctl.documents.document import Document
from creditctl.documents.style import Style
from creditctl.errors import InvalidInput
from creditctl.services.documents import FORMATS

PROCESSES = 2
_WORTH_PROCESSES = 48
"""Fewer are done before two processes have started."""

_AT_ONCE = 8
_QUICK = frozenset({"json"})
"""Formats that are done before a document has got to another process."""


@dataclass(frozen=True, slots=True)
class Task:
    """A document to render in a format."""

    document: Document
    format: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes, or why there are none."""

    content: bytes
    problem: str | None = None


class Renderer:
    """Renders in this process, and in others once there is enough to do; `close` ends them."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._pool: ProcessPoolExecutor | None = None
        self._is_alone = False

    def render(self, tasks: Sequence[Task]) -> Iterator[Rendered]:
        """Each task's result, in order; raises DriverMissing."""
        long = [task for task in tasks if task.format not in _QUICK]
        too_few = self._pool is None and len(long) < _WORTH_PROCESSES
        if not long or too_few or self._is_alone:
            yield from (_rendered(task, self._style) for task in tasks)
            return
        first, *others = tasks
        # What is missing here is missing there: it is told by this process.
        yield _rendered(first, self._style)
        done = 0
        try:
            for made in self._processes().map(_render_there, others, chunksize=_AT_ONCE):
                done += 1
                yield made
        except BrokenProcessPool:
            # The system ended one, mostly for want of memory: with less of it, it goes on here.
            self._is_alone = True
            yield from (_rendered(task, self._style) for task in others[done:])

    def close(self) -> None:
        """End the processes; what they have not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _processes(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # A process made by fork would inherit open connections and the bar's thread.
            self._pool = ProcessPoolExecutor(
                PROCESSES, get_context("spawn"), _take_style, (self._style,)
            )
        return self._pool


_styles: list[Style] = []
"""Of a process of the pool: its one style, sent once and not with every document."""


def _take_style(style: Style) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    _styles.append(style)


def _end_with_parent() -> None:
    """Killed, it could tell nobody to end: each would wait for work, and its memory, for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _render_there(task: Task) -> Rendered:
    return _rendered(task, _styles[-1])


def _rendered(task: Task, style: Style) -> Rendered:
    try:
        return Rendered(FORMATS[task.format](task.document, style))
    except InvalidInput as problem:
        return Rendered(b"", problem.detail)
