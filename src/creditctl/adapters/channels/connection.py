"""Connections whose every step, from the name to the last byte, ends by one deadline."""

import queue
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Thread
from typing import Any

from creditctl.adapters.channels.attempt import Deadline
from creditctl.adapters.paths import written_path
from creditctl.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Address:
    """Where a name led to: what a socket needs to connect there without asking again."""

    family: int
    place: tuple[Any, ...]

    @property
    def host(self) -> str:
        """The numeric address."""
        return str(self.place[0])


class _Timed:
    """Gives each step the time that is left: a timeout of its own would start anew every time."""

    deadline: Deadline

    def recv_into(self, *arguments: Any) -> int:
        self._hurry()
        return int(super().recv_into(*arguments))  # type: ignore[misc]

    def send(self, *arguments: Any) -> int:
        self._hurry()
        return int(super().send(*arguments))  # type: ignore[misc]

    def sendall(self, *arguments: Any) -> None:
        self._hurry()
        super().sendall(*arguments)  # type: ignore[misc]

    def _hurry(self) -> None:
        self.settimeout(self.deadline.left())  # type: ignore[attr-defined]


class _TimedSocket(_Timed, socket.socket):
    pass


class _TimedTlsSocket(_Timed, ssl.SSLSocket):
    pass


def resolved(host: str, port: int, deadline: Deadline) -> list[Address]:
    """Every address of the host, asked for once; raises OSError, TimeoutError."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as problem:
            answers.put(problem)

    # A resolver has timeouts of its own, and cannot be stopped: it is left behind.
    Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise OSError(f"{host}: {found}")
    return [Address(family, place) for family, _, _, _, place in found]


def connected(addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
    """A connection to the first address that lets us in; raises OSError, TimeoutError."""
    problem = OSError("there is no address")
    for tried, address in enumerate(addresses):
        sock = _TimedSocket(address.family, socket.SOCK_STREAM)
        sock.deadline = deadline
        try:
            # One that never answers leaves the others their share.
            sock.settimeout(deadline.left() / (len(addresses) - tried))
            sock.connect(address.place)
        except OSError as reason:
            sock.close()
            problem = reason
            continue
        return sock
    raise problem


def encrypted(
    sock: socket.socket, host: str, context: ssl.SSLContext, deadline: Deadline
) -> ssl.SSLSocket:
    """TLS over that connection with whom the certificate calls `host`; raises OSError."""
    try:
        # The timeout is that of the whole handshake.
        sock.settimeout(deadline.left())
        secure = context.wrap_socket(sock, server_hostname=host)
    except OSError:
        sock.close()
        raise
    assert isinstance(secure, _TimedTlsSocket)  # noqa: S101 - tls_context asks for it
    secure.deadline = deadline
    return secure


def tls_context(name: str, ca_file: str | None) -> ssl.SSLContext:
    """Verifies by the system's authorities and those in the file; raises InvalidInput."""
    if ca_file is None:
        return _shared_context()
    context = _new_context()
    path = written_path(name, ca_file)
    if path.exists() and not path.is_file():
        # OpenSSL would read a device to its end, which it may not have.
        raise InvalidInput(f"{name}: {ca_file} is no file")
    try:
        context.load_verify_locations(path)
    except OSError as problem:
        raise InvalidInput(f"{name}: {ca_file}: {problem}") from None
    return context


@cache
def _shared_context() -> ssl.SSLContext:
    """Of whoever adds nothing to it: to read all authorities takes 50 ms."""
    return _new_context()


def _new_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _TimedTlsSocket
    return context
