"""Processes charge one organization: exactly what it can afford is served, and no hold stays."""

import json
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import an_organization, at, open_books
from calls import call, rows_of
from conftest import NOW
from creditctl.context import Context
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.limits_check import check_limits
from forked import Forked

PROCESSES = 4
PRICE = 5
WORKER = """
import json, sys
from datetime import datetime
from creditctl.context import Context
from creditctl.services.call_prices import current_prices
from creditctl.services.hold_capture import capture
from creditctl.services.holds import HoldRequest, InsufficientCredits, authorize, release

database, now, number, calls, price = sys.argv[1:]
context = Context(database, datetime.fromisoformat(now), f"gate-{number}")
prices = current_prices(context)
served = refused = 0
for each in range(int(calls)):
    name = f"{number}-{each}"
    request = HoldRequest(
        request_id=name, method="GET", path="/rows", organization="acme", units=int(price)
    )
    try:
        authorize(context, request, prices)
    except InsufficientCredits:
        refused += 1
        continue
    capture(context, name, units=int(price), prices=prices)
    capture(context, name, units=int(price), prices=prices)
    served += 1
print(json.dumps([served, refused]))
"""
HOLDER = """
import sys
from datetime import datetime
from creditctl.context import Context
from creditctl.services.holds import HoldRequest, authorize

database, now = sys.argv[1:]
context = Context(database, datetime.fromisoformat(now), "gate")
for each in range(1000):
    authorize(context, HoldRequest(
        request_id=f"held-{each}", method="GET", path="/rows", organization="acme", units=1
    ))
    print(each, flush=True)
"""


@pytest.mark.parametrize("calls", [25, pytest.param(500, marks=pytest.mark.slow)])
def test_exactly_the_affordable_number_of_calls_is_served(context: Context, calls: int) -> None:
    affordable = PROCESSES * calls * 3 // 5
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    an_organization(early, "acme", credits=str(affordable * PRICE + PRICE - 1))

    workers = [
        Forked(WORKER, context.database, NOW.isoformat(), *facts)
        for facts in ((number, calls, PRICE) for number in range(PROCESSES))
    ]
    served = refused = 0
    for worker in workers:
        told, problem = worker.communicate(timeout=600)
        assert worker.returncode == 0, problem
        some, others = json.loads(told)
        served, refused = served + some, refused + others

    assert (served, refused) == (affordable, PROCESSES * calls - affordable)
    balance = read_balance(context, "acme")
    assert balance.available == Credits.parse(str(PRICE - 1))
    assert (balance.held, balance.open_overage) == (NO_CREDITS, NO_CREDITS)
    assert rows_of(context, "SELECT COUNT(*) FROM usage_event") == [(affordable,)]
    assert run_checks(context) == []


def test_what_a_killed_gate_held_is_free_after_the_timeout(context: Context) -> None:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    an_organization(early, "acme", credits="1000")
    gate = Forked(HOLDER, context.database, NOW.isoformat())
    told = [gate.stdout.readline() for _ in range(10)]
    gate.send_signal(signal.SIGKILL)
    gate.communicate(timeout=60)

    balance = read_balance(context, "acme")
    assert len(told) == 10
    assert balance.held >= Credits.parse("10")
    assert balance.available + balance.held == Credits.parse("1000")
    assert run_checks(context) == []

    over = replace(context, now=NOW + timedelta(minutes=5))
    freed = check_limits(over).holds_expired
    assert Credits.parse(str(freed)) == balance.held
    assert read_balance(over, "acme").available == Credits.parse("1000")
    assert call(over, "r-1", 1000).held == Credits.parse("1000")
