"""On a server, somebody may have an organization for long: only its own callers wait."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from builders import an_organization, at, open_books
from calls import ROWS
from creditctl.context import Context
from creditctl.services.balances import read_balance
from creditctl.services.keys import create_key
from creditctl.store.engine import dialect_of
from gate_server import Peer, gate_in_thread

PATIENCE = 25
"""Less than a gate waits for a lock."""

ROUNDS = 24
"""More than a gate has workers, or threads for calls that share nothing."""

ENDS = ("/v1/capture", "/v1/release")


@pytest.fixture
def keys(context: Context) -> dict[str, str]:
    if dialect_of(context.database) == "sqlite":
        pytest.skip("a file has one writer")
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early, ROWS)
    for owner, credits in (("acme", "1000"), ("globex", "1000"), ("poor", "1")):
        an_organization(early, owner, credits=credits)
    return {owner: create_key(early, owner, name="web").id for owner in ("acme", "globex", "poor")}


@pytest.fixture
def gate(context: Context, keys: dict[str, str]) -> Iterator[Peer]:
    with gate_in_thread(context) as peer:
        yield peer


def authorize(gate: Peer, key: str, name: str, units: int = 1) -> int:
    return gate.post("/v1/authorize", request_id=name, key=key, path="/rows", units=units).status


def end(gate: Peer, path: str, name: str) -> int:
    return gate.post(path, request_id=name).status


def test_callers_of_others_are_answered_and_its_own_once_it_is_free(
    gate: Peer, keys: dict[str, str], context: Context
) -> None:
    for number in range(ROUNDS):
        assert authorize(gate, keys["acme"], f"held-{number}") == 200
    import psycopg

    waiting: list[Future[int]] = []
    with ThreadPoolExecutor(4 * ROUNDS) as callers, psycopg.connect(context.database) as somebody:
        somebody.execute("SELECT id FROM organization WHERE slug = 'acme' FOR UPDATE")
        for number in range(ROUNDS):
            name = f"r-{number}"
            waiting.append(callers.submit(authorize, gate, keys["acme"], f"a-{name}"))
            others = [
                callers.submit(authorize, gate, keys["globex"], f"g-{name}"),
                # What is refused shares no transaction.
                callers.submit(authorize, gate, keys["poor"], f"p-{name}", 5),
            ]
            path = ENDS[number % 2]
            waiting.append(callers.submit(end, gate, path, f"held-{number}"))
            assert [one.result(PATIENCE) for one in others] == [200, 402]
        assert not any(one.done() for one in waiting)
        somebody.rollback()
        assert [one.result(PATIENCE) for one in waiting] == [200] * 2 * ROUNDS
    assert str(read_balance(context, "acme").held) == str(ROUNDS)
