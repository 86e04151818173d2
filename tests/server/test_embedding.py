"""The gate inside a program: the class as docs/gate.md shows it, and the ASGI middleware."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from builders import an_organization, at, open_books
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.gate import Channel, Denied, Gate, GateRequest, Metered
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.keys import CreatedKey, create_key
from creditctl.store import driver_postgres, driver_sqlite
from gate_server import Peer, served

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/gate.md").read_text(encoding="utf-8")


@pytest.fixture
def key(context: Context) -> CreatedKey:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    an_organization(early, "acme", credits="10")
    return create_key(early, "acme", name="web")


@pytest.fixture
def gate(context: Context) -> Gate:
    return Gate(context.database, clock=lambda: NOW)


def balance(context: Context) -> tuple[str, str]:
    found = read_balance(context, "acme")
    return str(found.available), str(found.held)


def example(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_the_example_of_the_page_charges_two_rows(context: Context, key: CreatedKey) -> None:
    # At the present, as programs do; the bought credits never expire.
    names: dict[str, Any] = {"database_url": context.database, "secret": key.secret}
    exec(example("python"), names)
    assert "answer" not in names
    assert balance(context) == ("8", "0")
    exec(example("python"), names | {"secret": "ck_live_nonsense"})


def test_the_example_of_connections_opens_keeps_and_closes_one(
    context: Context, key: CreatedKey
) -> None:
    names: dict[str, Any] = {"database_url": context.database, "secret": key.secret}
    exec(example("connections"), names)
    assert [names[name].status for name in ("opened", "beat")] == [200, 200]
    assert names["gate"].heartbeat(key.secret, "desk-1").status == 404


def test_a_block_that_raises_costs_nothing(gate: Gate, context: Context, key: CreatedKey) -> None:
    def broken() -> None:
        with gate.charge(key.secret, "GET", "/rows", units=4):
            assert balance(context) == ("6", "4")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert balance(context) == ("10", "0")


def test_a_block_is_not_entered_when_the_call_may_not_pass(gate: Gate, key: CreatedKey) -> None:
    call = gate.charge(key.secret, "GET", "/rows", units=11)
    with pytest.raises(Denied, match="Required: 11 credits") as denied:
        call.__enter__()
    assert denied.value.decision.status == 402


def test_the_status_of_a_block_decides_whether_it_is_charged(
    gate: Gate, context: Context, key: CreatedKey
) -> None:
    with gate.charge(key.secret, "GET", "/rows", request_id="r-1", units=4) as call:
        call.status, call.units = 404, 4
    assert balance(context) == ("10", "0")
    with pytest.raises(Conflict, match="was captured"):
        gate.authorize(key.secret, "GET", "/rows", request_id="r-1", units=4)


def test_threads_share_the_connections_of_a_gate_until_it_is_closed(
    context: Context, key: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    for driver in (driver_sqlite, driver_postgres):
        monkeypatch.setattr(driver, "connect", watched(driver.connect, opened))
    with Gate(context.database, clock=lambda: NOW) as gate:

        def charge(number: int) -> None:
            with gate.charge(key.secret, "GET", "/rows", request_id=f"r-{number}", units=1) as call:
                call.units = 1

        with ThreadPoolExecutor(3) as threads:
            list(threads.map(charge, range(9)))
        assert 1 <= len(opened) <= 6
    assert balance(context) == ("1", "0")
    # A call that was let through may end later than the gate that let it.
    charge(10)
    assert balance(context) == ("0", "0")


def test_heartbeats_use_the_connections_of_the_gate(
    context: Context, key: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    for driver in (driver_sqlite, driver_postgres):
        monkeypatch.setattr(driver, "connect", watched(driver.connect, opened))

    def connect_and_stay() -> list[int]:
        decisions = [gate.connect(key.secret, "one")]
        decisions += [gate.heartbeat(key.secret, "one") for _ in range(3)]
        decisions += [gate.disconnect(key.secret, "one")]
        return [decision.status for decision in decisions]

    with Gate(context.database, clock=lambda: NOW) as gate, ThreadPoolExecutor(1) as threads:
        assert threads.submit(connect_and_stay).result() == [200] * 5
    # One reads and writes.
    assert len(opened) == 1


def watched(connect: Any, opened: list[Any]) -> Any:
    def connecting(database: str, *, read_only: bool) -> Any:
        opened.append(connect(database, read_only=read_only))
        return opened[-1]

    return connecting


def test_connections_are_asked_for_too(gate: Gate, key: CreatedKey) -> None:
    request = GateRequest(secret=key.secret, channel=Channel.WEBSOCKET, lease="one")
    assert gate.authorize_request(request, "r-1").decision.status == 200


def test_a_call_without_an_id_gets_one_of_its_own(gate: Gate, key: CreatedKey) -> None:
    calls = [gate.authorize(key.secret, "GET", "/rows", units=1) for _ in range(2)]
    assert len({call.hold.id for call in calls if call.hold}) == 2
    for call in calls:
        assert call.hold is not None
        assert gate.capture(call.hold.id, units=1).credits == Credits.parse("1")


async def rows(scope: Any, receive: Any, send: Any) -> None:
    """An application that returns two rows, fails, or breaks."""
    if scope["type"] != "http":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    query = scope["query_string"]
    if query == b"break":
        raise RuntimeError("broken")
    status = 500 if query == b"fail" else 200
    units = unquote_to_bytes(query.removeprefix(b"units=")) if b"=" in query else b"2"
    headers = [(b"x-units", units)] if query != b"quiet" else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"rows"})


@pytest.fixture
def api(gate: Gate) -> Iterator[Peer]:
    names: dict[str, Any] = {"app": rows, "database_url": "sqlite:///unused"}
    exec(example("asgi"), names)
    assert isinstance(names["app"], Metered)
    names["app"].gate = gate
    with served(names["app"]) as peer:
        yield peer


def test_the_middleware_charges_what_the_application_says(
    api: Peer, gate: Gate, context: Context, key: CreatedKey
) -> None:
    by_key = {"X-API-Key": key.secret}

    def told(query: str) -> tuple[int, str]:
        status = api.ask("GET", f"/rows?{query}", headers=by_key).status
        while gate.standing().open_holds:
            time.sleep(0.01)  # what is returned is sent before it is charged
        return status, balance(context)[0]

    assert told("") == (200, "8")
    assert told("quiet") == (200, "8")
    assert told("fail") == (500, "8")
    assert told("break") == (500, "8")
    for nonsense in ("many", "-3", "1_0", "", "2.0", "%FF", "9" * 30):
        assert told(f"units={nonsense}") == (200, "8"), nonsense
    assert balance(context) == ("8", "0")
    refused = api.ask("GET", "/rows")
    assert (refused.status, refused.json["code"]) == (401, "key_unknown")
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_middleware_reads_a_request_as_a_gateway_does(api: Peer, key: CreatedKey) -> None:
    by_bearer = {"Authorization": f"Bearer {key.secret}"}
    assert api.ask("GET", "/%72ows", headers=by_bearer).status == 200
    # The application is asked for a path that has a question mark in it.
    assert api.ask("GET", "/rows%3Fquiet", headers=by_bearer).json["code"] == "endpoint_unknown"


def test_the_middleware_tells_when_the_books_do_not_answer(tmp_path: Path) -> None:
    with served(Metered(rows, Gate(f"sqlite:///{tmp_path}/none.db"))) as peer:
        found = peer.ask("GET", "/rows")
    assert (found.status, found.headers["retry-after"]) == (503, "1")
    assert found.json["detail"] == "The books cannot be asked."


def test_the_middleware_is_short_enough_to_be_read() -> None:
    text = (ROOT / "src/creditctl/server/middleware.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
