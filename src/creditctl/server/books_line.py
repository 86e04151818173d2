"""The line to the process that keeps the books: where it is started, and asked."""

import asyncio
import itertools
import logging
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import creditctl
from creditctl.errors import Busy
from creditctl.server.answers import Request
from creditctl.server.books_wire import Messages, answers_of, request_message
from creditctl.server.exchange import Answer
from creditctl.server.problems import error_answer
from creditctl.services.gate_standing import has_one_writer

_log = logging.getLogger("creditctl.gate")
_TRY_AGAIN_SECONDS = 1.0
_BEGINS_SECONDS = 60.0
"""Who waits longer for it to begin would never end."""

# The package is found where this one was; nothing is looked for in the working directory.
_PROGRAM = """
import sys
sys.path.append(sys.argv[1])
from creditctl.server.books_process import main
main()
"""


def are_kept_beside(database: str) -> bool:
    """Whether another process had better keep the books: one file has one writer, who is kept busy.

    Of a server, several processes may each keep the books (`--workers`).
    """
    return has_one_writer(database) and os.name == "posix"


class BooksLine:
    """Starts the process, and again should it end; both stop together."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._now: _Line | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it can be asked."""
        return self._now is not None and not self._now.ended.is_set()

    @property
    def failures(self) -> Mapping[str, int]:
        """Transactions of several calls that it took back since it began, by what went wrong."""
        return {} if self._now is None else self._now.failures

    async def answer(self, request: Request) -> Answer:
        """What it answers; 503 if it ends before."""
        if self._now is None:
            return _nobody()
        return await self._now.ask(next(self._numbers), request)

    async def __aenter__(self) -> Self:
        self._now = await _started()
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._now is not None:
            await self._now.close()

    async def _watch(self) -> None:
        while True:
            if self._now is not None:
                await self._now.ended.wait()
                status = await self._now.process.wait()
                _log.error("the process that keeps the books ended with status %d", status)
            try:
                self._now = await _started()
            except OSError as problem:
                self._now = None
                _log.error("nobody keeps the books: %s", problem)
                await asyncio.sleep(_TRY_AGAIN_SECONDS)


class _Line(asyncio.Protocol):
    """To one process, until it ends."""

    process: asyncio.subprocess.Process
    _transport: asyncio.WriteTransport

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.failures: Mapping[str, int] = {}
        self.ready: asyncio.Future[bool] = loop.create_future()
        self.ended = asyncio.Event()
        self._messages = Messages()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def ask(self, number: int, request: Request) -> Answer:
        if self.ended.is_set():
            return _nobody()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._transport.write(request_message(number, request))
        return await answer

    async def close(self) -> None:
        """It makes the answers it is at, which nobody waits for, and ends."""
        self._transport.close()
        await self.process.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is not one by name

    def data_received(self, data: bytes) -> None:
        for message in self._messages.of(data):
            self.failures, answers = answers_of(message)
            for number, answer in answers:
                waiting = self._waiting.pop(number)
                if not waiting.done():  # else its client went away
                    waiting.set_result(answer)
        if not self.ready.done():
            self.ready.set_result(True)

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set()
        if not self.ready.done():
            self.ready.set_result(False)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(_nobody())
        self._waiting.clear()


async def _started() -> _Line:
    """A line to a new process; raises OSError where none begins."""
    mine, theirs = socket.socketpair()
    try:
        process = await _process(theirs)
    except OSError:
        mine.close()
        raise
    finally:
        theirs.close()
    loop = asyncio.get_running_loop()
    _, line = await loop.create_unix_connection(_Line, sock=mine)
    line.process = process
    try:
        is_ready = await asyncio.wait_for(line.ready, _BEGINS_SECONDS)
    except TimeoutError:
        process.kill()
        is_ready = False
    if not is_ready:
        raise OSError(f"their process ended with status {await process.wait()}")
    return line


async def _process(line: socket.socket) -> asyncio.subprocess.Process:
    root = str(Path(creditctl.__file__).parent.parent)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _PROGRAM, root, str(line.fileno())),
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=[line.fileno()],
    )


def _nobody() -> Answer:
    return error_answer(Busy("the process that keeps the books has ended", hint="ask again"))
