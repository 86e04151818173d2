"""The process of a gate that keeps the books, beside the one that speaks HTTP.

Python runs one thread at a time: in one process who carried bytes and who decided kept each other
waiting. It has nothing else to do, so it answers in its only thread, all that has come at once. It
ends when the other side closes the line or is gone, and not before: signals are for the other side.
"""

import gc
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import TypeAlias

from creditctl.server.answers import Request, answer_all
from creditctl.server.books_wire import Messages, answers_message, request_of
from creditctl.server.exchange import Answer
from creditctl.server.service import Service, service_from_environment
from creditctl.services.group_commit import MOST_TOGETHER

_CHUNK_BYTES = 1 << 18
_Tell: TypeAlias = Callable[[list[tuple[int, Answer]]], None]
_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


def main() -> None:
    """Answer what comes on the line, a socket whose number is the last argument."""
    for name in _STOPPING:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    service = service_from_environment()
    line = socket.socket(fileno=int(sys.argv[-1]))
    with service.gate, service.gate.settled() as between, line:
        # What lives as long as the process is not looked through again while somebody waits.
        gc.collect()
        gc.freeze()
        with suppress(ConnectionError):  # the other side is gone, and with it who asked
            keep_books(service, line, between)


def keep_books(service: Service, line: socket.socket, between: Callable[[], None]) -> None:
    """Answer until the line is closed; raises ConnectionError where nobody takes the answers."""
    telling = Lock()

    def tell(answers: list[tuple[int, Answer]]) -> None:
        message = answers_message(service.gate.failures(), answers)
        with telling:
            line.sendall(message)

    messages, waiting = Messages(), deque[tuple[int, Request]]()
    tell([])  # it is ready
    while chunk := line.recv(_CHUNK_BYTES):
        waiting.extend(map(request_of, messages.of(chunk)))
        while waiting:
            batch = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
            _answer(service, batch, tell)
            between()


def _answer(service: Service, batch: Sequence[tuple[int, Request]], tell: _Tell) -> None:
    def tell_later(place: int, answer: Answer) -> None:
        tell([(batch[place][0], answer)])

    found = answer_all(service, [request for _, request in batch], tell_later)
    tell([(batch[place][0], answer) for place, answer in found.items()])
