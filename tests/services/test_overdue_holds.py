"""Where nobody captures calls nor checks limits, a gate frees what they hold past their time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import an_organization, at, open_books
from calls import ROWS, rows_of
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services import gate_calls
from creditctl.services.checks import run_checks
from creditctl.services.gate import Gate
from creditctl.services.gate_calls import GateCall, WantedCall, answer_calls, authorize_call
from creditctl.services.gate_counters import open_counters
from creditctl.services.gate_keys import GateRequest
from creditctl.services.keys import create_key
from waiting import in_time

STATES = "SELECT state, COUNT(*) FROM hold GROUP BY state ORDER BY state"


@pytest.fixture
def secret(context: Context, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(gate_calls, "MANY", 3)
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early, ROWS)
    an_organization(early, "acme", credits="100")
    return create_key(early, "acme", name="web").secret


def call(gate: Gate, context: Context, secret: str, name: str, units: int = 10) -> GateCall:
    request = GateRequest(secret=secret, method="GET", path="/rows", units=units)
    return authorize_call(gate, context, request, name)


def states(context: Context, *wanted: tuple[str, int]) -> bool:
    """Whether it comes to that: on PostgreSQL a thread of its own frees them."""
    return in_time(lambda: rows_of(context, STATES) == list(wanted))


def test_many_of_them_are_freed_with_the_next_call(context: Context, secret: str) -> None:
    gate = Gate(open_counters(context))
    late = replace(context, now=context.now + timedelta(hours=1))
    for number in range(3):
        assert call(gate, context, secret, f"r-{number}").decision.status == 200
    found = call(gate, late, secret, "late")
    assert (found.decision.status, found.decision.available) == (200, Credits.parse("100"))
    assert states(context, ("expired", 3), ("open", 1))
    held = "SELECT SUM(held_micro) FROM credit_grant"
    assert rows_of(context, held) == [(Credits.parse("10").micro,)]
    assert run_checks(late) == []


def test_a_few_wait_for_the_check(context: Context, secret: str) -> None:
    gate = Gate(open_counters(context))
    late = replace(context, now=context.now + timedelta(hours=1))
    for number in range(2):
        call(gate, context, secret, f"r-{number}")
    assert call(gate, late, secret, "late").decision.available == Credits.parse("100")
    assert rows_of(context, STATES) == [("open", 3)]


def test_each_of_many_calls_is_answered_beside(context: Context, secret: str) -> None:
    gate = Gate(open_counters(context))
    late = replace(context, now=context.now + timedelta(hours=1))
    for number in range(4):
        call(gate, context, secret, f"r-{number}", units=25)
    requests = [
        GateRequest(secret=secret, method="GET", path="/rows", units=units)
        for units in (10, 40, 30, 20)
    ]
    wanted = [WantedCall(request, f"l-{place}") for place, request in enumerate(requests)]
    answers = [one.answer() for one in answer_calls(gate, late, wanted)]
    assert all(isinstance(one, GateCall) and one.decision.status == 200 for one in answers)
    assert states(context, ("expired", 4), ("open", 4))
    assert run_checks(late) == []
