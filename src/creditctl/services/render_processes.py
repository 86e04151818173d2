"""Processes that render documents: each has a pipe of its own, which ends when either side does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from creditctl.documents.style import Style
from creditctl.services.render_tasks import Rendered, Task, run_task

_AT_ONCE = 8


class ProcessEnded(Exception):
    """The system ended one, mostly for want of memory."""


@dataclass(frozen=True, slots=True)
class _Process:
    """Killed in the middle of an answer, its pipe ends: nobody else can write to it."""

    process: SpawnProcess
    pipe: Connection


class RenderProcesses:
    """They end with this one, however that ends, and with `close`."""

    def __init__(self, style: Style, count: int) -> None:
        # A process made by fork would inherit open connections and the bar's thread.
        context = get_context("spawn")
        self._processes: list[_Process] = []
        for _ in range(count):
            pipe, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, style), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(_Process(process, pipe))

    def render(self, tasks: Sequence[Task]) -> Iterator[Rendered]:
        """Each task's result, in order; raises ProcessEnded, and what rendering raises.

        Whoever stops before the last one has ended the processes.
        """
        parts = [tasks[first : first + _AT_ONCE] for first in range(0, len(tasks), _AT_ONCE)]
        count, is_done = len(self._processes), False
        try:
            for number, part in enumerate(parts[:count]):
                self._give(number, part)
            for number in range(len(parts)):
                made = self._taken(number % count)
                if number + count < len(parts):
                    self._give(number % count, parts[number + count])
                yield from made
            is_done = True
        finally:
            # Else the next ones would be given answers that nobody took.
            if not is_done:
                self.close()

    def close(self) -> None:
        """End the processes; what they have begun is dropped."""
        for one in self._processes:
            one.process.terminate()
            one.process.join()
            one.pipe.close()

    def _give(self, place: int, part: Sequence[Task]) -> None:
        try:
            self._processes[place].pipe.send(part)
        except OSError:
            raise ProcessEnded from None

    def _taken(self, place: int) -> list[Rendered]:
        try:
            answer: list[Rendered] | Exception = self._processes[place].pipe.recv()
        except (EOFError, OSError):
            raise ProcessEnded from None
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(pipe: Connection, style: Style) -> None:
    """Render what comes until the pipe ends, with the process at its other side."""
    answer: list[Rendered] | Exception
    while True:
        try:
            tasks = pipe.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            return
        try:
            answer = [run_task(task, style) for task in tasks]
        except Exception as problem:
            answer = problem
        try:
            pipe.send(answer)
        except (OSError, KeyboardInterrupt):
            return
