"""Receivers of this machine that answer as told: well, badly, slowly, endlessly, or not at all."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

Serve = Callable[["Receiver", socket.socket], None]

LONGEST_WAIT = 30


@dataclass
class Receiver:
    """Keeps the requests it got; `sent` counts the bytes it could answer with."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    sent: int = 0
    closing: Event = field(default_factory=Event)
    """Set when the test is over, so that nothing waits longer."""

    served: Event = field(default_factory=Event)
    """Set when an answer has been given, or was cut off."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def head(self, number: int = 0) -> dict[str, str]:
        lines = self.requests[number].partition(b"\r\n\r\n")[0].decode().split("\r\n")
        return {"": lines[0]} | {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
        }

    def body(self, number: int = 0) -> bytes:
        return self.requests[number].partition(b"\r\n\r\n")[2]


@contextmanager
def receiving(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A server on a free port; every connection's request is read, then `serve` goes on."""
    listener = socket.create_server(("127.0.0.1", 0))
    receiver = Receiver(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            Thread(target=answer, args=(sock,), daemon=True).start()

    def answer(sock: socket.socket) -> None:
        with suppress(OSError):
            if context is not None:
                sock = context.wrap_socket(sock, server_side=True)
            with sock:
                serve(receiver, sock)
        receiver.served.set()

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(LONGEST_WAIT)


def _more(sock: socket.socket) -> bytes:
    """What comes next; raises ConnectionError, for nothing is said for ever by who hung up."""
    if received := sock.recv(65536):
        return received
    raise ConnectionError("the other side hung up in the middle")


def read_request(receiver: Receiver, sock: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        body += _more(sock)
    receiver.requests.append(head + b"\r\n\r\n" + body)


def answering(status: str, *headers: str) -> Serve:
    def serve(receiver: Receiver, sock: socket.socket) -> None:
        read_request(receiver, sock)
        lines = [f"HTTP/1.1 {status}", "Content-Length: 0", *headers, "", ""]
        sock.sendall("\r\n".join(lines).encode())

    return serve


def hang(receiver: Receiver, sock: socket.socket) -> None:
    """Take the request and say nothing until the other side hangs up."""
    read_request(receiver, sock)
    sock.settimeout(LONGEST_WAIT)
    sock.recv(1)


def drip(receiver: Receiver, sock: socket.socket) -> None:
    """A byte at a time, for longer than anybody should listen; never silent for long."""
    read_request(receiver, sock)
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 600:
        if receiver.closing.wait(0.1):
            return
        sock.sendall(bytes([byte]))
        receiver.sent += 1


def reset_after_reading(receiver: Receiver, sock: socket.socket) -> None:
    read_request(receiver, sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def huge_body(receiver: Receiver, sock: socket.socket) -> None:
    """As much as the other side takes, up to 256 MiB."""
    read_request(receiver, sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 268435456\r\n\r\n")
    for _ in range(4096):
        receiver.sent += sock.send(b"x" * 65536)


def huge_head(receiver: Receiver, sock: socket.socket) -> None:
    """Headers without an end."""
    read_request(receiver, sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(4096):
        receiver.sent += sock.send(b"X-More: " + b"x" * 1000 + b"\r\n")


def no_http(receiver: Receiver, sock: socket.socket) -> None:
    read_request(receiver, sock)
    sock.sendall(b"secret words of an inner server\r\n\r\n")
