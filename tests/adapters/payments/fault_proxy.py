"""An HTTP proxy that honours idempotency keys as Stripe does, and breaks what it is told to.

Source: docs.stripe.com/api/idempotent_requests: the first result is kept, even a failure, and
replayed; other parameters are an error; a repetition of what is still under way is a conflict.
"""

import http.client
import json
import socket
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Lock
from typing import Any, Protocol
from urllib.parse import urlsplit

from adapters.payments.local_servers import serving

LONGEST_HOLD = 60


class Fault(Enum):
    LOSE_ANSWER = auto()
    """The request is served; its answer never leaves, and the connection closes."""

    RESET_AFTER = auto()
    RESET_BEFORE = auto()
    CUT_ANSWER = auto()
    """Half of the answer's body."""

    HOLD_ANSWER = auto()
    """The request is served; its answer waits for `release`."""

    HOLD_REQUEST = auto()
    """The request itself waits for `release`."""

    SERVER_ERROR = auto()
    """The request is served, and then something breaks: a 500 that is kept like any result."""

    RATE_LIMIT = auto()
    DECLINE = auto()


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    replayed: bool = False


class Dialect(Protocol):
    """Translates for a peer that lags behind the real thing."""

    def to_peer(self, method: str, path: str, body: bytes) -> tuple[str, bytes]: ...

    def from_peer(self, path: str, body: bytes, reply: bytes) -> bytes: ...


class FaultProxy:
    """Stands before `upstream`; faults are taken in order by the next requests of a method."""

    def __init__(self, upstream: str, dialect: Dialect | None = None) -> None:
        self.upstream = urlsplit(upstream)
        self.dialect = dialect
        self.url = ""
        self.forwarded: list[tuple[str, str]] = []
        self._faults: dict[str, deque[Fault]] = {"GET": deque(), "POST": deque()}
        self._kept: dict[str, tuple[bytes, Reply | None]] = {}
        self._lock = Lock()
        self._gate = Event()
        self._under_way = 0
        self._idle = Condition()

    def next(self, *faults: Fault, method: str = "POST") -> None:
        self._faults[method].extend(faults)

    def release(self) -> None:
        """Let go what is held, and wait until it is done."""
        self._gate.set()
        with self._idle:
            assert self._idle.wait_for(lambda: self._under_way == 0, LONGEST_HOLD)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        with self._idle:
            self._under_way += 1
        try:
            body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            waiting = self._faults[handler.command]
            fault = waiting.popleft() if waiting else None
            if fault is Fault.RESET_BEFORE:
                reset(handler)
                return
            self._answer(handler, fault, self._reply(handler, body, fault))
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    def _reply(self, handler: BaseHTTPRequestHandler, body: bytes, fault: Fault | None) -> Reply:
        key = handler.headers.get("Idempotency-Key")
        if key is None:
            return self._result(handler, body, fault)
        fingerprint = f"{handler.command} {handler.path} ".encode() + body
        with self._lock:
            first, kept = self._kept.setdefault(key, (fingerprint, None))
            is_new = first is fingerprint
        if not is_new:
            if first != fingerprint:
                words = "Keys for idempotent requests can only be used with the same parameters."
                return error(400, "idempotency_error", words)
            if kept is None:
                words = "There is currently another in-progress request using this key."
                return error(409, "idempotency_error", words, code="idempotency_key_in_use")
            return Reply(kept.status, kept.body, replayed=True)
        reply = self._result(handler, body, fault)
        with self._lock:
            if reply.status in (400, 401, 429):  # nothing was begun, so nothing is kept
                del self._kept[key]
            else:
                self._kept[key] = (fingerprint, reply)
        return reply

    def _result(self, handler: BaseHTTPRequestHandler, body: bytes, fault: Fault | None) -> Reply:
        if fault is Fault.RATE_LIMIT:
            return error(429, "invalid_request_error", "Too many requests", code="rate_limit")
        if fault is Fault.DECLINE:
            return card_declined()
        if fault is Fault.HOLD_REQUEST:
            self._gate.wait(LONGEST_HOLD)
        reply = self._forward(handler, body)
        if fault is Fault.SERVER_ERROR:
            return error(500, "api_error", "An unknown error occurred")
        return reply

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        path = handler.path
        self.forwarded.append((handler.command, path))
        sent = body
        if self.dialect is not None:
            path, sent = self.dialect.to_peer(handler.command, path, body)
        kept = ("Authorization", "Content-Type", "Accept")
        headers = {name: handler.headers[name] for name in kept if name in handler.headers}
        assert self.upstream.hostname
        peer = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port)
        try:
            peer.request(handler.command, path, sent or None, headers)
            response = peer.getresponse()
            answer = response.read()
        finally:
            peer.close()
        if self.dialect is not None and response.status == 200:
            answer = self.dialect.from_peer(handler.path, body, answer)
        return Reply(response.status, answer)

    def _answer(self, handler: BaseHTTPRequestHandler, fault: Fault | None, reply: Reply) -> None:
        if fault is Fault.LOSE_ANSWER:
            return
        if fault is Fault.RESET_AFTER:
            reset(handler)
            return
        if fault is Fault.HOLD_ANSWER:
            self._gate.wait(LONGEST_HOLD)
        handler.send_response(reply.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(reply.body)))
        if reply.replayed:
            handler.send_header("Idempotent-Replayed", "true")
        handler.end_headers()
        half = len(reply.body) // 2 if fault is Fault.CUT_ANSWER else None
        handler.wfile.write(reply.body[:half])


def error(status: int, kind: str, message: str, **more: Any) -> Reply:
    return Reply(status, json.dumps({"error": {"type": kind, "message": message, **more}}).encode())


def card_declined() -> Reply:
    """The body that Stripe documents for a declined, confirmed PaymentIntent."""
    return error(
        402,
        "card_error",
        "Your card has insufficient funds.",
        code="card_declined",
        decline_code="insufficient_funds",
        payment_intent={"id": "pi_declined", "status": "requires_payment_method"},
    )


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Close with RST instead of FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


@contextmanager
def fault_proxy(upstream: str, dialect: Dialect | None = None) -> Iterator[FaultProxy]:
    """A running proxy; what it still holds is let go at the end."""
    proxy = FaultProxy(upstream, dialect)
    with serving(proxy.serve) as server:
        proxy.url = address(server)
        yield proxy
        proxy.release()


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"
