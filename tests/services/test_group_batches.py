"""Steps that one thread has: together where they can be, beside each other where they cannot."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.errors import Busy, NotFound
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.call_prices import current_prices
from creditctl.services.group_commit import GroupCommit
from creditctl.services.hold_answers import Hold, HoldRequest, InsufficientCredits
from creditctl.services.hold_steps import Authorization, Release
from creditctl.services.outcomes import Outcome
from creditctl.services.step_groups import PlainSteps
from creditctl.store.engine import UnitOfWork, dialect_of, reusing_connections

PATIENCE = 60


class Other:
    """A step that no group makes at once."""

    def owner(self, _: UnitOfWork) -> None:
        """It locks nobody."""

    def run(self, _: UnitOfWork) -> Any:
        """What it does is its own."""
        return "done"


class Meeting(Other):
    """Ends once the other one has begun."""

    def __init__(self, mine: Event, others: Event) -> None:
        self._mine, self._others = mine, others

    def run(self, _: UnitOfWork) -> bool:
        self._mine.set()
        return self._others.wait(PATIENCE)


class Locked(Other):
    """Waits in vain, each time."""

    times = 0

    def run(self, _: UnitOfWork) -> Any:
        type(self).times += 1
        raise Busy("locked")


@pytest.fixture
def books(context: Context) -> Iterator[Context]:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    for owner in ("acme", "globex"):
        an_organization(early, owner, credits="10")
    with reusing_connections():
        yield context


def authorization(context: Context, name: str, owner: str, units: int = 1) -> Authorization:
    request = HoldRequest(
        request_id=name, method="GET", path="/rows", organization=owner, units=units
    )
    return Authorization(context, request, current_prices(context))


def run_all(context: Context, *steps: Any) -> list[Outcome[Any]]:
    return GroupCommit(context.database, PlainSteps()).run_all(steps)


def test_what_is_plain_shares_one_transaction(books: Context, transactions: list[str]) -> None:
    names = [("a-1", "acme"), ("g-1", "globex"), ("a-2", "acme")]
    found = run_all(books, *(authorization(books, *one) for one in names))
    assert [one.answer().organization for one in found] == ["acme", "globex", "acme"]
    assert len(transactions) == 1


def test_each_has_its_own_outcome_whether_it_can_share_or_not(
    books: Context, transactions: list[str]
) -> None:
    found = run_all(
        books,
        authorization(books, "a-1", "acme", 6),
        Other(),
        authorization(books, "a-2", "acme", 6),
        Release(books, "no-such-hold"),
        authorization(books, "g-1", "globex", 6),
    )
    kinds = [type(one.problem or one.value) for one in found]
    assert kinds == [Hold, str, InsufficientCredits, NotFound, Hold]
    # On a server whatever is not plain has a transaction of its own.
    assert len(transactions) == (1 if dialect_of(books.database) == "sqlite" else 4)
    assert read_balance(books, "acme").held == Credits.parse("6")


def test_on_a_server_none_waits_for_what_holds_up_another(books: Context) -> None:
    if dialect_of(books.database) == "sqlite":
        pytest.skip("a file has one writer")
    first, second = Event(), Event()
    found = run_all(books, Meeting(first, second), Meeting(second, first))
    assert [one.answer() for one in found] == [True, True]


def test_one_lock_is_waited_for_once(books: Context) -> None:
    Locked.times = 0
    found = run_all(books, *(Locked() for _ in range(4)))
    assert [type(one.problem) for one in found] == [Busy] * 4
    # The group and then one alone; a server's locks are each somebody's.
    assert Locked.times == (2 if dialect_of(books.database) == "sqlite" else 4)
