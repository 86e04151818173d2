"""WebSocket connections over HTTP: opened to the limit, kept by heartbeats, taken over, closed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from builders import an_organization, at, open_books
from counter_stores import EVERY_STORE
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.context import Context, Settings
from creditctl.errors import Busy
from creditctl.gate import Gate
from creditctl.server.app import application
from creditctl.server.service import Service
from creditctl.services.keys import CreatedKey, create_key, revoke_key
from creditctl.services.org_status import resume_organization, suspend_organization
from gate_server import Peer, Told, gate_in_thread, served
from redis_server import local_redis

CATALOG = """
[catalog]
name = "stream"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[products.stream]
[[products.stream.endpoints]]
method = "GET"
path = "/stream"
credits = 0

[plans.two]
fee = "0.00"
[plans.two.limits]
websocket_connections = 2
[plans.closed]
fee = "0.00"
gate_when_down = "closed"
"""
# Years from any clock, so that it is meant as it is said.
NOW = datetime(2041, 5, 17, 12, tzinfo=UTC)


@dataclass
class Stand:
    """A gate with a clock that tests move, and a key on the plan `two`."""

    peer: Peer
    key: CreatedKey
    now: datetime = NOW

    def ask(self, step: str, lease: str, **more: object) -> Told:
        return self.peer.post(
            f"/v1/connections/{step}", **{"secret": self.key.secret, "lease": lease} | more
        )

    def open(self, lease: str, **more: object) -> Told:
        call = {"request_id": lease, "secret": self.key.secret, "channel": "websocket"}
        return self.peer.post("/v1/authorize", **call, lease=lease, **more)


@pytest.fixture(scope="module")
def running_redis() -> Iterator[str]:
    with local_redis() as url:
        yield url


@pytest.fixture
def context(database: str) -> Context:
    return Context(database, NOW, "tester")


@pytest.fixture
def stand(context: Context, kind: str, request: pytest.FixtureRequest) -> Iterator[Stand]:
    early = at(context, "2041-01-01T00:00:00Z")
    open_books(early, CATALOG)
    an_organization(early, "acme")
    found = Stand(Peer(0), create_key(early, "acme", name="web", plan="two"))
    counters = request.getfixturevalue("running_redis") if kind == "redis" else None
    if counters:
        RedisCounters(counters)._client.flushall()
    gate = Gate(context.database, counters=counters, clock=lambda: found.now)
    with served(application(Service(gate))) as peer:
        found.peer = peer
        yield found


@EVERY_STORE
def test_a_connection_lives_from_its_opening_to_its_closing(stand: Stand) -> None:
    assert [stand.open(lease).status for lease in ("a", "b")] == [200, 200]
    full = stand.open("c")
    assert (full.status, full.json["code"]) == (429, "connections")
    stand.now += timedelta(seconds=50)
    kept = stand.ask("heartbeat", "a")
    assert (kept.status, kept.json) == (
        200,
        {"connection": {"lease": "a", "state": "open", "expires_in": 60}},
    )
    # b said nothing for a minute, and its place is free.
    stand.now += timedelta(seconds=10)
    assert stand.open("c").status == 200
    late = stand.ask("heartbeat", "b")
    assert (late.status, late.json["type"]) == (404, "urn:creditctl:problem:connection_over")
    assert stand.open("d").status == 429
    for _ in range(2):
        closed = stand.ask("close", "a")
        assert (closed.status, closed.json["connection"]["state"]) == (200, "closed")
    assert stand.open("d").status == 200
    assert stand.ask("heartbeat", "a").status == 404


@EVERY_STORE
def test_who_is_taken_over_is_told_at_its_heartbeat(stand: Stand) -> None:
    stand.open("old")
    stand.now += timedelta(seconds=1)
    stand.open("young")
    taken = stand.open("new", take_over=True)
    assert (taken.status, taken.json["decision"]["evicted"]) == (200, "old")
    told = stand.ask("heartbeat", "old")
    assert (told.status, told.json["code"]) == (409, "connection_taken_over")
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["decision"]["organization"] == "acme"
    assert [stand.ask("heartbeat", lease).status for lease in ("young", "new")] == [200, 200]
    # It asks as a new one would: there is no room, and nothing was opened by asking.
    assert stand.open("old").status == 429


@pytest.mark.parametrize(("database", "kind"), [("sqlite", "database")], indirect=["database"])
def test_a_heartbeat_asks_again_what_may_have_changed(stand: Stand, context: Context) -> None:
    stand.open("a")
    suspend_organization(context, "acme", reason="test")
    refused = stand.ask("heartbeat", "a")
    assert (refused.status, refused.json["code"]) == (403, "organization_suspended")
    revoke_key(context, stand.key.id)
    assert stand.ask("heartbeat", "a").json["code"] == "key_revoked"
    assert stand.ask("close", "a").status == 200
    assert stand.ask("close", "a", secret="ck_live_nonsense").status == 401
    assert stand.ask("heartbeat", "a", secret=None, key=stand.key.id).status == 401


@pytest.mark.parametrize(("database", "kind"), [("sqlite", "database")], indirect=["database"])
def test_what_is_refused_at_its_heartbeat_is_closed(stand: Stand, context: Context) -> None:
    stand.open("a")
    suspend_organization(context, "acme", reason="test")
    stand.ask("heartbeat", "a")
    resume_organization(context, "acme", reason="test")
    assert stand.ask("heartbeat", "a").json["code"] == "connection_over"


@pytest.mark.parametrize(("database", "kind"), [("sqlite", "database")], indirect=["database"])
@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"lease": "a"}, "One of secret and key"),
        ({"key": "b"}, "lease is missing"),
        ({"key": "b", "lease": "a", "request_id": "c"}, "request_id is not known"),
    ],
)
def test_messages_are_read_strictly(stand: Stand, message: dict[str, str], words: str) -> None:
    for step in ("heartbeat", "close"):
        found = stand.peer.post(f"/v1/connections/{step}", **message)
        assert found.status == 422
        assert words in found.json["detail"]


@pytest.mark.parametrize(("plan", "status"), [("two", 200), ("closed", 503)])
def test_without_counters_the_plan_decides(sqlite_database: str, plan: str, status: int) -> None:
    context = Context(sqlite_database, NOW, "tester")
    early = at(context, "2041-01-01T00:00:00Z")
    open_books(early, CATALOG)
    an_organization(early, "acme")
    key = create_key(early, "acme", name="web", plan=plan)
    nowhere = replace(context, settings=Settings(gate_counters="unix:///nowhere/socket"))
    with gate_in_thread(nowhere) as peer:
        beat = peer.post("/v1/connections/heartbeat", secret=key.secret, lease="a")
        assert beat.status == status
        if status == 200:
            assert beat.json["connection"]["state"] == "uncounted"
        closed = peer.post("/v1/connections/close", secret=key.secret, lease="a")
        assert (closed.status, closed.json["code"]) == (503, "busy")


@EVERY_STORE
def test_a_program_connects_beats_and_disconnects(stand: Stand, context: Context) -> None:
    gate = Gate(context.database, clock=lambda: stand.now)
    secret = stand.key.secret
    assert [gate.connect(secret, lease).status for lease in ("a", "b", "c")] == [200, 200, 429]
    assert gate.heartbeat(secret, "a").status == 200
    assert gate.disconnect(secret, "b").status == 200
    assert gate.connect(secret, "c").status == 200
    assert gate.connect(secret, "d", take_over=True).evicted == "a"
    assert gate.heartbeat(secret, "a").reason.value == "connection_taken_over"
    down = Gate(context.database, counters="unix:///nowhere/socket")
    with pytest.raises(Busy):
        down.disconnect(secret, "d")
