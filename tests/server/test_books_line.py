"""The line to the process that keeps the books: it is asked, and started again should it end."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from creditctl.server import books_line
from creditctl.server.books_line import BooksLine
from creditctl.server.embedding import Gate
from creditctl.server.endpoints import ENDPOINTS
from creditctl.server.exchange import Asked
from creditctl.server.operations import metrics, readyz
from creditctl.server.service import Service

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere a gate is one process")
PATIENCE = 60
(AUTHORIZE,) = [one for one in ENDPOINTS if one.path == "/v1/authorize"]
CALL = b'{"request_id": "r-1", "secret": "ck_live_nobodys", "path": "/rows"}'


@pytest.fixture(autouse=True)
def books(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITCTL_DB", sqlite_database)
    monkeypatch.setattr(books_line, "_TRY_AGAIN_SECONDS", 0.01)


def run(told: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(told(), PATIENCE))


async def status(line: BooksLine) -> int:
    return (await line.answer((AUTHORIZE, Asked("POST", "/v1/authorize", body=CALL)))).status


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)


def kill(line: BooksLine) -> None:
    assert line._now is not None
    os.kill(line._now.process.pid, signal.SIGKILL)


def test_it_answers() -> None:
    async def told() -> None:
        async with BooksLine() as line:
            assert line.is_ready
            assert await asyncio.gather(*(status(line) for _ in range(5))) == [401] * 5

    run(told)


SAYS_BUSY = """
import socket, sys
sys.path.append(sys.argv[1])
from creditctl.server.books_wire import answers_message
line = socket.socket(fileno=int(sys.argv[2]))
line.sendall(answers_message({"Busy": 3}, []))
line.recv(1)
"""


def test_what_was_taken_back_is_told_on_the_line_and_in_the_metrics(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_line, "_PROGRAM", SAYS_BUSY)

    async def told() -> None:
        async with BooksLine() as line:
            assert line.failures == {"Busy": 3}
            with Gate(sqlite_database) as gate:
                page = metrics(Service(gate, line=line), Asked("GET", "/metrics")).body.decode()
            assert 'creditctl_gate_failed_groups_total{reason="Busy"} 3.0' in page

    run(told)


def test_a_gate_is_not_ready_while_nobody_keeps_the_books(sqlite_database: str) -> None:
    async def told() -> None:
        with Gate(sqlite_database) as gate:
            service = Service(gate, line=(line := BooksLine()))
            assert readyz(service, Asked("GET", "/readyz")).status == 503
            async with line:
                assert readyz(service, Asked("GET", "/readyz")).status == 200

    run(told)


def test_those_who_wait_are_told_that_it_ended_and_the_next_is_asked() -> None:
    async def told() -> None:
        async with BooksLine() as line:
            waiting = asyncio.create_task(status(line))
            await asyncio.sleep(0)
            kill(line)
            assert await waiting in (401, 503)
            await until(lambda: not line.is_ready)
            assert await status(line) == 503
            await until(lambda: line.is_ready)
            assert await status(line) == 401

    run(told)


def test_one_that_cannot_begin_is_tried_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    program = books_line._PROGRAM

    async def told() -> None:
        async with BooksLine() as line:
            monkeypatch.setattr(books_line, "_PROGRAM", "raise SystemExit(3)")
            kill(line)
            await until(lambda: line._now is None)
            assert (line.is_ready, line.failures, await status(line)) == (False, {}, 503)
            monkeypatch.setattr(books_line, "_PROGRAM", program)
            await until(lambda: line.is_ready)
            assert await status(line) == 401

    run(told)


@pytest.mark.parametrize(
    ("program", "status"),
    [("raise SystemExit(3)", 3), ("import time; time.sleep(60)", -signal.SIGKILL)],
)
def test_a_gate_that_cannot_begin_says_so(
    program: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_line, "_PROGRAM", program)
    monkeypatch.setattr(books_line, "_BEGINS_SECONDS", 1.0)

    async def told() -> None:
        async with BooksLine():
            pass

    with pytest.raises(OSError, match=f"ended with status {status}"):
        run(told)
