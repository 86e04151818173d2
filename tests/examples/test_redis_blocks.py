"""The block list in a real Redis: replaced in one transaction, whatever was there before."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditctl.adapters.block_lists.redis import HASH, text_of
from creditctl.rules.block_list import Block, BlockScope, block_of
from creditctl.rules.enforcement import Reason
from examples.listening import PATIENCE_SECONDS, wait_until_listening

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Path]:
    """The socket of a server that keeps nothing."""
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        pytest.skip("redis is not installed")
    socket = tmp_path / "redis.sock"
    line = f"redis-server --port 0 --unixsocket {socket} --dir {tmp_path} --save"
    process = subprocess.Popen([*line.split(), ""], stdout=subprocess.DEVNULL)
    wait_until_listening(process, socket)
    yield socket
    process.terminate()
    process.wait(PATIENCE_SECONDS)


@pytest.fixture
def client(server: Path) -> Iterator[Any]:
    import redis

    with redis.Redis(unix_socket_path=str(server), decode_responses=True) as client:
        yield client


def send(server: Path, text: str) -> str:
    """As cron does it."""
    done = subprocess.run(
        ["redis-cli", "-s", str(server)], input=text, capture_output=True, text=True, check=True
    )
    return done.stdout


def many(number: int, end: datetime | None) -> list[Block]:
    keys = [f"ck_live_{key:08d}" for key in range(number)]
    return [block_of("acme", Reason.BUDGET, end, keys)]


def test_a_list_takes_the_place_of_the_one_before(server: Path, client: Any) -> None:
    parts = block_of(
        "globex",
        Reason.BUDGET,
        MIDNIGHT,
        ["ck_live_aaaaaaaa", "ck_live_aaaaaaaA"],
        scope=BlockScope.PRODUCT,
        product="rows",
    )
    suspended = block_of("beta", Reason.SUSPENDED, None, ["ck_test_bbbbbbbb"])
    assert "ERR" not in send(server, text_of([parts, suspended]))
    assert client.hgetall(HASH) == {
        "ck_live_aaaaaaaa/rows": "429:budget:1793577600",
        "ck_live_aaaaaaaA/rows": "429:budget:1793577600",
        "ck_test_bbbbbbbb": "403:suspended:0",
    }
    send(server, text_of(many(1001, None)))
    assert client.hlen(HASH) == 1001
    assert client.hget(HASH, "ck_live_00001000") == "429:budget:0"
    assert "ERR" not in send(server, text_of([]))
    assert client.exists(HASH) == 0


def test_a_list_that_breaks_off_changes_nothing(server: Path, client: Any) -> None:
    send(server, text_of(many(3, None)))
    whole = text_of(many(1001, MIDNIGHT))
    send(server, whole[: len(whole) // 2])
    assert client.hlen(HASH) == 3
    assert client.hget(HASH, "ck_live_00000000") == "429:budget:0"
