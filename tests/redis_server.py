"""A Redis or Valkey that really runs, on a socket of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest


@contextmanager
def local_redis() -> Iterator[str]:
    """A server of its own that keeps nothing; its URL."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="creditctl-redis-"))
    socket = folder / "socket"
    with (
        (folder / "log").open("w") as log,
        Popen(
            [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder],
            stdout=log,
            stderr=DEVNULL,
        ) as server,
    ):
        try:
            _wait_for(f"unix://{socket}")
            yield f"unix://{socket}"
        finally:
            server.terminate()
    shutil.rmtree(folder, ignore_errors=True)


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
