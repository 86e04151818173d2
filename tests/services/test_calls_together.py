"""Calls that come together: each is answered as if it had come alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from builders import an_organization, at, open_books
from calls import ROWS
from creditctl.adapters.counters.interface import CountersDown
from creditctl.context import Context
from creditctl.errors import Conflict, DatabaseMissing, InvalidInput, NotFound
from creditctl.rules.gate_terms import Caller
from creditctl.rules.rate_limits import Channel, Verdict
from creditctl.rules.units import Credits
from creditctl.services import gate_snapshot
from creditctl.services.balances import read_balance
from creditctl.services.gate import Gate
from creditctl.services.gate_calls import (
    WantedCall,
    WantedCapture,
    WantedRelease,
    answer_calls,
    capture_call,
)
from creditctl.services.gate_counters import DatabaseCounters
from creditctl.services.gate_facts import read_caller
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_terms import Terms
from creditctl.services.keys import CreatedKey, create_key
from creditctl.services.outcomes import Outcome
from creditctl.store.engine import UnitOfWork

CATALOG = (
    ROWS
    + """

[plans.small]
fee = "0.00"
allowance = 0
[plans.small.limits]
requests_per_period = 5
"""
)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    return at(context, "2026-10-11T12:00:00Z")


@pytest.fixture
def gate(books: Context) -> Gate:
    return Gate(DatabaseCounters(books.database))


@pytest.fixture
def key(books: Context) -> CreatedKey:
    an_organization(books, "acme", credits="10")
    return create_key(books, "acme", name="web", plan="small")


def call(key: CreatedKey, name: str, units: int = 1, path: str | None = "/rows") -> WantedCall:
    return WantedCall(GateRequest(secret=key.secret, path=path, units=units), name)


def told(found: Sequence[Outcome]) -> list[object]:
    return [one.problem or one.answer().decision.status for one in found]


def counted(gate: Gate, books: Context, key: CreatedKey) -> int:
    request = GateRequest(secret=key.secret, path="/rows", units=0)
    return 5 - (gate.decide(books, request, count=False).remaining or 0)


def test_each_has_its_own_answer(books: Context, gate: Gate, key: CreatedKey) -> None:
    answer_calls(gate, books, [call(key, "ended")])
    capture_call(gate, books, "ended")
    unknown = WantedCall(GateRequest(key="key_nobody", path="/rows"), "r-0")
    connection = WantedCall(
        GateRequest(secret=key.secret, channel=Channel.WEBSOCKET, lease="desk"), "r-5"
    )
    found = answer_calls(
        gate,
        books,
        [
            unknown,
            call(key, "r-1", 4),
            call(key, "ended"),
            call(key, "", 1),
            call(key, "r-2", path=None),
            call(key, "r-3", 7),
            connection,
            call(key, "r-4", -1),
        ],
    )
    answers = told(found)
    assert [answers[place] for place in (0, 1, 5, 6)] == [401, 200, 402, 200]
    assert [type(answers[place]) for place in (2, 3, 4, 7)] == [
        Conflict,
        InvalidInput,
        InvalidInput,
        InvalidInput,
    ]
    assert read_balance(books, "acme").held == Credits.parse("4")
    assert counted(gate, books, key) == 2


def test_what_requests_have_in_common_is_read_once(
    books: Context, gate: Gate, key: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def reading_caller(unit: UnitOfWork, terms: Terms, *rest: Any, **options: Any) -> Caller:
        asked.append(terms.key.public_id)
        return read_caller(unit, terms, *rest, **options)

    monkeypatch.setattr(gate_snapshot, "read_caller", reading_caller)
    other = create_key(books, "acme", name="batch", plan="small")
    found = answer_calls(
        gate, books, [call(one, f"{one.id}-{n}") for n in "ab" for one in (key, other)]
    )
    assert told(found) == [200] * 4
    assert sorted(asked) == sorted([key.id, other.id])


def test_the_last_credits_are_held_by_one_of_them(
    books: Context, gate: Gate, key: CreatedKey
) -> None:
    found = answer_calls(gate, books, [call(key, f"r-{number}", 6) for number in range(3)])
    assert told(found) == [200, 402, 402]
    assert found[1].answer().decision.detail == "Required: 6 credits, Available: 4 credits"
    assert counted(gate, books, key) == 1


def test_a_limit_admits_as_many_as_one_by_one(books: Context, gate: Gate, key: CreatedKey) -> None:
    found = answer_calls(gate, books, [call(key, f"r-{number}", 0) for number in range(8)])
    assert told(found) == [200] * 5 + [429] * 3


def test_the_same_request_twice_is_one_hold_and_counted_once(
    books: Context, gate: Gate, key: CreatedKey
) -> None:
    first, second = (
        one.answer().hold for one in answer_calls(gate, books, [call(key, "r", 2)] * 2)
    )
    assert first is not None
    assert second is not None
    assert (first.id, first.is_new, second.is_new) == (second.id, True, False)
    assert read_balance(books, "acme").held == Credits.parse("2")
    assert counted(gate, books, key) == 1


def test_calls_end_while_others_begin(books: Context, gate: Gate, key: CreatedKey) -> None:
    answer_calls(gate, books, [call(key, f"r-{number}", 3) for number in (1, 2, 3)])
    captured, begun, released, again, unknown, negative, refused = answer_calls(
        gate,
        books,
        [
            WantedCapture("r-1", units=2),
            call(key, "r-4", 1),
            WantedRelease("r-2"),
            WantedCapture("r-1", units=2),
            WantedRelease("nobody's"),
            WantedCapture("r-3", units=-1),
            call(key, "r-5", 9),
        ],
    )
    assert [one.answer().state for one in (captured, released, again)] == [
        "captured",
        "released",
        "captured",
    ]
    assert told([begun, refused]) == [200, 402]
    assert [type(one.problem) for one in (unknown, negative)] == [NotFound, InvalidInput]
    balance = read_balance(books, "acme")
    assert (balance.held, balance.available) == (Credits.parse("4"), Credits.parse("4"))


def test_where_the_books_are_away_nothing_is_counted(
    books: Context, gate: Gate, key: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseMissing("test")

    with monkeypatch.context() as patched:
        patched.setattr(gate, "asked_prices", away)
        with pytest.raises(DatabaseMissing):
            answer_calls(gate, books, [call(key, "r-1"), WantedCapture("r-0")])
        (ended,) = answer_calls(gate, books, [WantedCapture("r-0")])
    assert isinstance(ended.problem, DatabaseMissing)
    assert counted(gate, books, key) == 0


class Down(DatabaseCounters):
    """Nobody knows what it counted."""

    def hit_all(self, *_: object) -> list[Verdict]:
        raise CountersDown("test")


def test_without_counters_all_pass_uncounted(books: Context, key: CreatedKey) -> None:
    gate = Gate(Down(books.database))
    found = answer_calls(gate, books, [call(key, "r-1"), call(key, "r-2")])
    assert [one.answer().decision.reason.value for one in found] == ["counters_down"] * 2
    assert counted(gate, books, key) == 0


def test_what_was_counted_is_taken_back_when_nothing_can_be_held(
    books: Context, gate: Gate, key: CreatedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gate, "change_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        answer_calls(gate, books, [call(key, "r-1"), call(key, "r-2")])
    assert counted(gate, books, key) == 0
