"""How often a gate goes to PostgreSQL: over a network each way there and back is felt."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from builders import an_organization, at, open_books
from calls import ROWS
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.context import Context
from creditctl.services.gate import Gate
from creditctl.services.gate_calls import authorize_call, capture_call, release_call
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_standing import KeptBooks
from creditctl.services.keys import create_key
from creditctl.store.trip_postgres import Trip
from redis_server import local_redis

CATALOG = (
    ROWS
    + """
[plans.pro]
fee = "10.00"
allowance = 1000
overage_price = "0.02"
[plans.pro.limits]
requests_per_period = 100

[plans.later]
fee = "10.00"
allowance = 1000
overage_price = "0.02"
postpaid_limit = 1000
"""
)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with local_redis() as url:
        yield url


POSTGRES = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@contextmanager
def trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was sent and waited for: to ask, to write and to commit."""
    import psycopg

    found: list[str] = []

    def counting(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def counted(self: Any, *arguments: Any, **named: Any) -> Any:
            if not isinstance(self, Trip) or self.is_waiting:
                found.append(f"{name} {arguments}")
            return original(self, *arguments, **named)

        patch.setattr(owner, name, counted)

    with monkeypatch.context() as patch:
        for cursor_method in ("execute", "executemany"):
            counting(psycopg.Cursor, cursor_method)
        counting(psycopg.Connection, "commit")
        counting(Trip, "go")
        yield found


def counted(
    context: Context, monkeypatch: pytest.MonkeyPatch, redis_url: str, **key: str
) -> dict[str, int]:
    """Round trips of a decision, a capture and a release, once everything was done before."""
    request = GateRequest(
        secret=create_key(context, "acme", name="web", **key).secret, path="/rows", units=2
    )
    gate, books = Gate(RedisCounters(redis_url)), KeptBooks()
    steps: dict[str, Callable[[str], object]] = {
        "decision": lambda name: authorize_call(gate, context, request, name),
        "capture": lambda name: capture_call(gate, context, name, units=1),
        "release": lambda name: release_call(gate, context, name),
    }
    found = {}
    with books.open():
        for name in ("first", "second"):
            for step, do in steps.items():
                if step == "release":
                    authorize_call(gate, context, request, f"{name}-released")
                with trips(monkeypatch) as gone:
                    do(f"{name}-released" if step == "release" else name)
                found[step] = len(gone)
    books.close()
    return found


@POSTGRES
def test_of_an_organization_with_credits(
    context: Context, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    an_organization(context, "acme", credits="100")
    found = counted(context, monkeypatch, redis_url, plan="pro")
    assert found == {"decision": 7, "capture": 3, "release": 3}


@POSTGRES
def test_of_an_organization_with_a_subscription(
    context: Context, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    an_organization(context, "acme", plan="pro")
    found = counted(context, monkeypatch, redis_url)
    assert found == {"decision": 8, "capture": 3, "release": 3}


@POSTGRES
def test_where_more_than_grants_may_pay(
    context: Context, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    an_organization(context, "acme", plan="later")
    found = counted(context, monkeypatch, redis_url)
    assert found == {"decision": 13, "capture": 8, "release": 3}
