"""Steps that share a transaction: each gets what it would have got alone, and the books add up."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

from builders import an_organization, at, open_books
from calls import rows_of
from creditctl.context import Context
from creditctl.errors import Busy, Conflict, CreditctlError, NotFound
from creditctl.rules.units import Credits
from creditctl.services import group_commit
from creditctl.services.audit_chain import verify_audit_log
from creditctl.services.balances import read_balance
from creditctl.services.call_prices import current_prices
from creditctl.services.group_commit import GroupCommit
from creditctl.services.group_steps import Together
from creditctl.services.hold_answers import Hold, HoldRequest
from creditctl.services.hold_capture import Capture
from creditctl.services.hold_steps import Authorization, Release
from creditctl.services.price_book import these_prices
from creditctl.services.step_groups import PlainSteps
from creditctl.store.connections import IdleConnections
from creditctl.store.engine import UnitOfWork, dialect_of, reusing_connections, unit_of_work

THREADS = 8
OWNERS = ("acme", "globex", "initech")
AFFORDABLE = 10


class Books:
    """What threads do to the books, through one group."""

    def __init__(self, context: Context, together: Together | None = None) -> None:
        self.context, self.prices = context, current_prices(context)
        self.group, self.idle = GroupCommit(context.database, together), IdleConnections()

    def run(self, step: Any) -> Any:
        with reusing_connections(self.idle):
            return self.group.run(step)

    def authorize(self, name: str, owner: str, units: int = 1) -> Hold:
        request = HoldRequest(
            request_id=name, method="GET", path="/rows", organization=owner, units=units
        )
        found: Hold = self.run(Authorization(self.context, request, self.prices))
        return found

    def capture(self, name: str, units: int = 1) -> Hold:
        found: Hold = self.run(Capture(self.context, name, these_prices(self.prices), 200, units))
        return found

    def release(self, name: str) -> Hold:
        found: Hold = self.run(Release(self.context, name))
        return found


@pytest.fixture
def books(context: Context) -> Iterator[Books]:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    for owner in OWNERS:
        an_organization(early, owner, credits=str(AFFORDABLE))
    made = Books(context)
    yield made
    made.idle.close()


@contextmanager
def commit_under_way(books: Books) -> Iterator[None]:
    """Whoever comes in the block waits, and then shares one transaction with the others."""
    begun, go_on = Event(), Event()

    class Slow:
        def owner(self, unit: UnitOfWork) -> int:
            return int(unit.fetch_value("SELECT MIN(id) FROM organization"))

        def run(self, _: UnitOfWork) -> None:
            begun.set()
            assert go_on.wait(60)

    first = Thread(target=books.run, args=[Slow()])
    first.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        go_on.set()
        first.join()


def together(books: Books, *asked: tuple[Any, ...]) -> list[Any]:
    """The answers, or errors, to what is asked in one transaction."""

    def told(ask: tuple[Any, ...]) -> Any:
        try:
            return ask[0](*ask[1:])
        except CreditctlError as problem:
            return problem

    with ThreadPoolExecutor(len(asked)) as threads:
        with commit_under_way(books):
            some = []
            for place, ask in enumerate(asked):
                some.append(threads.submit(told, ask))
                # In the order given.
                while len(books.group._waiting) <= place:
                    pass
        return [one.result() for one in some]


@pytest.mark.parametrize("plain", [None, PlainSteps()])
def test_those_that_wait_share_one_transaction_and_each_has_its_own_answer(
    books: Books, transactions: list[str], plain: Together | None
) -> None:
    if plain is not None and dialect_of(books.context.database) != "sqlite":
        pytest.skip("on PostgreSQL what is not plain is run by its own thread")
    books.group = GroupCommit(books.context.database, plain)
    for name in ("served", "ended"):
        books.authorize(name, "globex")
    transactions.clear()
    found = together(
        books,
        (books.authorize, "a-1", "acme", 6),
        (books.authorize, "a-2", "acme", 6),
        (books.authorize, "a-1", "acme", 6),
        (books.authorize, "a-1", "globex", 6),
        (books.authorize, "g-1", "globex", 8),
        (books.authorize, "n-1", "nobody"),
        (books.capture, "served", 1),
        (books.release, "ended"),
        (books.capture, "unknown"),
        (books.capture, "served", 1),
        (books.capture, "ended", 1),
    )
    # The first, which the others waited for, and one for all of them.
    assert len(transactions) == 2
    held, refused, again, other, paid, nobody, captured, released, unknown, twice, late = found
    assert (held.is_new, again.is_new, again.id) == (True, False, held.id)
    assert str(refused) == "Required: 6 credits, Available: 4 credits"
    assert isinstance(other, Conflict)
    assert paid.held == Credits.parse("8")
    assert "nobody" in str(nobody)
    assert captured.credits == Credits.parse("1")
    assert released.state == "released"
    assert isinstance(unknown, NotFound)
    assert twice == captured
    assert isinstance(late, Conflict)
    assert read_balance(books.context, "acme").held == Credits.parse("6")
    assert read_balance(books.context, "globex").available == Credits.parse("1")


def test_names_that_no_database_takes_trouble_nobody_else(books: Books) -> None:
    books.authorize("a-0", "acme")
    names = ["acme", "ac\0me", "ac\ud800me", "globex"]
    steps: list[Any] = [
        Authorization(
            books.context,
            HoldRequest(request_id=f"n-{n}", method="GET", path="/rows", organization=name),
            books.prices,
        )
        for n, name in enumerate(names)
    ]
    steps += [
        Capture(books.context, one, these_prices(books.prices), 200, 1)
        for one in ("half \ud800", "a-0")
    ]
    with unit_of_work(books.context.database) as unit:
        assert sorted(PlainSteps().owners(unit, steps)) == [0, 3, 5]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("together", [None, PlainSteps()])
def test_exactly_the_affordable_number_of_calls_is_served(
    books: Books, together: Together | None, seed: int
) -> None:
    books.group = GroupCommit(books.context.database, together)
    chance = random.Random(seed)
    asked = [(f"{owner}-{number}", owner) for owner in OWNERS for number in range(AFFORDABLE + 5)]
    asked += [chance.choice(asked) for _ in range(15)]
    chance.shuffle(asked)

    def serve(call: tuple[str, str]) -> tuple[str, str] | None:
        name, owner = call
        try:
            hold = books.authorize(name, owner)
        except CreditctlError:
            return None
        ended = books.capture(name)
        assert (ended.id, ended.credits) == (hold.id, Credits.parse("1"))
        return call

    with ThreadPoolExecutor(THREADS) as threads:
        served = {call for call in threads.map(serve, asked) if call}
    assert Counter(owner for _, owner in served) == dict.fromkeys(OWNERS, AFFORDABLE)
    for owner in OWNERS:
        balance = read_balance(books.context, owner)
        assert balance.available == balance.held == balance.open_overage == Credits(0)
    events = "SELECT COUNT(*), SUM(credits_micro) FROM usage_event"
    assert rows_of(books.context, events) == [(30, 30_000_000)]
    for table in ("usage_hour", "usage_endpoint_hour", "usage_day", "usage_status_day"):
        assert rows_of(books.context, f"SELECT SUM(requests) FROM {table}") == [(30,)]
    assert verify_audit_log(books.context).verified


def test_two_groups_do_not_wait_for_each_other_in_a_circle(books: Books) -> None:
    """Two gates of one database, whose calls come in opposite orders."""
    books.group = GroupCommit(books.context.database, PlainSteps())
    others = Books(books.context, PlainSteps())

    def charge(call: tuple[Books, str, str]) -> None:
        gate, name, owner = call
        gate.authorize(name, owner)
        gate.capture(name)

    calls = [(books, f"b-{owner}-{n}", owner) for n in range(4) for owner in OWNERS]
    calls += [(others, f"o-{owner}-{n}", owner) for n in range(4) for owner in reversed(OWNERS)]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(charge, calls))
    others.idle.close()
    assert rows_of(books.context, "SELECT COUNT(*) FROM usage_event") == [(24,)]
    # A deadlock would have been answered by running each alone.
    assert books.group.failures == others.group.failures == Counter()


@pytest.mark.parametrize("problem", [Busy("no"), RuntimeError("a bug")])
def test_steps_of_a_transaction_that_failed_are_run_alone(
    books: Books,
    transactions: list[str],
    problem: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing:
        times = 0

        def owner(self, unit: UnitOfWork) -> int:
            return int(unit.fetch_value("SELECT MIN(id) FROM organization"))

        def run(self, _: UnitOfWork) -> str:
            self.times += 1
            if self.times == 1:
                raise problem
            return "second"

    found = together(
        books,
        (books.authorize, "a-1", "acme", 6),
        (books.authorize, "a-2", "acme", 6),
        (books.run, Failing()),
    )
    assert len(transactions) == 2 + 3
    assert [found[0].state if isinstance(found[0], Hold) else found[1].state] == ["open"]
    assert found[2] == "second"
    assert books.group.failures == {type(problem).__name__: 1}
    # To wait for another gate in vain is no news, everything else is.
    assert bool(caplog.records) == (not isinstance(problem, Busy))
    assert read_balance(books.context, "acme").held == Credits.parse("6")


def test_nobody_is_refused_because_of_what_was_taken_back(
    books: Books, transactions: list[str]
) -> None:
    """Ctrl-C in the thread that runs the group: its own call has not taken any credits."""

    class Interrupted:
        times = 0

        def owner(self, unit: UnitOfWork) -> int:
            return int(unit.fetch_value("SELECT MIN(id) FROM organization"))

        def run(self, _: UnitOfWork) -> str:
            self.times += 1
            if self.times == 1:
                raise KeyboardInterrupt
            return "second"

    def interrupted() -> Any:
        try:
            return books.authorize("a-1", "acme", 6)
        except KeyboardInterrupt:
            return "interrupted"

    found = together(
        books, (interrupted,), (books.authorize, "a-2", "acme", 6), (books.run, Interrupted())
    )
    assert len(transactions) == 2 + 2
    assert (found[0], found[1].state, found[2]) == ("interrupted", "open", "second")
    assert read_balance(books.context, "acme").held == Credits.parse("6")


class Interruptible:
    """The lock of a call that waits, with something to do before it does."""

    def __init__(self, first: Callable[[], None]) -> None:
        self._first, self._opened = first, Event()
        self.release = self._opened.set

    def acquire(self) -> None:
        self._first()
        self._opened.wait()


@pytest.mark.parametrize("step", ["wait", "gather"])
def test_nobody_waits_for_a_thread_that_was_interrupted(
    books: Books, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Ctrl-C in a thread that waits for its turn, or that has just got it."""
    interrupts = [KeyboardInterrupt()]

    def interrupt() -> None:
        if interrupts:
            raise interrupts.pop()

    waiting = group_commit.Waiting
    monkeypatch.setattr(
        group_commit,
        "Waiting",
        lambda made: waiting(
            made, called=Interruptible(interrupt if step == "wait" else lambda: None)
        ),
    )

    def interrupted() -> Any:
        with pytest.raises(KeyboardInterrupt):
            books.authorize("a-1", "acme")

    with ThreadPoolExecutor(3) as threads:
        with commit_under_way(books):
            if step == "gather":
                monkeypatch.setattr(books.group, "_gather", interrupt)
            first = threads.submit(interrupted)
            if step == "wait":
                first.result(60)
            else:
                while not books.group._waiting:
                    pass
            second = threads.submit(books.authorize, "a-2", "acme")
            while len(books.group._waiting) < (1 if step == "wait" else 2):
                pass
        first.result(60)
        assert second.result(60).state == "open"
        assert threads.submit(books.authorize, "a-3", "acme").result(60).state == "open"
    assert read_balance(books.context, "acme").held == Credits.parse("2")


def test_a_process_that_was_forked_while_another_thread_was_at_work_waits_for_nobody(
    books: Books,
) -> None:
    with commit_under_way(books):
        if (child := os.fork()) == 0:
            os._exit(books.group._is_at_work or books.group._lock.locked())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert books.group._is_at_work


def test_who_comes_alone_waits_for_nobody(books: Books, transactions: list[str]) -> None:
    for number in range(3):
        books.authorize(f"a-{number}", "acme")
    assert len(transactions) == 3


def test_what_a_step_wrote_later_goes_with_it(books: Books) -> None:
    written: list[int] = []

    def write(_: UnitOfWork, rows: list[int]) -> None:
        written.extend(rows)

    def refused(unit: UnitOfWork) -> None:
        with unit.savepoint():
            unit.later(write, 2)
            raise Conflict("no")

    with unit_of_work(books.context.database) as unit:
        unit.later(write, 1)
        with pytest.raises(Conflict):
            refused(unit)
        with unit.savepoint():
            unit.later(write, 3)
        assert written == []
    assert written == [1, 3]
