"""The JSON API over HTTP: what it takes, what it answers, with which status."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from conftest import NOW
from creditctl.context import Context
from creditctl.server.metrics import Metrics
from creditctl.services.balances import read_balance
from creditctl.services.keys import CreatedKey, create_key
from creditctl.store.driver_sqlite import path_of
from creditctl.store.engine import unit_of_work
from gate_server import Peer, gate_in_thread

CATALOG = """
[catalog]
name = "rows"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[tiers]
basic = 1
pro = 5

[products.rows]
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = 1 }
maximum = 40
[[products.rows.endpoints]]
method = "GET"
path = "/models/{name}"
tier = "pro"

[plans.small]
fee = "10.00"
allowance = 100
tiers = ["basic"]
[plans.small.limits]
requests_per_period = 3
"""

UNREADABLE = [
    (b"{", 400, "The body is not JSON"),
    (b'{"request_id": NaN}', 400, "NaN is no number"),
    (b"[" * 60_000, 400, "The body is not JSON"),
    (b"[]", 422, "The body is a JSON object."),
    (b"{}", 422, "request_id is missing"),
    (b'{"request_id": ""}', 422, "request_id is not a text"),
    (b'{"request_id": "a", "key": "b", "secret": "c"}', 422, "One of secret and key"),
    (b'{"request_id": "a", "key": "b", "unit": 1}', 422, "unit is not known"),
    (b'{"request_id": "a", "units": 1.5}', 422, "units is not a whole number from 0"),
    (b'{"request_id": "a", "units": true}', 422, "units is not a whole number"),
    (b'{"request_id": "a", "messages": null}', 422, "messages is missing"),
    (b'{"request_id": "a", "channel": "fax"}', 422, "channel is none of rest, websocket"),
    (b'{"request_id": "a", "capabilities": "b"}', 422, "capabilities is not a list"),
    (b'{"request_id": "a", "take_over": 1}', 422, "take_over is neither true nor false"),
    (b'{"request_id": "a", "since": "now"}', 422, "since"),
    (b'{"request_id": "a\\u0000"}', 422, "a character that no text has"),
    (b'{"request_id": "' + b"a" * 256 + b'"}', 422, "has more than 255 characters"),
    (b'{"request_id": "a", "key": "b"}', 422, "a REST request has a path"),
    (b" " * 65_537, 413, "more than 65536 bytes"),
]


@pytest.fixture
def key(context: Context) -> CreatedKey:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early, CATALOG)
    an_organization(context, "acme", plan="small")
    return create_key(early, "acme", name="web")


@pytest.fixture
def gate(context: Context, key: CreatedKey) -> Iterator[Peer]:
    with gate_in_thread(context) as peer:
        yield peer


def test_a_call_is_authorized_and_captured(gate: Peer, key: CreatedKey, context: Context) -> None:
    call = {"request_id": "r-1", "secret": key.secret, "path": "/rows", "units": 5}
    found = gate.post("/v1/authorize", **call)
    assert found.status == 200
    assert found.headers["content-type"] == "application/json"
    assert found.headers["x-ratelimit-remaining"] == "2"
    assert found.headers["ratelimit"] == '"requests_per_period";r=2;t=2592000'
    assert found.json["decision"]["reason"] == "ok"
    assert found.json["hold"]["held"] == "5"
    assert gate.post("/v1/authorize", **call).json["hold"]["id"] == found.json["hold"]["id"]
    for _ in range(2):
        done = gate.post("/v1/capture", request_id="r-1", status=200, units=3)
        assert (done.status, done.json["hold"]["credits"]) == (200, "3")
    assert str(read_balance(context, "acme").available) == "97"
    assert gate.post("/v1/authorize", **call).status == 409
    assert gate.post("/v1/release", request_id="r-1").status == 409


def test_a_call_that_was_not_served_is_released(
    gate: Peer, key: CreatedKey, context: Context
) -> None:
    gate.post("/v1/authorize", request_id="r-1", key=key.id, path="/rows", units=5)
    for _ in range(2):
        found = gate.post("/v1/release", request_id="r-1")
        assert (found.status, found.json["hold"]["state"]) == (200, "released")
    assert gate.post("/v1/capture", request_id="r-1").status == 409
    assert str(read_balance(context, "acme").available) == "100"


def test_refusals_are_problems_with_the_decision_and_its_headers(
    gate: Peer, key: CreatedKey
) -> None:
    def refused(**call: object) -> tuple[int, str, str]:
        found = gate.post("/v1/authorize", **{"request_id": "r", "secret": key.secret} | call)
        assert found.headers["content-type"] == "application/problem+json"
        problem = found.json
        assert (problem["status"], problem["decision"]["status"]) == (found.status,) * 2
        assert problem["type"] == f"urn:creditctl:problem:{problem['code']}"
        return found.status, problem["code"], problem["detail"]

    assert refused(secret="ck_live_nonsense", path="/rows")[:2] == (401, "key_unknown")
    assert refused(path="/nothing")[:2] == (403, "endpoint_unknown")
    assert refused(path="/models/large")[:2] == (403, "tier_not_in_plan")
    for number in range(2):
        gate.post("/v1/authorize", request_id=f"r-{number}", key=key.id, path="/rows", units=40)
    words = "Required: 40 credits, Available: 20 credits"
    assert refused(path="/rows") == (402, "insufficient_credits", words)
    gate.post("/v1/authorize", request_id="r-3", key=key.id, path="/rows", units=1)
    words = "Exceeded token limit of 3 for the current period."
    assert refused(path="/rows", units=1) == (429, "quota", words)
    late = gate.post("/v1/authorize", request_id="r-4", key=key.id, path="/rows", units=1)
    assert late.headers["retry-after"] == str(30 * 86_400)


def test_what_cannot_be_read_is_told(gate: Peer) -> None:
    for body, status, words in UNREADABLE:
        found = gate.ask("POST", "/v1/authorize", body=body)
        assert found.status == status, body[:80]
        assert words in found.json["detail"], body[:80]


def test_paths_and_methods_that_are_none_are_problems_too(gate: Peer) -> None:
    for place in ("/v1/nothing", "/healthz/", "/v1/ext_authz"):
        assert gate.ask("GET", place).json["code"] == "not_found"
    found = gate.ask("GET", "/v1/authorize")
    assert (found.status, found.json["code"]) == (405, "method_not_allowed")
    assert found.headers["allow"] == "POST"
    assert gate.post("/v1/capture", request_id="nobody").status == 404


def test_the_gate_s_secret_is_asked_for(context: Context, key: CreatedKey) -> None:
    call = {"request_id": "r-1", "key": key.id, "path": "/rows", "units": 1}
    secret = "öpen sesame".encode()
    sent = secret.decode("latin-1")
    with gate_in_thread(context, secret) as gate:
        refused = gate.post("/v1/authorize", **call)
        assert (refused.status, refused.json["code"]) == (401, "gate_secret")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        for headers in (
            {"Authorization": f"Bearer {sent}"},
            {"X-Gate-Secret": sent},
        ):
            assert gate.ask("POST", "/v1/authorize", call, headers).status == 200
        wrong = {"Authorization": "Bearer öpen".encode().decode("latin-1")}
        assert gate.ask("POST", "/v1/authorize", call, wrong).status == 401
        assert gate.ask("GET", "/healthz").status == 200


@pytest.mark.parametrize("why", ["missing", "outdated"])
def test_books_that_do_not_answer_are_told_to_nobody_outside(
    sqlite_database: str, tmp_path: Path, why: str
) -> None:
    books = f"sqlite:///{tmp_path}/books.db"
    if why == "outdated":
        shutil.copy(path_of(sqlite_database), path_of(books))
        with unit_of_work(books) as unit:
            unit.run("UPDATE alembic_version SET version_num = '0010'")
    with gate_in_thread(Context(books, NOW, "gate")) as gate:
        found = gate.post("/v1/authorize", request_id="r-1", key="a", path="/rows")
        assert (found.status, found.headers["retry-after"]) == (503, "1")
        assert found.json["detail"] == "The books cannot be asked."
        ready = gate.ask("GET", "/readyz")
        assert (ready.status, ready.json["books"]) == (503, False)
        assert gate.ask("GET", "/healthz").status == 200
        assert 'creditctl_gate_up{part="books"} 0.0' in gate.ask("GET", "/metrics").body.decode()


def test_metrics_count_transactions_that_calls_could_not_share() -> None:
    metrics = Metrics()
    for times in (1, 3):
        metrics.stands(open_holds=0, counters=True, failed_groups={"RuntimeError": times})
    page = metrics.page()[0].decode()
    assert 'creditctl_gate_failed_groups_total{reason="RuntimeError"} 3.0' in page


def test_metrics_count_decisions_answers_and_open_holds(gate: Peer, key: CreatedKey) -> None:
    gate.post("/v1/authorize", request_id="r-1", key=key.id, path="/rows", units=5)
    gate.post("/v1/authorize", request_id="r-2", key=key.id, path="/nothing")
    page = gate.ask("GET", "/metrics").body.decode()
    assert 'creditctl_gate_decisions_total{reason="ok",status="200"} 1.0' in page
    assert 'creditctl_gate_decisions_total{reason="endpoint_unknown",status="403"} 1.0' in page
    assert 'creditctl_gate_request_seconds_count{endpoint="/v1/authorize"} 2.0' in page
    assert "creditctl_gate_open_holds 1.0" in page
    assert "# TYPE creditctl_gate_failed_groups_total counter" in page
    assert gate.ask("GET", "/readyz").json == {"status": "ok", "books": True, "counters": True}
