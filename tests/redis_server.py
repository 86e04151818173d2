"""A Redis or Valkey that really runs, on a socket of its own."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest


class RedisServer:
    """A server that keeps nothing, and may be stopped and started again."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._process: Popen[bytes] | None = None
        self.url = f"unix://{folder / 'socket'}"

    def start(self) -> None:
        """Returns when it answers."""
        socket = str(self._folder / "socket")
        options = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", self._folder]
        with (self._folder / "log").open("a") as log:
            self._process = Popen([self._program, *options], stdout=log, stderr=DEVNULL)
        _wait_for(self.url)

    def stop(self) -> None:
        """Nothing happens where it does not run."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and answers nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A server of its own, running."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="creditctl-redis-"))
    server = RedisServer(program, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def local_redis() -> Iterator[str]:
    """A server of its own that keeps nothing; its URL."""
    with redis_server() as server:
        yield server.url


def _wait_for(url: str) -> None:
    import redis
    from redis.backoff import ConstantBackoff
    from redis.retry import Retry

    client = redis.Redis.from_url(
        url,
        retry=Retry(ConstantBackoff(0.05), 200),
        retry_on_error=[redis.ConnectionError],
    )
    client.flushall()
    client.close()
