"""The gate over HTTP for tests: in a thread with a clock of its own, or as a process."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditctl.context import Context
from creditctl.server.app import application
from creditctl.server.embedding import Gate
from creditctl.server.service import Service

if TYPE_CHECKING:
    from forked import Forked

_PATIENCE_SECONDS = 30
_COMMAND = """
import os, sys
from creditctl.__main__ import main
os.dup2(1, 2)
sys.argv[0] = "creditctl"
main()
"""


@dataclass(frozen=True)
class Told:
    """An answer as a client has it; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Peer:
    """A server that listens on this machine."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        message: object = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Told:
        if message is not None:
            body = json.dumps(message).encode()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as line:
            line.request(method, path, body, dict(headers or {}))
            answer = line.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Told(answer.status, found, answer.read())

    def post(self, place: str, /, **message: object) -> Told:
        return self.ask("POST", place, message)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(application: Any) -> Iterator[Peer]:
    """An ASGI application on a port of its own."""
    import uvicorn

    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(application, port=port, log_level="error", access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for_port(port)
        yield Peer(port)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def gate_in_thread(context: Context, secret: bytes | None = None) -> Iterator[Peer]:
    """The gate at the context's time."""
    gate = Gate(context.database, settings=context.settings, clock=lambda: context.now)
    with served(application(Service(gate, secret))) as peer:
        yield peer


@contextmanager
def gate_process(
    database: str, folder: Path, *options: str, **environment: str
) -> Iterator[tuple[Peer, "subprocess.Popen[str]"]]:
    """`creditctl gate serve` as a process, at the real time."""
    port = free_port()
    command = [sys.executable, "-m", "creditctl", "--db", database, "gate", "serve"]
    with (folder / f"gate-{port}.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), *options],
            stdout=log,
            stderr=log,
            text=True,
            env={**os.environ, **environment},
        )
        try:
            wait_for_port(port, process)
            yield Peer(port), process
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def forked_gate(database: str, folder: Path, **environment: str) -> Iterator[tuple[Peer, "Forked"]]:
    """The same for tests of what gates do to each other: a fork, without the start of Python."""
    from forked import Forked

    port = free_port()
    with (folder / f"gate-{port}.log").open("wb") as log:
        words = ("--db", database, "gate", "serve", "--port", port)
        process = Forked(_COMMAND, *words, environment={**os.environ, **environment}, stdout=log)
        try:
            wait_for_port(port, process)
            yield Peer(port), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def wait_for_port(port: int, process: "subprocess.Popen[str] | Forked | None" = None) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process is None or process.poll() is None, "it ended"
        assert time.monotonic() < until, "nobody listens"
        time.sleep(0.05)
