"""Many documents at once: rendered by two processes, in the order they were given."""

from collections.abc import Iterator, Sequence

from creditctl.documents.style import Style
from creditctl.services.render_processes import ProcessEnded, RenderProcesses
from creditctl.services.render_tasks import Rendered, Task, run_task

PROCESSES = 2
_WORTH_PROCESSES = 48
"""Fewer are done before two processes have started."""

_QUICK = frozenset({"json"})
"""Formats that are done before a document has got to another process."""


class Renderer:
    """Renders in this process, and in others once there is enough to do; `close` ends them."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._processes: RenderProcesses | None = None
        self._is_alone = False

    def render(self, tasks: Sequence[Task]) -> Iterator[Rendered]:
        """Each task's result, in order; raises DriverMissing."""
        long = [task for task in tasks if task.format not in _QUICK]
        too_few = self._processes is None and len(long) < _WORTH_PROCESSES
        if not long or too_few or self._is_alone:
            yield from (run_task(task, self._style) for task in tasks)
            return
        first, *others = tasks
        # What is missing here is missing there: it is told by this process.
        yield run_task(first, self._style)
        done = 0
        try:
            for made in self._started().render(others):
                done += 1
                yield made
        except ProcessEnded:
            # With less memory in use, it goes on here.
            self._is_alone = True
            self.close()
            yield from (run_task(task, self._style) for task in others[done:])

    def close(self) -> None:
        """End the processes; what they have not sent is dropped."""
        if self._processes is not None:
            self._processes.close()
            self._processes = None

    def _started(self) -> RenderProcesses:
        if self._processes is None:
            self._processes = RenderProcesses(self._style, PROCESSES)
        return self._processes
