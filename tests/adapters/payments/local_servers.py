"""Small HTTP servers of this machine: any handler, an inbox of notices, a port nobody hears."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

LONGEST_WAIT = 30


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """A peer that hung up is what these tests are about."""


@contextmanager
def serving(serve: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[ThreadingHTTPServer]:
    """A server on a free port, one thread a request, every method to `serve`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            serve(self)

        def do_POST(self) -> None:
            serve(self)

        def log_message(self, *arguments: object) -> None:
            """Nothing to say."""

    server = QuietServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Delivery:
    headers: dict[str, str]
    body: bytes


@dataclass
class Inbox:
    """Keeps what is posted to it; refuses the first ones if told to, as a broken endpoint does."""

    url: str = ""
    refuse: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    _arrived: Condition = field(default_factory=Condition)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._arrived:
            self.deliveries.append(Delivery(dict(handler.headers), body))
            status = 500 if self.refuse > 0 else 200
            self.refuse -= 1
            self._arrived.notify_all()
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def wait_for(self, *words: str) -> Delivery:
        """The first delivery whose body has all the words, as soon as it is there."""

        def found() -> Delivery | None:
            matching = (d for d in self.deliveries if all(w.encode() in d.body for w in words))
            return next(matching, None)

        with self._arrived:
            delivery = self._arrived.wait_for(found, LONGEST_WAIT)
        assert delivery, f"nothing with {words} arrived"
        return delivery


@contextmanager
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    with serving(box.serve) as server:
        box.url = f"http://127.0.0.1:{server.server_address[1]}/notices"
        yield box


@contextmanager
def unheard() -> Iterator[str]:
    """An address at which connections are refused: the port is taken, and nobody listens."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{mute.getsockname()[1]}"
