"""Gateways as they ask: nginx's auth_request, Envoy's ext_authz, providers' webhooks."""

from collections.abc import Iterator, Mapping

import pytest

from adapters.payments.fault_proxy import Fault
from adapters.payments.local_stripe import LocalStripe, local_stripe
from builders import an_organization, at, open_books
from conftest import NOW
from creditctl.context import Context
from creditctl.services.keys import CreatedKey, create_key
from gate_server import Peer, Told, gate_in_thread
from payment_shop import SECRETS, payment_shop, stripe_event, stripe_signature

CATALOG = """
[catalog]
name = "rows"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[tiers]
pro = 5

[products.rows]
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = 1 }
maximum = 10
[[products.rows.endpoints]]
method = "POST"
path = "/rows"
credits = 2
[[products.rows.endpoints]]
method = "GET"
path = "/models/{name}"
tier = "pro"

[plans.small]
fee = "10.00"
allowance = 15
tiers = ["basic"]
[plans.small.limits]
requests_per_period = 3
[plans.small.capabilities]
history_days = 30
sentiment = false
"""


@pytest.fixture
def context(sqlite_database: str) -> Context:
    return Context(sqlite_database, NOW, "tester")


@pytest.fixture
def key(context: Context) -> CreatedKey:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early, CATALOG.replace("[tiers]\n", "[tiers]\nbasic = 1\n"))
    an_organization(context, "acme", plan="small")
    return create_key(early, "acme", name="web")


@pytest.fixture
def gate(context: Context, key: CreatedKey) -> Iterator[Peer]:
    with gate_in_thread(context) as peer:
        yield peer


def nginx(
    gate: Peer,
    headers: Mapping[str, str],
    uri: str = "/rows?page=2",
    method: str = "GET",
    query: str = "",
) -> Told:
    asked = {"X-Original-Method": method, "X-Original-URI": uri, **headers}
    return gate.ask("GET", f"/v1/auth_request{query}", headers=asked)


def test_nginx_is_told_what_it_understands(gate: Peer, key: CreatedKey) -> None:
    by_key = {"X-API-Key": key.secret}
    passed = nginx(gate, {**by_key, "X-Request-Id": "r-1"})
    assert (passed.status, passed.body) == (200, b"")
    assert passed.headers["x-creditctl-request-id"] == "r-1"
    assert passed.headers["x-creditctl-organization"] == "acme"
    assert passed.headers["x-creditctl-omit"] == "sentiment"
    assert passed.headers["x-creditctl-clamp-from"] == "2026-10-02T00:00:00Z"
    assert passed.headers["x-ratelimit-remaining"] == "2"
    captured = gate.post("/v1/capture", request_id="r-1", status=200, units=4)
    assert captured.json["hold"]["credits"] == "4"

    def refused(headers: Mapping[str, str], uri: str = "/rows") -> tuple[int, str]:
        found = nginx(gate, headers, uri)
        assert found.headers["x-creditctl-problem"].startswith('{"type": "urn:creditctl:problem:')
        return found.status, found.headers["x-creditctl-status"]

    assert refused({}) == (401, "401")
    assert refused(by_key, "/models/x") == (403, "403")
    assert refused({**by_key, "X-Request-Id": "r-1"}) == (403, "409")
    assert nginx(gate, {"Authorization": f"Bearer {key.secret}"}).status == 200
    assert refused(by_key) == (403, "402")
    assert nginx(gate, by_key, query="?units=1").status == 200
    late = nginx(gate, by_key, query="?units=0")
    assert (late.status, late.headers["x-creditctl-status"]) == (403, "429")
    assert late.headers["retry-after"] == str(30 * 86_400)
    page = gate.ask("GET", "/metrics").body.decode()
    assert 'creditctl_gate_decisions_total{reason="quota",status="429"} 1.0' in page


def test_what_nginx_was_told_to_leave_out_is_its_own_mistake(gate: Peer, key: CreatedKey) -> None:
    assert gate.ask("GET", "/v1/auth_request").status == 400
    by_key = {"X-API-Key": key.secret}
    assert nginx(gate, by_key, query="?units=some").headers["x-creditctl-status"] == "422"
    missing = nginx(gate, by_key, query="?capabilities=sentiment")
    assert "Capability sentiment" in missing.headers["x-creditctl-problem"]


@pytest.mark.parametrize(
    "uri",
    [
        "/a/../rows",
        "/models/%2e%2e/rows",
        "/models/..%2Frows",
        "/a%2f..%2Frows",
        "/./rows",
        "/models/..",
        "/rows#/models/x",
    ],
)
def test_a_path_that_a_gateway_would_resolve_is_refused(
    gate: Peer, key: CreatedKey, uri: str
) -> None:
    found = nginx(gate, {"X-API-Key": key.secret}, uri)
    assert (found.status, found.headers["x-creditctl-status"]) == (403, "403")
    assert "The path has dots" in found.headers["x-creditctl-problem"]


def test_envoy_passes_on_what_it_is_told(gate: Peer, key: CreatedKey) -> None:
    headers = {"X-API-Key": key.secret, "X-Request-Id": "r-1"}
    passed = gate.ask("POST", "/v1/ext_authz/rows?units=0", headers=headers)
    assert passed.status == 200, passed.body
    assert passed.json["hold"]["held"] == "2"
    # What the client writes into its query does not lower the price.
    headers = {"Authorization": f"bearer {key.secret}", "X-Request-Id": "r-2"}
    assert (
        gate.ask("GET", "/v1/ext_authz/rows?units=0", headers=headers).json["hold"]["held"] == "10"
    )
    headers["X-Request-Id"] = "r-3"
    dear = gate.ask("GET", "/v1/ext_authz/rows", headers=headers)
    assert (dear.status, dear.headers["content-type"]) == (402, "application/problem+json")
    assert gate.ask("DELETE", "/v1/ext_authz/rows", headers=headers).status == 403
    assert gate.ask("GET", "/v1/ext_authz/models/a%2Fb", headers=headers).status == 403
    assert gate.ask("GET", "/v1/ext_authz/rows").status == 401


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with local_stripe() as peer:
        yield peer


def test_webhooks_of_providers_that_are_not_configured_are_not_found(gate: Peer) -> None:
    for provider in ("stripe", "manual", "nobody", "stripe/more"):
        assert gate.ask("POST", f"/v1/webhooks/{provider}", body=b"{}").status == 404


def test_a_provider_s_notice_is_verified_and_booked_once(
    database: str, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    with payment_shop(database, stripe) as shop, gate_in_thread(shop.context, b"hidden") as gate:
        shop.attach()
        shop.stripe_proxy.next(Fault.LOSE_ANSWER)
        card = shop.buy()
        now = shop.context.now
        body = stripe_event("evt_paid", "payment_intent.succeeded", card, now, status="succeeded")

        def told(secret: str, body: bytes = body) -> Told:
            signature = {"Stripe-Signature": stripe_signature(body, now, secret)}
            return gate.ask("POST", "/v1/webhooks/stripe", headers=signature, body=body)

        wrong = told("whsec_of_another")
        assert (wrong.status, wrong.json["code"]) == (403, "notice_rejected")
        assert told(SECRETS["SHOP_STRIPE_WEBHOOK"], b" " * 1024 * 1025).status == 413
        assert shop.available() == "0"
        for outcome in ("applied", "repeated"):
            found = told(SECRETS["SHOP_STRIPE_WEBHOOK"])
            assert (found.status, found.json["outcome"]) == (200, outcome)
        assert shop.available() == "5000"
