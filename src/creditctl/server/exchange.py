"""A request and its answer as the endpoints see them: plain values, whatever carries them."""

import json
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from creditctl.services.gate_calls import GateCall, WantedCall, WantedCapture, WantedRelease
from creditctl.services.hold_answers import Hold

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; the names of its headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    place: str = ""
    """The part of the path that an endpoint leaves open, without a slash before it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers and a body."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: str = ""
    """The reason of a decision, for the metrics."""


Deciding: TypeAlias = Generator[WantedCall, GateCall, Answer]
"""An answer that waits for a decision: it asks for one call, and goes on when that is decided."""

Ending: TypeAlias = Generator[WantedCapture | WantedRelease, Hold, Answer]
"""An answer that waits for the end of a call."""


async def send_answer(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]], one: Answer
) -> None:
    """The answer as ASGI has it; nobody may keep it for the next one who asks."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in one.headers.items()
    ]
    headers += (
        (b"content-type", one.media_type.encode("latin-1")),
        (b"content-length", b"%d" % len(one.body)),
        (b"cache-control", b"no-store"),
    )
    await send({"type": "http.response.start", "status": one.status, "headers": headers})
    await send({"type": "http.response.body", "body": one.body})


def json_answer(
    status: int, document: Any, headers: Mapping[str, str] | None = None, outcome: str = ""
) -> Answer:
    """An answer in JSON."""
    return Answer(status, encoded(document), JSON, headers or {}, outcome)


def encoded(document: Any) -> bytes:
    """JSON in ASCII on one line, so that it can be a header too."""
    return json.dumps(document).encode()
