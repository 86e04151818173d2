"""A rotated key goes on with what the key it replaces has used: no client doubles its limits."""

from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from counter_stores import EVERY_STORE, counters_of
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.context import Context
from creditctl.rules.budgets import Measure, Span, parse_threshold
from creditctl.rules.gate_terms import GateDecision
from creditctl.rules.rate_limits import Channel
from creditctl.rules.units import Credits
from creditctl.services.block_list import list_blocks
from creditctl.services.budget_changes import Wanted, clear_budget, set_budget
from creditctl.services.budgets import show_budget
from creditctl.services.gate import Gate
from creditctl.services.gate_connections import (
    close,
    close_by_hand,
    connections_of,
    keep_open,
)
from creditctl.services.gate_counters import DatabaseCounters
from creditctl.services.gate_keys import GateRequest
from creditctl.services.key_rotation import RotatedKey, rotate_key
from creditctl.services.keys import CreatedKey, create_key, expire_key
from creditctl.services.limits_check import check_limits
from creditctl.services.usage_import import import_usage

CATALOG = """
[catalog]
name = "news"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[tiers]
basic = 1

[products.news]
[[products.news.endpoints]]
method = "GET"
path = "/news"
tier = "basic"

[plans.small]
fee = "10.00"
allowance = 300
[plans.small.limits]
requests_per_period = 6
requests_per_hour = 5
burst_per_10_seconds = 4
websocket_connections = 2
"""
Key = CreatedKey | RotatedKey


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    noon = at(context, "2026-10-11T12:00:00Z")
    an_organization(noon, "acme", plan="small")
    return noon


@pytest.fixture
def key(books: Context) -> CreatedKey:
    return create_key(books, "acme", name="web")


def asked(gate: Gate, context: Context, key: Key, **more: object) -> GateDecision:
    request = {"secret": key.secret, "path": "/news"} | more
    return gate.decide(context, GateRequest(**request))  # type: ignore[arg-type]


def imported(context: Context, key: Key, tmp_path: Path, requests: int) -> None:
    lines = ["id,time,org,key,endpoint,status,units"]
    time = f"{context.now:%Y-%m-%dT%H:%M:%SZ}"
    lines += [
        f"{key.prefix}-{place},{time},acme,{key.prefix},GET /news,200," for place in range(requests)
    ]
    path = tmp_path / f"{key.prefix}-{requests}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_usage(context, [path])


@pytest.fixture
def gate(database: str, kind: str, request: pytest.FixtureRequest) -> Gate:
    url = request.getfixturevalue("running_redis") if kind == "redis" else ""
    if kind == "redis":
        RedisCounters(url)._client.flushall()
    return Gate(counters_of(kind, database, url))


@EVERY_STORE
def test_quota_hour_and_burst_go_on_through_two_rotations(
    books: Context, key: CreatedKey, gate: Gate
) -> None:
    """The old key works on in its grace: it is one key with the new ones."""
    first = [asked(gate, books, key).status for _ in range(3)]
    second = rotate_key(books, key.id)
    burst = [asked(gate, books, second).status, asked(gate, books, second).status]
    assert (first, burst) == ([200, 200, 200], [200, 429])
    later = at(books, "2026-10-11T12:01:00Z")
    third = rotate_key(later, second.id)
    hour = [asked(gate, later, one).status for one in (third, key)]
    assert hour == [200, 429]
    afternoon = at(books, "2026-10-11T14:00:00Z")
    quota = [asked(gate, afternoon, one) for one in (third, second, key, third)]
    assert [decision.status for decision in quota] == [200, 429, 429, 429]
    assert quota[1].limit == 6


@EVERY_STORE
def test_connections_go_on_and_a_denied_request_is_taken_back_from_the_chain(
    books: Context, key: CreatedKey, gate: Gate
) -> None:
    def connect(of: Key, lease: str, **more: object) -> GateDecision:
        return asked(gate, books, of, path=None, channel=Channel.WEBSOCKET, lease=lease, **more)

    assert connect(key, "a").status == 200
    new = rotate_key(books, key.id)
    assert [connect(new, "b").status, connect(new, "c").status] == [200, 429]
    assert connect(new, "c", take_over=True).evicted == "a"
    request = GateRequest(secret=new.secret, path="/news")
    weighed = gate.weigh(books, request)
    gate.take_back(books, request, weighed)
    assert asked(gate, books, key).remaining == 3


