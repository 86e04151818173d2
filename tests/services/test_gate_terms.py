"""What a gate keeps of its keys: never longer than it is true."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import an_organization, at, give, open_books
from calls import ROWS
from creditctl.context import Context
from creditctl.server.embedding import Gate
from creditctl.services import gate_terms
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_terms import LASTS, KnownTerms, Terms, terms_of
from creditctl.services.keys import CreatedKey, create_key, expire_key, revoke_key
from creditctl.services.org_status import suspend_organization
from creditctl.services.subscription_changes import ChangeRequest, change_subscription
from creditctl.store import driver_sqlite
from creditctl.store.connections import IdleConnections
from creditctl.store.engine import reading, reusing_connections

CATALOG = (
    ROWS
    + """

[plans.small]
fee = "10.00"
allowance = 100
[plans.small.limits]
requests_per_period = 50
burst_per_10_seconds = 50
websocket_connections = 3
[plans.large]
fee = "20.00"
allowance = 200
[plans.large.limits]
requests_per_period = 500
"""
)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    early = at(context, "2026-10-05T00:00:00Z")
    an_organization(early, "acme", plan="small")
    return at(context, "2026-10-11T12:00:00Z")


@pytest.fixture
def key(books: Context) -> CreatedKey:
    return create_key(books, "acme", name="web")


class Asking:
    """A gate's own connections and what it knows."""

    def __init__(self, request: GateRequest) -> None:
        self.known, self.idle = KnownTerms(), IdleConnections(reads_where_it_writes=True)
        self.request = request

    def __call__(self, context: Context) -> Any:
        with reusing_connections(self.idle), reading(context.database) as unit:
            return self.known.asking(unit, context, self.request, unit.version())


@pytest.fixture
def asking(key: CreatedKey) -> Iterator[Asking]:
    made = Asking(GateRequest(secret=key.secret, path="/rows"))
    yield made
    made.idle.close()


def later(context: Context, **time: float) -> Context:
    return at(context, (context.now + timedelta(**time)).isoformat())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Terms]:
    """Every time that terms were read from the books."""
    found: list[Terms] = []

    def watched(*facts: Any) -> Terms:
        found.append(terms_of(*facts))
        return found[-1]

    monkeypatch.setattr(gate_terms, "terms_of", watched)
    return found


def test_terms_are_read_once_where_the_database_tells_of_writes(
    books: Context, asking: Asking, read: list[Terms]
) -> None:
    first, second = asking(books), asking(later(books, seconds=59))
    assert first == second
    assert len(read) == (1 if books.database.startswith("sqlite") else 2)
    asking(later(books, seconds=60))
    assert len(read) == (2 if books.database.startswith("sqlite") else 3)


def test_a_clock_that_goes_back_reads_again(
    books: Context, asking: Asking, read: list[Terms]
) -> None:
    asking(books)
    asking(later(books, seconds=-1))
    assert len(read) == 2


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda books, key: revoke_key(books, key.id), lambda found: found.status == 401),
        (
            lambda books, _: suspend_organization(books, "acme", reason="test"),
            lambda found: found.status == "suspended",
        ),
        (
            lambda books, _: change_subscription(
                books, ChangeRequest(organization="acme", plan="large", reason="test")
            ),
            lambda found: found.plan.name == "large",
        ),
        (
            lambda books, _: open_books(
                books,
                CATALOG.replace("_period = 50\n", "_period = 51\n").replace(
                    "2026-01-01T00:00:00Z", "2026-10-11T12:00:00Z"
                ),
            ),
            lambda found: found.plan.limits["requests_per_period"] == 51,
        ),
    ],
    ids=["revoked", "suspended", "upgraded", "changed"],
)
def test_what_others_write_holds_at_once(
    books: Context,
    key: CreatedKey,
    asking: Asking,
    change: Callable[[Context, CreatedKey], object],
    seen: Callable[[Any], bool],
) -> None:
    assert not seen(asking(books))
    assert not seen(asking(books))
    change(books, key)
    assert seen(asking(books))


