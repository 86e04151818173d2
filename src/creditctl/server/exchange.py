"""A request and its answer as the endpoints see them: plain values, whatever carries them."""

import json
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from creditctl.services.gate_calls import GateCall, WantedCall, WantedCapture, WantedRelease
from creditctl.services.hold_answers import Hold

JSON = "application/json"
_MOST_DIGITS = 15
"""Below 2**53."""


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


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an ASGI request or response; of one name the first counts.

    They are any bytes: each is a character of Latin-1.
    """
    headers: dict[str, str] = {}
    for name, value in scope.get("headers", ()):
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """What stands behind `Authorization: Bearer`."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    return rest.strip() or None if scheme.lower() == "bearer" else None


def secret_of(headers: Mapping[str, str]) -> str | None:
    """The client's API key."""
    return headers.get("x-api-key") or bearer_of(headers)


def units_of(text: str) -> int | None:
    """A number of units as text; None for nonsense."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def json_answer(
    status: int, document: Any, headers: Mapping[str, str] | None = None, outcome: str = ""
) -> Answer:
    """An answer in JSON."""
    return Answer(status, encoded(document), JSON, headers or {}, outcome)


def encoded(document: Any) -> bytes:
    """JSON in ASCII on one line, so that it can be a header too."""
    return json.dumps(document).encode()
