"""One purchase for each crossing, whatever happens at once: four runs, a lost answer, a kill."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import sleep

import pytest

from adapters.payments.fault_proxy import Fault
from adapters.payments.local_stripe import API_KEY, INTENTS, LocalStripe, local_stripe
from creditctl.context import Context
from creditctl.services.limits_check import check_limits
from forked import Forked
from recharge_shop import Shop, opened_shop

RUN = """
import json, sys
from creditctl.context import Context, Settings
from creditctl.errors import Busy
from creditctl.rules.instants import parse_instant
from creditctl.services.limits_check import check_limits
from creditctl.services.recharging import run_recharges
import stripe
database, now, settings, verb = sys.argv[1:]
context = Context(database, parse_instant(now), "cron", Settings(payments=json.loads(settings)))
print("ready", flush=True)
sys.stdin.readline()
try:
    print(check_limits(context).recharged if verb == "check" else run_recharges(context)[0].outcome)
except Busy:
    print("busy")
"""
PATIENCE = 60


@pytest.fixture(scope="module")
def peer() -> Iterator[LocalStripe]:
    with local_stripe() as running:
        yield running


@pytest.fixture
def shop(context: Context, peer: LocalStripe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """acme has 50 credits, a card, and an auto-recharge below 100 without a cool-down."""
    monkeypatch.setenv("STRIPE_KEY", API_KEY)
    with opened_shop(context, peer) as opened:
        opened.organization()
        opened.recharge(cool_down=timedelta(0))
        yield opened


@contextmanager
def waiting(shop: Shop, count: int, verb: str) -> Iterator[list[Forked]]:
    """So many processes with everything loaded, each before its run."""
    context = shop.context
    settings = json.dumps({name: dict(one) for name, one in context.settings.payments.items()})
    now = context.now.isoformat()
    processes = [Forked(RUN, context.database, now, settings, verb) for _ in range(count)]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def go(process: Forked) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def said(process: Forked) -> str:
    stdout, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return stdout.strip()


def wait_for_charge(shop: Shop) -> None:
    """Until Stripe has charged, whose answer is held."""
    for _ in range(PATIENCE * 20):
        if shop.charged():
            return
        sleep(0.05)
    raise AssertionError("nothing was charged")


def is_bought_once(shop: Shop) -> bool:
    orders = [(order.status, str(order.credits)) for order in shop.bought()]
    return (orders, shop.charged(), shop.available()) == ([("paid", "950")], [950], "1000")


@pytest.mark.parametrize("verb", ["check", "run"])
def test_four_at_once_buy_once(shop: Shop, verb: str) -> None:
    with waiting(shop, 4, verb) as processes:
        for process in processes:
            go(process)
        outcomes = [said(process) for process in processes]
    assert len(shop.bought()) == 1
    assert outcomes.count("1" if verb == "check" else "recharged") <= 1
    shop.outcome()  # the one that saw the charge may have been told it is still under way
    assert is_bought_once(shop)


@pytest.mark.parametrize("fault", [Fault.HOLD_ANSWER, Fault.HOLD_REQUEST])
def test_three_come_while_the_charge_of_the_first_is_on_its_way(shop: Shop, fault: Fault) -> None:
    shop.proxy.next(fault)
    posts = len(shop.proxy.forwarded)
    with waiting(shop, 4, "run") as processes:
        first, *others = processes
        go(first)
        while len(shop.proxy.forwarded) == posts and not shop.bought():
            sleep(0.05)
        for process in others:
            go(process)
        outcomes = [said(process) for process in others]
        shop.proxy.release()
        said(first)
    assert set(outcomes) <= {"open", "recharged", "enough"}
    shop.outcome()
    assert is_bought_once(shop)


def test_killed_between_the_charge_and_its_record_the_next_run_finds_it(shop: Shop) -> None:
    shop.proxy.next(Fault.HOLD_ANSWER)
    with waiting(shop, 1, "check") as (process,):
        go(process)
        wait_for_charge(shop)
        process.send_signal(signal.SIGKILL)
        process.wait()
    shop.proxy.release()
    (order,) = shop.bought()
    assert (order.status, order.payments[0].status, shop.available()) == (
        "pending",
        "created",
        "50",
    )
    assert check_limits(shop.context).recharged == 1
    assert is_bought_once(shop)


def test_an_unknown_outcome_that_four_runs_find_is_one_charge(shop: Shop) -> None:
    shop.proxy.next(Fault.LOSE_ANSWER)
    assert shop.outcome() == "open"
    with waiting(shop, 4, "run") as processes:
        for process in processes:
            go(process)
        outcomes = [said(process) for process in processes]
    assert outcomes.count("recharged") == 1
    assert is_bought_once(shop)
    assert shop.proxy.forwarded.count(("POST", INTENTS)) == 1
