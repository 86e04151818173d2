"""JSON over HTTP that knows whether a request went out before something broke."""

import http.client
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from creditctl.adapters.payments.interface import ProviderUnreachable

_LONGEST_ANSWER = 4 << 20


class AnswerLost(Exception):
    """The request went out, and no whole answer came back: what it did is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the JSON that came with it; None if there was none."""

    status: int
    document: Any


@dataclass(frozen=True, slots=True)
class JsonApi:
    """A server's API. Redirects are not followed: they would carry the key elsewhere."""

    address: str
    authorization: str
    connect_seconds: int
    answer_seconds: int

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        body: object = None,
    ) -> Answer:
        """Send one request, once; raises ProviderUnreachable before, AnswerLost after it went."""
        parts = urlsplit(self.address)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.connect()
        except OSError as problem:
            raise ProviderUnreachable(f"{self.address}: {problem}") from None
        try:
            # The connection stands: from here on the other side may have acted.
            connection.sock.settimeout(self.answer_seconds)
            question = f"?{asked}" if (asked := urlencode(list(query))) else ""
            headers = {"Authorization": self.authorization, "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, f"{parts.path}{path}{question}", data, headers)
            response = connection.getresponse()
            return Answer(response.status, _document(response))
        except (OSError, http.client.HTTPException) as problem:
            raise AnswerLost(f"{self.address}: {type(problem).__name__} {problem}") from None
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, port, timeout=self.connect_seconds, context=context
            )
        return http.client.HTTPConnection(host, port, timeout=self.connect_seconds)


def _document(response: http.client.HTTPResponse) -> Any:
    text = response.read(_LONGEST_ANSWER)
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        if response.status < http.HTTPStatus.MULTIPLE_CHOICES:
            raise http.client.HTTPException("the answer is not JSON") from None
        return None
