"""What arrives while the gate is at work: on SQLite all that is about calls is answered at once."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import Any

import pytest

from builders import an_organization, at, open_books
from calls import ROWS
from creditctl.context import Context
from creditctl.server import app as server
from creditctl.server.answers import Request, answer_all
from creditctl.server.embedding import Gate
from creditctl.server.exchange import Answer
from creditctl.server.service import Service
from creditctl.services.keys import create_key
from creditctl.services.outcomes import Tell

PATIENCE = 60
ENDED, BEGUN = ("/v1/capture", "/v1/release"), "/v1/authorize"


class Recorder:
    """Notes what is answered together; the first time it waits until it may go on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.go_on = Event(), Event()

    def __call__(
        self, service: Service, requests: Sequence[Request], tell: Tell[Answer]
    ) -> dict[int, Answer]:
        self.batches.append([asked.path for _, asked in requests])
        if not self.begun.is_set():
            self.begun.set()
            assert self.go_on.wait(PATIENCE)
        return answer_all(service, requests, tell)


async def post(application: Any, place: str, /, **message: object) -> int:
    """The status of the answer."""
    body = {"type": "http.request", "body": json.dumps(message).encode()}
    scope = {"type": "http", "method": "POST", "path": place, "query_string": b"", "headers": []}
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return body

    async def send(sent: dict[str, Any]) -> None:
        if sent["type"] == "http.response.start":
            statuses.append(sent["status"])

    await application(scope, receive, send)
    return statuses[0]


def test_calls_that_end_are_answered_with_those_that_begin(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early, ROWS)
    an_organization(context, "acme", credits="100")
    key = create_key(early, "acme", name="web").id
    work = Recorder()
    monkeypatch.setattr(server, "answer_all", work)
    call = {"key": key, "path": "/rows", "units": 1}

    async def all_of_them(application: Any) -> list[int]:
        ask = partial(post, application)
        work.go_on.set()
        statuses = [await ask(BEGUN, request_id=f"r-{number}", **call) for number in (1, 2)]
        work.batches.clear()
        work.begun.clear()
        work.go_on.clear()
        first = asyncio.create_task(ask(BEGUN, request_id="r-3", **call))
        assert await asyncio.to_thread(work.begun.wait, PATIENCE)
        others = [
            asyncio.create_task(ask(ENDED[0], request_id="r-1")),
            asyncio.create_task(ask(ENDED[1], request_id="r-2")),
            asyncio.create_task(ask(BEGUN, request_id="r-4", **call)),
        ]
        await asyncio.sleep(0)  # each runs until it waits
        work.go_on.set()
        return statuses + await asyncio.gather(first, *others)

    gate = Gate(context.database, settings=context.settings, clock=lambda: context.now)
    with gate:
        assert asyncio.run(all_of_them(server.application(Service(gate, None)))) == [200] * 6
    assert work.batches == [[BEGUN], [*ENDED, BEGUN]]
