"""Calls through the gate: what is decided, what is counted, what is held, in one step."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from builders import an_organization, at, give, open_books, use
from calls import ROWS
from counter_stores import key_id
from creditctl.adapters.counters.interface import CountersDown
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.rate_limits import Channel
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.budget_changes import Wanted, set_budget
from creditctl.services.gate import Gate
from creditctl.services.gate_calls import GateCall, authorize_call, capture_call
from creditctl.services.gate_counters import DatabaseCounters
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_standing import gate_standing
from creditctl.services.holds import release
from creditctl.services.keys import CreatedKey, create_key
from creditctl.services.limits_check import check_limits

CATALOG = (
    ROWS
    + """
[products.news]
[[products.news.endpoints]]
method = "GET"
path = "/news"
credits = "1"

[plans.small]
fee = "10.00"
allowance = 100
postpaid_limit = 30
overage_price = "0.02"
[plans.small.limits]
requests_per_period = 5
burst_per_10_seconds = 5
websocket_connections = 3
"""
)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    return at(context, "2026-10-11T12:00:00Z")


@pytest.fixture
def key(books: Context) -> CreatedKey:
    an_organization(books, "acme", plan="small")
    return create_key(books, "acme", name="web")


class Racing(DatabaseCounters):
    """Somebody else takes credits between the decision and the hold."""

    def __init__(self, context: Context, taken: int) -> None:
        super().__init__(context.database)
        self.context, self.taken = context, taken

    def hit(self, *facts: object) -> object:
        found = super().hit(*facts)
        if self.taken:
            use(self.context, "acme", self.taken)
            self.taken = 0
        return found


def ask(
    context: Context,
    key: CreatedKey,
    request_id: str,
    units: int | None = 1,
    path: str = "/rows",
    gate: Gate | None = None,
) -> GateCall:
    gate = gate or Gate(DatabaseCounters(context.database))
    request = GateRequest(secret=key.secret, path=path, units=units)
    return authorize_call(gate, context, request, request_id)


def left(context: Context, key: CreatedKey) -> int | None:
    """Of the period's five requests."""
    request = GateRequest(secret=key.secret, path="/rows", units=0)
    gate = Gate(DatabaseCounters(context.database))
    return gate.decide(context, request, count=False).remaining


def test_an_admitted_call_holds_the_most_it_may_cost(books: Context, key: CreatedKey) -> None:
    found = ask(books, key, "r-1", None)
    assert found.decision.status == 200
    assert found.hold is not None
    assert (found.hold.state, found.hold.held) == ("open", Credits.parse("40"))
    assert read_balance(books, "acme").held == Credits.parse("40")
    assert left(books, key) == 4


def test_what_is_held_is_not_available_to_the_next(books: Context, key: CreatedKey) -> None:
    # 100 of the allowance and 30 postpaid; 40, 40 and 40 are held, the last of it postpaid
    for number in range(3):
        assert ask(books, key, f"r-{number}", 40).decision.status == 200
    refused = ask(books, key, "r-3", 40).decision
    assert (refused.status, refused.reason.value) == (402, "insufficient_credits")
    assert refused.detail == "Required: 40 credits, Available: 10 credits"
    assert left(books, key) == 2


def test_credits_of_a_call_nobody_captured_are_available_again(books: Context) -> None:
    an_organization(books, "acme", credits="100")
    key = create_key(books, "acme", name="web")
    for number in range(3):
        ask(books, key, f"r-{number}", 32)
    assert ask(at(books, "2026-10-11T12:04:59Z"), key, "r-3", 40).decision.status == 402
    found = ask(at(books, "2026-10-11T12:05:00Z"), key, "r-4", 40)
    assert found.decision.status == 200
    assert found.hold is not None
    assert read_balance(books, "acme").held == Credits.parse("40")


def test_who_loses_the_race_for_credits_is_counted_nowhere(books: Context) -> None:
    an_organization(books, "acme", credits="20")
    key = create_key(books, "acme", name="web", plan="small")
    counters = Racing(books, taken=15)
    found = ask(books, key, "r-1", 10, gate=Gate(counters))
    assert (found.decision.status, found.hold) == (402, None)
    assert found.decision.detail == "Required: 10 credits, Available: 5 credits"
    assert (found.decision.windows, found.decision.headers) == ((), {})
    assert left(books, key) == 5
    assert ask(books, key, "r-2", 5).decision.status == 200


def test_the_same_request_again_is_the_same_hold_and_counted_once(
    books: Context, key: CreatedKey
) -> None:
    first = ask(books, key, "r-1", 2)
    again = ask(at(books, "2026-10-11T12:00:01Z"), key, "r-1", 2)
    assert first.hold is not None
    assert again.hold is not None
    assert (again.hold.id, again.hold.is_new) == (first.hold.id, False)
    assert (again.decision.status, left(books, key)) == (200, 4)


def test_the_same_request_is_answered_the_same_when_nothing_is_left(
    books: Context, key: CreatedKey
) -> None:
    for number in range(5):
        assert ask(books, key, f"r-{number}", 26).decision.status == 200
    assert ask(books, key, "r-5", 0).decision.status == 429
    assert ask(books, key, "r-0", 26).decision.status == 200


def test_an_id_that_was_used_by_another_call_or_has_ended_is_refused(
    books: Context, key: CreatedKey
) -> None:
    gate = Gate(DatabaseCounters(books.database))
    for name in ("open", "captured", "released"):
        ask(books, key, name)
    capture_call(gate, books, "captured", units=1)
    release(books, "released")
    with pytest.raises(Conflict, match="used by another call"):
        ask(books, key, "open", 7)
    with pytest.raises(Conflict, match="was captured"):
        ask(books, key, "captured")
    with pytest.raises(Conflict, match="is released"):
        ask(books, key, "released")
    assert left(books, key) == 2


