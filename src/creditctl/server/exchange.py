"""A request and its answer as the endpoints see them: plain values, whatever carries them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


def json_answer(
    status: int, document: Any, headers: Mapping[str, str] | None = None, outcome: str = ""
) -> Answer:
    """An answer in JSON."""
    return Answer(status, encoded(document), JSON, headers or {}, outcome)


def encoded(document: Any) -> bytes:
    """JSON in ASCII on one line, so that it can be a header too."""
    return json.dumps(document).encode()