@EVERY_STORE
def test_a_connection_is_kept_and_closed_by_whichever_key_of_the_chain(
    books: Context, key: CreatedKey, gate: Gate
) -> None:
    def request(of: Key, lease: str) -> GateRequest:
        return GateRequest(secret=of.secret, channel=Channel.WEBSOCKET, lease=lease)

    new = rotate_key(books, key.id)
    opened = [gate.decide(books, request(*one)).status for one in ((new, "a"), (key, "b"))]
    kept = [keep_open(gate, books, request(of, "a")).status for of in (new, key)]
    assert (opened, kept) == ([200, 200], [200, 200])
    assert close(gate, books, request(new, "a")).status == 200
    assert gate.decide(books, request(key, "c")).status == 200
    assert keep_open(gate, books, request(new, "a")).status == 404


def test_connections_of_a_rotated_key_are_listed_and_closed_by_hand(
    books: Context, key: CreatedKey
) -> None:
    gate = Gate(DatabaseCounters(books.database))
    new = rotate_key(books, key.id)
    request = GateRequest(secret=new.secret, channel=Channel.WEBSOCKET, lease="a")
    assert gate.decide(books, request).status == 200
    assert [one.lease for one in connections_of(books, new.prefix)] == ["a"]
    assert close_by_hand(books, new.prefix, "a").key == new.id
    assert connections_of(books, key.prefix) == []


def test_imported_requests_of_the_key_it_replaces_count(
    books: Context, key: CreatedKey, tmp_path: Path
) -> None:
    gate = Gate(DatabaseCounters(books.database))
    imported(books, key, tmp_path, 4)
    new = rotate_key(books, key.id)
    imported(at(books, "2026-10-11T12:30:00Z"), new, tmp_path, 1)
    night = at(books, "2026-10-12T00:00:00Z")
    assert [asked(gate, night, new).status for _ in range(2)] == [200, 429]
    stranger = create_key(books, "acme", name="cron")
    assert asked(gate, night, stranger).status == 200


def test_a_budget_of_a_key_is_that_of_the_keys_it_is_rotated_to(
    books: Context, key: CreatedKey, tmp_path: Path
) -> None:
    """Set for the first, crossed by both together, refused to both, shown by the newest name."""
    gate = Gate(DatabaseCounters(books.database))
    set_budget(books, "acme", Wanted(key="web", daily=Credits.parse("5")))
    imported(books, key, tmp_path, 3)
    new = rotate_key(books, key.id)
    imported(books, new, tmp_path, 3)
    (line,) = show_budget(books, "acme").lines
    assert (line.target, line.usage) == ("key web", Credits.parse("6"))
    checked = at(books, "2026-10-11T12:01:00Z")
    check_limits(checked)
    assert [asked(gate, checked, one).reason for one in (key, new)] == ["part_budget"] * 2
    (block,) = list_blocks(checked)
    assert set(block.keys) == {key.prefix, new.prefix}
    # named by whichever of them, it is one budget
    set_budget(checked, "acme", Wanted(key=new.prefix, daily=Credits.parse("50")))
    (line,) = show_budget(checked, "acme").lines
    assert line.limit == Credits.parse("50")
    assert clear_budget(checked, "acme", key=key.prefix).lines == (line,)


def test_a_quota_threshold_counts_the_whole_chain(
    books: Context, key: CreatedKey, tmp_path: Path
) -> None:
    imported(books, key, tmp_path, 3)
    new = rotate_key(books, key.id)
    imported(books, new, tmp_path, 2)
    expire_key(books, key.id)
    watch = (Measure.QUOTA, Span.NONE)
    set_budget(books, "acme", Wanted(thresholds={watch: [parse_threshold("80%")]}))
    (line,) = show_budget(books, "acme").lines
    assert line.usage == Credits.parse("5")
