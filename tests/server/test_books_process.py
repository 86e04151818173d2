"""The process that keeps the books answers what comes on the line, together what came together."""

import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Thread

import pytest

from creditctl.server import books_process
from creditctl.server.answers import Request
from creditctl.server.books_process import keep_books
from creditctl.server.books_wire import Messages, answers_of, request_message
from creditctl.server.embedding import Gate
from creditctl.server.endpoints import ENDPOINTS
from creditctl.server.exchange import Answer, Asked
from creditctl.server.service import Service
from creditctl.services.group_commit import MOST_TOGETHER

PATIENCE = 60
(AUTHORIZE,) = [one for one in ENDPOINTS if one.path == "/v1/authorize"]


class Other:
    """The other side of the line."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(PATIENCE)
        self._line, self._messages = line, Messages()
        self.failures: dict[str, int] = {}

    def ask(self, numbers: Sequence[int]) -> None:
        """All of them in one go."""
        message = (request_message(number, (AUTHORIZE, Asked("POST", "/"))) for number in numbers)
        self._line.sendall(b"".join(message))

    def answers(self, count: int) -> dict[int, bytes]:
        """The bodies of as many answers, by their numbers."""
        found: dict[int, bytes] = {}
        while len(found) < count:
            for message in self._messages.of(self._line.recv(1 << 16)):
                self.failures, answers = answers_of(message)
                found |= {number: one.body for number, one in answers}
        return found


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were answered together each time; every third is answered later."""
    sizes: list[int] = []

    def answer_all(
        _: Service, requests: Sequence[Request], tell: Callable[[int, Answer], None]
    ) -> dict[int, Answer]:
        sizes.append(len(requests))
        later = [place for place in range(len(requests)) if place % 3 == 2]
        for place in later:
            Thread(target=tell, args=(place, Answer(200, b"later"))).start()
        return {place: Answer(200, b"now") for place in range(len(requests)) if place not in later}

    monkeypatch.setattr(books_process, "answer_all", answer_all)
    return sizes


def test_what_came_together_is_answered_together(
    sqlite_database: str, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = socket.socketpair()
    tidied: list[int] = []
    service = Service(Gate(sqlite_database))
    keeper = Thread(target=keep_books, args=(service, theirs, lambda: tidied.append(len(batches))))
    with closing(mine), closing(theirs), service.gate:
        other = Other(mine)
        other.ask(range(MOST_TOGETHER + 2))
        keeper.start()
        found = other.answers(MOST_TOGETHER + 2)
        monkeypatch.setattr(service.gate, "failures", lambda: {"Busy": 3})
        other.ask([7])
        assert other.answers(1) == {7: b"now"}
        mine.shutdown(socket.SHUT_WR)
        keeper.join(PATIENCE)
    assert not keeper.is_alive()
    assert other.failures == {"Busy": 3}
    assert batches == [MOST_TOGETHER, 2, 1]
    assert tidied == [1, 2, 3]
    assert found == {
        number: b"later" if number < MOST_TOGETHER and number % 3 == 2 else b"now"
        for number in range(MOST_TOGETHER + 2)
    }


def test_it_ends_when_nobody_takes_its_answers(sqlite_database: str, batches: list[int]) -> None:
    mine, theirs = socket.socketpair()
    service = Service(Gate(sqlite_database))
    with closing(theirs), service.gate:
        Other(mine).ask([1])
        mine.close()
        with pytest.raises(ConnectionError):
            keep_books(service, theirs, lambda: None)
    assert batches == []
