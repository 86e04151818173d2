"""Programs as processes of their own that begin at once: forks of one that has everything loaded.

For tests of what processes do to each other and to the database. A start of Python costs as much
as most of them do; that the real command starts is for the tests that start it.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from select import select
from typing import IO, TextIO

_SERVER = Path(__file__).with_name("fork_server.py")


class Forked:
    """A running program: `python -c code words...`, with pipes for what it reads and writes.

    Its methods are those of subprocess.Popen.
    """

    def __init__(
        self,
        code: str,
        *words: object,
        environment: Mapping[str, str] = os.environ,
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
    ) -> None:
        request = {
            "code": code,
            "words": [str(word) for word in words],
            "environment": dict(environment),
            "folder": str(Path.cwd()),
        }
        theirs, ours = zip(*(_pipe(written=number == 0) for number in range(3)), strict=True)
        told, tells = os.pipe()
        given = [file and file.fileno() for file in (stdin, stdout, None)]
        with ExitStack() as stack:
            for file in (*theirs, tells):
                stack.callback(os.close, file)
            streams = [
                pipe if file is None else file for pipe, file in zip(theirs, given, strict=True)
            ]
            socket.send_fds(_server(), [json.dumps(request).encode()], [*streams, tells])
        self.stdin: TextIO = os.fdopen(ours[0], "w")
        self.stdout: TextIO = os.fdopen(ours[1])
        self.stderr: TextIO = os.fdopen(ours[2])
        self._told: TextIO = os.fdopen(told)
        self.returncode: int | None = None
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """The exit status, minus the number of the signal that killed it, or None while it runs."""
        if self.returncode is None and select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises TimeoutExpired."""
        if self.returncode is None:
            if not select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked program", timeout or 0)
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode

    def communicate(self, input: str = "", timeout: float = 300) -> tuple[str, str]:  # noqa: A002
        """What it wrote to stdout and stderr until its end; it is killed after `timeout`."""
        late = threading.Timer(timeout, self.kill)
        late.start()
        try:
            with suppress(BrokenPipeError):
                if not self.stdin.closed:
                    self.stdin.write(input)
                    self.stdin.close()
            with self.stdout, self.stderr:
                said = self.stdout.read(), self.stderr.read()
            self.wait()
        finally:
            late.cancel()
        return said

    def send_signal(self, number: int) -> None:
        """Nothing happens to one that has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """As `kill -9` does."""
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr, self._told):
            with suppress(BrokenPipeError):
                stream.close()


def _pipe(*, written: bool) -> tuple[int, int]:
    """The end for the program, and ours."""
    reader, writer = os.pipe()
    return (reader, writer) if written else (writer, reader)


@cache
def _server() -> socket.socket:
    """Where requests go; the server ends when nobody can ask it any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, _SERVER, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours
