"""The gate on real books: whose key it is, what its plan allows, what was used already."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import an_organization, at, give, open_books, use
from counter_stores import key_id
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.context import Context, Settings
from creditctl.errors import InvalidInput
from creditctl.rules.gate_terms import GateDecision
from creditctl.rules.rate_limits import Channel
from creditctl.rules.units import Credits
from creditctl.services.budget_changes import Wanted, set_budget
from creditctl.services.gate import Gate, decide_request
from creditctl.services.gate_counters import DatabaseCounters
from creditctl.services.gate_keys import GateRequest
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.keys import CreatedKey, create_key, expire_key, revoke_key
from creditctl.services.limits_check import check_limits
from creditctl.services.org_status import suspend_organization
from creditctl.services.subscription_changes import ChangeRequest, change_subscription
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import unit_of_work
from creditctl.store.queries.catalog import product_ids
from creditctl.store.queries.orgs import find_organization

CATALOG = """
[catalog]
name = "news"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[tiers]
free = 0
basic = 1
pro = 5

[products.news]
[[products.news.endpoints]]
method = "GET"
path = "/news"
tier = "basic"
[[products.news.endpoints]]
method = "GET"
path = "/free"
tier = "free"
[[products.news.endpoints]]
method = "GET"
path = "/models/{name}"
tier = "pro"
[products.rows]
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = 1 }
maximum = 40

[plans.small]
fee = "10.00"
allowance = 30
tiers = ["free", "basic"]
[plans.small.limits]
requests_per_period = 5
websocket_connections = 0
[plans.small.capabilities]
history_days = 30
sentiment = false

[plans.large]
fee = "90.00"
allowance = 1000
gate_when_down = "closed"
[plans.large.limits]
requests_per_period = 7
requests_per_hour = 6
burst_per_10_seconds = 3
websocket_connections = 1
[plans.large.capabilities]
sentiment = true
[[plans.large.prices]]
method = "GET"
path = "/news"
credits = 3

[plans.endless]
fee = "500.00"
unlimited = true
[plans.endless.trial]
days = 14
"""
NEWS = GateRequest(path="/news")


@pytest.fixture
def books(context: Context) -> Context:
    # started at noon on the 11th: its periods begin then
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    return at(context, "2026-10-11T12:00:00Z")


@pytest.fixture
def key(books: Context) -> CreatedKey:
    an_organization(books, "acme", plan="small")
    return create_key(books, "acme", name="web")


def ask(context: Context, key: CreatedKey, path: str = "/news", **more: object) -> GateDecision:
    count = bool(more.pop("count", True))
    request = replace(NEWS, secret=key.secret, path=path, **more)
    return decide_request(context, request, count=count)


def statuses(context: Context, key: CreatedKey, times: int, path: str = "/news") -> list[int]:
    return [ask(context, key, path).status for _ in range(times)]


def test_an_admitted_request_is_told_what_it_costs_and_where_the_key_stands(
    books: Context, key: CreatedKey
) -> None:
    found = ask(books, key)
    assert (found.status, found.organization, found.key) == (200, "acme", key.id)
    assert (found.plan, found.endpoint, found.price) == ("small", "GET /news", Credits.parse("1"))
    assert (found.limit, found.remaining) == (5, 4)
    assert found.resets_at == datetime(2026, 11, 11, 12, tzinfo=UTC)
    assert found.omit == ("sentiment",)
    assert found.clamp_from == datetime(2026, 9, 11, 12, tzinfo=UTC)
    assert found.headers["X-RateLimit-Remaining"] == "4"


def test_only_a_key_that_opens_something_is_let_in(books: Context, key: CreatedKey) -> None:
    def told(**by: str) -> tuple[int, str]:
        found = decide_request(books, replace(NEWS, **by))
        assert found.organization is None
        return found.status, found.reason.value

    assert told() == (401, "key_unknown")
    assert told(secret="ck_live_nonsense") == (401, "key_unknown")
    other = key.secret[:-7] + ("a" if key.secret[-7] != "a" else "b") + key.secret[-6:]
    assert told(secret=other) == (401, "key_unknown")
    assert told(key="nobody") == (401, "key_unknown")
    assert decide_request(books, replace(NEWS, key=key.prefix)).status == 200
    assert decide_request(books, replace(NEWS, key=key.id)).status == 200
    expire_key(books, key.id)
    assert told(secret=key.secret) == (401, "key_expired")
    revoke_key(books, key.id)
    assert told(secret=key.secret) == (401, "key_revoked")


def test_a_suspended_organization_is_refused_at_once(books: Context, key: CreatedKey) -> None:
    suspend_organization(books, "acme", reason="test")
    found = ask(books, key)
    assert (found.status, found.detail) == (403, "acme is suspended.")


def test_the_quota_of_the_period_admits_its_number_and_begins_anew(
    books: Context, key: CreatedKey
) -> None:
    assert statuses(books, key, 7) == [200] * 5 + [429] * 2
    found = ask(books, key)
    assert found.detail == "Exceeded token limit of 5 for the current period."
    assert found.retry_after == 31 * 86_400
    next_period = at(books, "2026-11-11T12:00:00Z")
    check_limits(next_period)  # grants the allowance
    assert statuses(next_period, key, 6) == [200] * 5 + [429]


def test_a_denied_request_is_not_counted(books: Context, key: CreatedKey) -> None:
    assert ask(books, key, "/models/large").reason == "tier_not_in_plan"
    assert ask(books, key, "/nowhere").reason == "endpoint_unknown"
    assert ask(books, key, capabilities=("sentiment",)).reason == "capability_not_in_plan"
    assert ask(books, key, "/rows", units=101).reason == "insufficient_credits"
    assert ask(books, key, count=False).windows[0].used == 0
    assert statuses(books, key, 6) == [200] * 5 + [429]


def test_looking_counts_nothing(books: Context, key: CreatedKey) -> None:
    for _ in range(9):
        assert ask(books, key, count=False).status == 200
    assert ask(books, key).remaining == 4


def test_another_plan_takes_effect_at_once(books: Context, key: CreatedKey) -> None:
    assert statuses(books, key, 6) == [200] * 5 + [429]
    later = at(books, "2026-10-12T00:00:00Z")
    change_subscription(later, ChangeRequest(organization="acme", plan="large", reason="grew"))
    # seven in all, five of them before
    assert statuses(later, key, 3) == [200, 200, 429]
    assert ask(later, key, count=False).price == Credits.parse("3")


def test_a_changed_catalog_takes_effect_at_once(books: Context, key: CreatedKey) -> None:
    gate = Gate(DatabaseCounters(books.database))
    request = replace(NEWS, secret=key.secret)
    assert gate.decide(books, request).limit == 5
    changed = CATALOG.replace("requests_per_period = 5", "requests_per_period = 1").replace(
        "basic = 1", "basic = 2"
    )
    later = at(books, "2026-10-12T00:00:00Z")
    text = changed.replace("2026-01-01T00:00:00Z", "2026-10-12T00:00:00Z")
    open_books(later, text)
    found = gate.decide(later, request)
    assert (found.status, found.limit, found.price) == (429, 1, Credits.parse("2"))


def test_a_key_bound_to_a_plan_takes_limits_tiers_and_prices_from_it(
    books: Context, key: CreatedKey
) -> None:
    """But credits and the period are its organization's."""
    bound = create_key(books, "acme", name="desk", plan="large")
    found = ask(books, bound, "/models/large")
    assert (found.status, found.plan, found.limit) == (200, "large", 3)
    assert found.windows[0].resets_at == datetime(2026, 11, 11, 12, tzinfo=UTC)
    assert ask(books, bound).price == Credits.parse("3")
    # keys are counted each for itself
    assert statuses(books, key, 6) == [200] * 5 + [429]


def test_without_a_subscription_the_period_is_the_month(books: Context) -> None:
    an_organization(books, "prepaid", credits="3")
    free = create_key(books, "prepaid", name="web")
    bound = create_key(books, "prepaid", name="desk", plan="small")
    assert [window.limit for window in ask(books, free).windows] == [None]
    assert ask(books, bound).resets_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert ask(books, free, "/models/large").detail == ("Required: 5 credits, Available: 3 credits")


def test_bursts_and_hours_are_limits_of_their_own(books: Context, key: CreatedKey) -> None:
    bound = create_key(books, "acme", name="desk", plan="large")
    assert statuses(books, bound, 4, "/free") == [200] * 3 + [429]
    burst = ask(books, bound, "/free")
    assert burst.detail == "Exceeded rate limit of 3 requests per 10 seconds."
    assert (burst.retry_after, burst.headers["Retry-After"]) == (10, "10")
    later = at(books, "2026-10-11T12:30:00Z")
    assert statuses(later, bound, 4, "/free") == [200] * 3 + [429]
    hour = ask(later, bound, "/free")
    assert hour.detail == "Exceeded limit of 6 requests for the current hour."
    assert hour.retry_after == 30 * 60


def test_credits_for_another_product_do_not_pay(books: Context) -> None:
    an_organization(books, "acme")
    with unit_of_work(books.database) as unit:
        grant = NewGrant(
            organization_id=find_organization(unit, "acme").id,
            source="order_form",
            amount=Credits.parse("50"),
            reason="test",
            product_id=product_ids(unit)["rows"],
        )
        add_grant(unit, books, grant)
    key = create_key(books, "acme", name="web")
    assert ask(books, key).detail == "Required: 1 credits, Available: 0 credits"
    # without an estimate, the most that the price allows for
    assert ask(books, key, "/rows").price == Credits.parse("40")
    assert ask(books, key, "/rows", units=7).price == Credits.parse("7")
    assert ask(books, key, "/free").status == 200


def test_open_overage_and_an_exceeded_budget_refuse(books: Context) -> None:
    an_organization(books, "acme", credits="50")
    key = create_key(books, "acme", name="web")
    set_budget(books, "acme", Wanted(daily=Credits.parse("10")))
    use(books, "acme", 11, path="/rows")
    assert ask(books, key).status == 200  # nothing is decided before the next check
    check_limits(books)
    found = ask(books, key)
    assert (found.status, found.reason.value) == (429, "budget")
    assert (found.retry_after, found.resets_at) == (12 * 3600, datetime(2026, 10, 12, tzinfo=UTC))
    tomorrow = at(books, "2026-10-12T00:00:00Z")
    assert ask(tomorrow, key).status == 200
    use(tomorrow, "acme", 40, path="/rows")
    assert ask(tomorrow, key).detail == "Unpaid overage: 1 credits"
    give(tomorrow, "acme", "500", source="purchase")
    check_limits(tomorrow)
    assert ask(at(books, "2026-10-13T00:00:00Z"), key).status == 200


def test_an_unlimited_plan_asks_for_no_credits(books: Context) -> None:
    an_organization(books, "acme", plan="endless")
    key = create_key(books, "acme", name="web")
    assert ask(books, key, "/models/large").status == 200


def imported(context: Context, key: CreatedKey, tmp_path: Path, *rows: tuple[str, int]) -> None:
    path = tmp_path / f"{context.now:%d%H%M}-{len(rows)}.csv"
    lines = [
        f"{path.stem}-{number},{key.prefix},GET /free,{time},{status}"
        for number, (time, status) in enumerate(rows)
    ]
    path.write_text("\n".join(["id,key,endpoint,time,status", *lines, ""]))
    assert import_usage(context, [path]).rejected == 0


def test_imported_requests_are_part_of_the_quota(
    books: Context, key: CreatedKey, tmp_path: Path
) -> None:
    """Those of the period, from its first whole hour on, that were not denied."""
    times = [
        ("2026-10-11T11:59:00Z", 200),  # before the period
        ("2026-10-11T12:00:00Z", 200),
        ("2026-10-11T23:00:00Z", 429),  # denied
        ("2026-10-12T08:00:00Z", 200),
        ("2026-10-14T08:00:00Z", 200),
    ]
    later = at(books, "2026-10-15T00:00:00Z")
    imported(later, key, tmp_path, *times)
    assert ask(later, key, count=False).windows[0].used == 3
    assert statuses(later, key, 3) == [200, 200, 429]


def test_what_the_gate_counted_is_not_counted_again_when_it_is_imported(
    books: Context, key: CreatedKey, tmp_path: Path
) -> None:
    assert statuses(books, key, 3) == [200] * 3
    later = at(books, "2026-10-11T13:00:00Z")
    imported(later, key, tmp_path, *[("2026-10-11T12:00:00Z", 200)] * 3)
    assert statuses(later, key, 3) == [200, 200, 429]


@pytest.fixture
def broken(books: Context) -> Context:
    return replace(books, settings=Settings(gate_counters="unix:///nowhere/socket"))


def test_without_counters_a_plan_is_open_or_closed(broken: Context, key: CreatedKey) -> None:
    found = ask(broken, key)
    assert (found.status, found.reason.value) == (200, "counters_down")
    bound = create_key(broken, "acme", name="desk", plan="large")
    found = ask(broken, bound)
    assert (found.status, found.headers) == (503, {"Retry-After": "1"})
    assert ask(broken, bound, "/nowhere").status == 403
    connecting = {"channel": Channel.WEBSOCKET, "lease": "a"}
    assert ask(broken, bound, **connecting).status == 503


def test_redis_counts_for_every_gate_that_is_given_its_url(
    books: Context, key: CreatedKey, running_redis: str
) -> None:
    RedisCounters(running_redis)._client.flushall()
    here = replace(books, settings=Settings(gate_counters=running_redis))
    assert statuses(here, key, 6) == [200] * 5 + [429]
    assert (
        DatabaseCounters(books.database).peek(key_id(books, key.id), (), books.now).readings == ()
    )
    assert ask(books, key, count=False).windows[0].used == 0


def test_connections_are_held_and_taken_over(books: Context, key: CreatedKey) -> None:
    bound = create_key(books, "acme", name="desk", plan="large")

    def connect(lease: str, **more: object) -> GateDecision:
        return ask(books, bound, channel=Channel.WEBSOCKET, lease=lease, **more)

    first = connect("a")
    assert (first.status, first.limit, first.remaining) == (200, 1, 0)
    assert connect("b", count=False).status == 429
    second = connect("b")
    assert second.detail == "Exceeded limit of 1 concurrent WebSocket connections."
    assert connect("b", take_over=True).evicted == "a"
    assert connect("a", count=False, take_over=True).status == 200
    denied = ask(books, key, channel=Channel.WEBSOCKET, lease="a")
    assert denied.detail == "WebSocket is not in plan small."


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (GateRequest(key="k"), "has a path"),
        (replace(NEWS, messages=2), "is one"),
        (replace(NEWS, messages=0), "at least one message"),
        (replace(NEWS, channel=Channel.WEBSOCKET), "a name to be held by"),
    ],
)
def test_a_request_that_cannot_be_meant_is_no_decision(
    context: Context, request_: GateRequest, complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        decide_request(context, request_)


def test_a_trial_is_a_period_of_its_own(books: Context) -> None:
    an_organization(books, "acme", plan="endless")
    key = create_key(books, "acme", name="web")
    assert ask(books, key).windows[0].seconds == 14 * 86_400
    paid = at(books, "2026-10-25T12:00:00Z")
    assert (ask(paid, key).windows[0].seconds, ask(paid, key).windows[0].used) == (31 * 86_400, 2)