def test_a_key_that_ends_within_the_minute_is_not_kept(
    books: Context, key: CreatedKey, asking: Asking, read: list[Terms]
) -> None:
    expire_key(books, key.id, at=books.now + LASTS)
    assert asking(books).key.name == "web"
    assert asking(later(books, seconds=59)).key.name == "web"
    assert asking(later(books, seconds=60)).status == 401
    assert len(read) == 2


def test_a_period_that_ends_within_the_minute_is_not_kept(books: Context, asking: Asking) -> None:
    end = at(books, "2026-11-05T00:00:00Z")
    before, after = asking(later(end, seconds=-30)), asking(later(end, seconds=29))
    assert before.plan.period.ends_at == after.plan.period.starts_at == end.now


def test_a_version_of_the_plan_that_begins_within_the_minute_is_not_kept(
    books: Context, asking: Asking
) -> None:
    soon = CATALOG.replace("_period = 50\n", "_period = 51\n").replace(
        "2026-01-01T00:00:00Z", "2026-10-11T12:00:30Z"
    )
    open_books(books, soon)
    assert asking(books).plan.limits["requests_per_period"] == 50
    assert asking(later(books, seconds=29)).plan.limits["requests_per_period"] == 50
    assert asking(later(books, seconds=30)).plan.limits["requests_per_period"] == 51


OF_ITS_END = ("subscription", "status")
"""Follows from when a subscription ends, which is what terms are read from, and end with."""

_WRITES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Tables that statements read and write from now on, triggers' too."""
    found: dict[str, set[str]] = {"read": set(), "written": set()}
    connect = driver_sqlite.connect

    def note(action: int, table: str | None, column: str | None, *_: Any) -> int:
        if table is not None and action == sqlite3.SQLITE_READ:
            found["read"].add(table)
        if (table, column) == OF_ITS_END:
            return sqlite3.SQLITE_OK
        if table is not None and action in _WRITES:
            found["written"].add(table)
        return sqlite3.SQLITE_OK

    def watched(database: str, *, read_only: bool) -> Any:
        connection = connect(database, read_only=read_only)
        connection.set_authorizer(note)
        return connection

    monkeypatch.setattr(driver_sqlite, "connect", watched)
    return found


@pytest.fixture
def of_the_terms(books: Context, key: CreatedKey, touched: dict[str, set[str]]) -> set[str]:
    """The tables that terms are read from."""
    own = create_key(books, "acme", name="own", plan="large")
    touched["read"].clear()
    for request in (GateRequest(secret=key.secret), GateRequest(key=own.id)):
        asking = Asking(request)
        asking(books)
        asking.idle.close()
    return set(touched["read"])


def test_what_a_gate_writes_is_no_part_of_the_terms(
    books: Context, key: CreatedKey, of_the_terms: set[str], touched: dict[str, set[str]]
) -> None:
    """Its own writes do not change the version that terms are kept for."""
    if not books.database.startswith("sqlite"):
        pytest.skip("PostgreSQL tells nobody of writes: nothing is kept")
    give(books, "acme", "5", expires_at=books.now + timedelta(hours=1))
    give(books, "acme", "500")
    times: list[datetime] = [books.now]
    touched["written"].clear()
    with Gate(books.database, settings=books.settings, clock=lambda: times[-1]) as gate:
        for number, moment in enumerate(
            (books.now, later(books, days=3).now, later(books, days=40).now)
        ):
            times.append(moment)
            for name in "abc":
                call = gate.authorize(
                    key.secret, "GET", "/rows", request_id=f"{name}{number}", units=2
                )
                assert call.decision.status == 200
            gate.capture(f"a{number}", units=3)
            gate.release(f"b{number}")
            gate.connect(key.secret, "desk", take_over=True)
            gate.heartbeat(key.secret, "desk")
            gate.disconnect(key.secret, "desk")
    assert {"api_key", "organization", "plan_version", "subscription"} <= of_the_terms
    assert {"hold", "usage_event", "credit_grant", "ledger_entry"} <= touched["written"]
    assert sorted(of_the_terms & touched["written"]) == []