def test_an_id_that_came_by_import_is_refused_and_uncounted(
    books: Context, key: CreatedKey
) -> None:
    gate = Gate(DatabaseCounters(books.database))
    ask(books, key, "r-1")
    capture_call(gate, books, "r-1", units=1)
    before = left(books, key)
    other = create_key(books, "acme", name="other")
    with pytest.raises(Conflict):
        ask(books, other, "r-1")
    assert left(books, key) == before


def test_a_captured_call_costs_what_it_returned_and_a_failed_one_nothing(
    books: Context, key: CreatedKey
) -> None:
    gate = Gate(DatabaseCounters(books.database))
    for name in ("good", "bad", "gone"):
        ask(books, key, name, 10)
    for _ in range(2):
        assert capture_call(gate, books, "good", units=4).credits == Credits.parse("4")
        assert capture_call(gate, books, "bad", status=500).credits == NO_CREDITS
        assert release(books, "gone").state == "released"
    balance = read_balance(books, "acme")
    assert (balance.available, balance.held) == (Credits.parse("96"), NO_CREDITS)


@pytest.mark.parametrize("part", ["key", "product"])
def test_a_key_or_product_beyond_a_budget_of_its_own_waits_for_the_window(
    books: Context, part: str
) -> None:
    an_organization(books, "acme", credits="500")
    key = create_key(books, "acme", name="web")
    other = create_key(books, "acme", name="other")
    limits = {"key": key.prefix} if part == "key" else {"product": "rows"}
    set_budget(books, "acme", Wanted(daily=Credits.parse("10"), **limits))
    use(books, "acme", 11, key=key.prefix)
    check_limits(books)
    refused = ask(books, key, "r-1").decision
    assert (refused.status, refused.reason.value) == (429, "part_budget")
    assert refused.detail == f"Exceeded the budget of 10 credits for this {part}."
    assert refused.resets_at == datetime(2026, 10, 12, tzinfo=UTC)
    assert refused.headers["Retry-After"] == str(12 * 3600)
    # What is not in the budget goes on.
    free = ask(books, other, "r-2") if part == "key" else ask(books, key, "r-2", None, "/news")
    assert free.decision.status == 200
    assert ask(at(books, "2026-10-12T00:00:00Z"), key, "r-3").decision.status == 200


def test_a_connection_holds_no_credits(books: Context, key: CreatedKey) -> None:
    gate = Gate(DatabaseCounters(books.database))
    request = GateRequest(secret=key.secret, channel=Channel.WEBSOCKET, lease="one")
    found = authorize_call(gate, books, request, "r-1")
    assert (found.decision.status, found.hold) == (200, None)


@pytest.mark.parametrize("channel", [Channel.REST, Channel.WEBSOCKET, Channel.STREAM])
def test_a_path_that_is_no_endpoint_is_refused_whatever_it_is_for(
    books: Context, key: CreatedKey, channel: Channel
) -> None:
    gate = Gate(DatabaseCounters(books.database))
    opened = GateRequest(secret=key.secret, channel=Channel.WEBSOCKET, lease="one")
    for number in range(3):
        authorize_call(gate, books, replace(opened, lease=f"open-{number}"), "connected")
    other = replace(opened, channel=channel, path="/nowhere", take_over=True)
    ask(books, key, "r-1")
    for name in ("r-1", "r-2"):
        found = authorize_call(gate, books, other, name)
        assert (found.decision.status, found.decision.reason) == (403, "endpoint_unknown")
    held = gate.counters.leases(key_id(books, key.prefix), books.now)
    assert [lease.name for lease in held] == ["open-0", "open-1", "open-2"]


def test_a_connection_that_cannot_be_paid_is_closed_again(books: Context) -> None:
    an_organization(books, "acme", credits="20")
    key = create_key(books, "acme", name="web", plan="small")

    class Taking(Racing):
        def open_connection(self, *facts: object, **more: object) -> object:
            found = DatabaseCounters.open_connection(self, *facts, **more)
            use(self.context, "acme", 15)
            return found

    counters = Taking(books, 0)
    request = GateRequest(
        secret=key.secret, channel=Channel.WEBSOCKET, lease="one", path="/rows", units=10
    )
    found = authorize_call(Gate(counters), books, request, "r-1")
    assert found.decision.status == 402
    assert counters.open_connections(key_id(books, key.prefix), books.now) == 0


def test_counters_that_fail_while_a_call_is_taken_back_do_not_hide_the_refusal(
    books: Context,
) -> None:
    an_organization(books, "acme", credits="20")
    key = create_key(books, "acme", name="web", plan="small")

    class Failing(Racing):
        def take_back(self, *_: object) -> None:
            raise CountersDown("gone")

    found = ask(books, key, "r-1", 10, gate=Gate(Failing(books, 15)))
    assert found.decision.status == 402


def test_transactions_that_calls_could_not_share_are_told(books: Context) -> None:
    an_organization(books, "acme", credits="5")
    key = create_key(books, "acme", name="web")
    gate = Gate(DatabaseCounters(books.database))
    assert gate_standing(gate, books).failed_groups == {}
    ask(books, key, "r-1", 1, gate=gate)
    gate._groups[books.database].failures["RuntimeError"] += 2
    assert gate_standing(gate, books).failed_groups == {"RuntimeError": 2}


def test_credits_that_come_meanwhile_let_the_next_call_in(books: Context) -> None:
    an_organization(books, "acme", credits="5")
    key = create_key(books, "acme", name="web")
    assert ask(books, key, "r-1", 6).decision.status == 402
    give(books, "acme", "1")
    assert ask(books, key, "r-1", 6).decision.status == 200
