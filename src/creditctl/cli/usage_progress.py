"""The progress of an import on a terminal, and Ctrl-C, which stops it between two chunks."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

from creditctl.cli.session import Session
from creditctl.services.usage_progress import NobodyWatches, Progress


@contextmanager
def watching(session: Session) -> Iterator["Watcher"]:
    """Show a bar where stderr is a terminal; the first Ctrl-C asks to stop, the second one does."""
    watcher = Watcher()
    with ExitStack() as stack:
        if current_thread() is main_thread():
            before = signal.signal(signal.SIGINT, watcher.stop)
            stack.callback(signal.signal, signal.SIGINT, before)
        if session.terminal.stderr.isatty():
            watcher.bar = stack.enter_context(_bar(session))
        yield watcher


class Watcher(NobodyWatches):
    """Passes progress on to a bar, if there is one, and remembers Ctrl-C."""

    def __init__(self) -> None:
        self.bar: Any = None
        self._is_stopping = False
        self._tasks: dict[str, Any] = {}

    def stop(self, number: int, frame: FrameType | None) -> None:
        """The signal's handler."""
        if self._is_stopping:
            signal.default_int_handler(number, frame)
        self._is_stopping = True

    def wants_to_stop(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._is_stopping

    def advanced(self, progress: Progress) -> None:
        """Move the bar of the file."""
        if self.bar is None:
            return
        if progress.file not in self._tasks:
            self._tasks[progress.file] = self.bar.add_task(
                progress.file, total=progress.size or None, records=0, rate=""
            )
        number = self._tasks[progress.file]
        task = self.bar.tasks[number]
        records = task.fields["records"] + progress.records
        rate = f"{int(records / task.elapsed):,}/s" if task.elapsed else ""
        self.bar.update(number, completed=progress.consumed, records=records, rate=rate)


def _bar(session: Session) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    stderr = session.terminal.stderr
    console = Console(
        file=stderr, width=session.terminal.width, no_color=not session.terminal.colours(stderr)
    )
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[records]:,} records"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
