"""One POST: to an address that was looked up once and checked, over before a deadline.

No redirect is followed, no proxy of the environment is asked, and of the answer no more is read
than its head: a body could be that of an inner server, and nobody here has a use for it.
"""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from creditctl import __version__
from creditctl.adapters.channels.attempt import Deadline
from creditctl.adapters.channels.connection import connected, encrypted, resolved
from creditctl.adapters.channels.host_names import network_name
from creditctl.adapters.channels.interface import DeliveryFailed
from creditctl.adapters.channels.public_addresses import AddressGuard
from creditctl.errors import InvalidInput

_LONGEST_URL = 2000
_LONGEST_REST = timedelta(hours=1)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in parts; the host as the network knows it (IDNA)."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and how long the receiver wants to be left alone."""

    status: int
    retry_after: str | None

    @property
    def words(self) -> str:
        """The status in words of our own: the other side's may hold anything."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)


def read_url(url: str) -> Target:
    """The parts of an http or https URL; raises InvalidInput for what can be read in two ways."""
    if not url.isprintable() or " " in url or "\\" in url or len(url) > _LONGEST_URL:
        raise InvalidInput("the URL is too long, or has characters that no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        # With a colon it is an IPv6 address, whose brackets urlsplit has seen.
        host = host if ":" in host or not host else network_name(host)
    except ValueError as problem:
        raise InvalidInput(f"the URL cannot be read: {problem}") from None
    if parts.scheme not in _PORTS or not host or port == 0:
        raise InvalidInput(f"{url!r} is no URL to post to", hint="write it like https://HOST/PATH")
    if "@" in parts.netloc or "#" in url:
        raise InvalidInput(
            "the URL has a user, a password or a fragment", hint="write it like https://HOST/PATH"
        )
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if not path.isascii():
        raise InvalidInput("the URL's path is not ASCII", hint="write it with %XX")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    context: ssl.SSLContext,
    deadline: Deadline,
    guard: AddressGuard | None = None,
) -> Answer:
    """Send it, once; raises DeliveryFailed, OSError, ValueError, HTTPException."""
    addresses = resolved(target.host, target.port, deadline)
    if guard is not None:
        guard.check_addresses(target.host, addresses)
    connection: http.client.HTTPConnection
    if target.scheme == "https":
        connection = http.client.HTTPSConnection(target.host, target.port, context=context)
    else:
        connection = http.client.HTTPConnection(target.host, target.port)
    try:
        # With a socket of its own it neither looks the name up again nor knows another timeout.
        connection.sock = connected(addresses, deadline)
        if target.scheme == "https":
            connection.sock = encrypted(connection.sock, target.host, context, deadline)
        stated = {"User-Agent": f"creditctl/{__version__}", "Content-Type": "application/json"}
        connection.request("POST", target.path, body, {**stated, **headers})
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("Retry-After"))
    finally:
        connection.close()


def outcome(answer: Answer, *, final: frozenset[HTTPStatus], at: datetime) -> str:
    """What the receiver said to a delivery it accepted; raises DeliveryFailed if it did not."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer.words
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise DeliveryFailed(f"{answer.words}: redirects are not followed", is_final=True)
    busy = answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    raise DeliveryFailed(
        answer.words,
        is_final=answer.status in final,
        retry_after=_rest(answer.retry_after, at) if busy else None,
    )


def _rest(text: str | None, at: datetime) -> int | None:
    """Seconds from a number of them or from a date (RFC 9110, 10.2.3), at most an hour."""
    if text is None:
        return None
    text = text.strip()
    try:
        if text.isascii() and text.isdigit():
            rest = timedelta(seconds=min(int(text), _LONGEST_REST.total_seconds()))
        else:
            rest = parsedate_to_datetime(text) - at
    except (ValueError, TypeError):
        return None
    return int(min(max(rest, timedelta(0)), _LONGEST_REST).total_seconds())
