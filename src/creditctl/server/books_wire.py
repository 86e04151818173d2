"""What the two processes of a gate tell each other: requests one way, answers the other."""

import marshal
import struct
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from creditctl.server.answers import Request
from creditctl.server.endpoints import ENDPOINTS
from creditctl.server.exchange import Answer, Asked

Told: TypeAlias = tuple[dict[str, int], list[tuple[int, Answer]]]
"""Transactions that were taken back since the beginning, by why, and answers by their number."""

_LENGTH = struct.Struct("<I")
_PLACES = {endpoint.path: place for place, endpoint in enumerate(ENDPOINTS)}


class Messages:
    """Takes bytes as they come, and gives the messages that are whole."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, chunk: bytes) -> list[Any]:
        """Those that end in this chunk."""
        data, at, found = self._rest + chunk, 0, []
        while (begins := at + _LENGTH.size) <= len(data):
            ends = begins + _LENGTH.unpack_from(data, at)[0]
            if ends > len(data):
                break
            # Both sides are this program, run by the same interpreter, on a line nobody else has.
            found.append(marshal.loads(data[begins:ends]))  # noqa: S302
            at = ends
        self._rest = data[at:]
        return found


def request_message(number: int, request: Request) -> bytes:
    """A request, and the number that its answer will have."""
    endpoint, asked = request
    values = (
        asked.method,
        asked.path,
        dict(asked.query),
        dict(asked.headers),
        asked.body,
        asked.place,
    )
    return _message((number, _PLACES[endpoint.path], values))


def request_of(message: Any) -> tuple[int, Request]:
    """What `request_message` made a message of."""
    number, place, values = message
    return number, (ENDPOINTS[place], Asked(*values))


def answers_message(failures: Mapping[str, int], answers: Iterable[tuple[int, Answer]]) -> bytes:
    """Answers by the numbers of their requests."""
    values = [
        (number, one.status, one.body, one.media_type, dict(one.headers), one.outcome)
        for number, one in answers
    ]
    return _message((dict(failures), values))


def answers_of(message: Any) -> Told:
    """What `answers_message` made a message of."""
    failures, values = message
    return failures, [(number, Answer(*parts)) for number, *parts in values]


def _message(value: Any) -> bytes:
    data = marshal.dumps(value)
    return _LENGTH.pack(len(data)) + data
