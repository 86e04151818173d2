"""Steps of several threads in one transaction: they wait for one commit, not for each other's.

A step that comes while nobody is at work begins at once, and alone. Those that come meanwhile wait,
and then share the next transaction, each with a savepoint of its own: what one is refused takes
back nothing of another. One thread runs all of them, then hands over to the next.
"""

import logging
import os
import time
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock
from typing import Any, Generic, Protocol, TypeVar

from creditctl.errors import (
    Busy,
    CreditctlError,
    DatabaseMissing,
    DatabaseOutdated,
    DatabaseUnreadable,
    DiskFull,
)
from creditctl.services.outcomes import Outcome, outcome_of
from creditctl.store.engine import UnitOfWork, dialect_of, unit_of_work
from creditctl.store.queries.orgs import lock_organizations

_log = logging.getLogger("creditctl.gate")

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MOST_TOGETHER = 64
"""Steps of one transaction at most: nobody waits for more."""

GATHERING_SHARE = 0.25
"""For how much of the time that a group took the next one is open, unless as many come before."""

OF_THE_TRANSACTION = (Busy, DatabaseMissing, DatabaseOutdated, DatabaseUnreadable, DiskFull)
"""What is nobody's own refusal."""


class Step(Protocol[T_co]):
    """A change to one organization, which may share its transaction with others.

    It can be run again from the start when its transaction was taken back.
    """

    def owner(self, unit: UnitOfWork) -> int | None:
        """The internal id of the organization to be locked, if any; raises what refuses it."""

    def run(self, unit: UnitOfWork) -> T_co:
        """Make the change; the organization is locked."""


class Together(Protocol):
    """Makes many steps in a few statements.

    Those that it leaves out follow in the same transaction on SQLite; elsewhere each is run alone,
    by its own thread.
    """

    def takes(self, step: Any) -> bool:
        """Whether it may make the step; False costs nobody anything."""

    def owners(self, unit: UnitOfWork, steps: Any) -> dict[int, int]:
        """The organizations to be locked, by the steps' places."""

    def run(self, unit: UnitOfWork, steps: Any, owners: Mapping[int, int]) -> Mapping[int, Any]:
        """The answers of the steps that were made, by their places."""


def _closed() -> Any:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T]):
    step: Step[T]
    called: Any = field(default_factory=_closed)
    """A lock that opens once: an event is a lock, a condition and a list of further locks."""

    leads: bool = False
    answer: list[T] = field(default_factory=list)
    refusal: CreditctlError | None = None


def run_alone(database: str, step: Step[T]) -> T:
    """The step in a transaction of its own."""
    with unit_of_work(database) as unit:
        _lock(unit, [step.owner(unit)])
        return step.run(unit)


_groups: "weakref.WeakSet[GroupCommit]" = weakref.WeakSet()


class GroupCommit:
    """One for each process and database, shared by its threads."""

    def __init__(self, together: Together | None = None) -> None:
        """With `together`, PostgreSQL has groups of what that takes, and of nothing else."""
        self._together = together
        self.failures: Counter[str] = Counter()
        """Groups that were taken back as a whole, by what went wrong."""

        self.begin_anew()
        _groups.add(self)

    def begin_anew(self) -> None:
        """In a forked process, that has none of the threads which are at work or wait here."""
        self._lock = Lock()
        self._waiting: list[_Waiting[Any]] = []
        self._is_at_work = False
        self._are_there, self._expected, self._open_until = Event(), 1, 0.0

    def run(self, database: str, step: Step[T]) -> T:
        """What the step returns, once it is committed; raises what the step does, and Busy.

        Steps of a transaction that failed as a whole are run again, each alone.
        """
        together = self._together if dialect_of(database) == "postgresql" else None
        if together is not None and not together.takes(step):
            return run_alone(database, step)
        mine = _Waiting(step)
        with self._lock:
            mine.leads = not self._is_at_work
            self._is_at_work = True
            if not mine.leads:
                self._waiting.append(mine)
                if len(self._waiting) + 1 >= self._expected:
                    self._are_there.set()
        try:
            if not mine.leads:
                mine.called.acquire()
            if mine.leads:
                self._gather()
                self._lead(database, mine)
        except BaseException:
            self._leave(mine)
            raise
        return _answer(database, mine)

    def run_all(self, database: str, steps: Sequence[Step[T]]) -> list[Outcome[T]]:
        """What `run` does for each of them, in order, for a thread that has many at once.

        They are a group already: nobody is waited for but who is at work.
        """
        together = self._together if dialect_of(database) == "postgresql" else None
        if len(steps) == 1 or together is not None:
            return [outcome_of(partial(self.run, database, step)) for step in steps]
        mine = [_Waiting(step) for step in steps]
        with self._lock:
            mine[0].leads = not self._is_at_work
            self._is_at_work = True
            self._waiting.extend(mine[1:] if mine[0].leads else mine)
        try:
            return [outcome_of(partial(self._outcome, database, one)) for one in mine]
        except BaseException:
            for one in mine:
                self._leave(one)
            raise

    def _outcome(self, database: str, mine: _Waiting[T]) -> T:
        if not mine.leads:
            mine.called.wait()
        if mine.leads:
            self._lead(database, mine)
        return _answer(database, mine)

    def _gather(self) -> None:
        """Wait for those that were just answered together: they come again."""
        with self._lock:
            left = self._open_until - time.monotonic()
            if left <= 0 or len(self._waiting) + 1 >= self._expected:
                return
            self._are_there.clear()
        self._are_there.wait(left)

    def _lead(self, database: str, mine: _Waiting[T]) -> None:
        """Run what waits beside one's own step, then let the next one lead."""
        with self._lock:
            others = self._waiting[: MOST_TOGETHER - 1]
            del self._waiting[: len(others)]
        began = time.monotonic()
        try:
            if others:
                self._run_group(database, [mine, *others])
            else:
                mine.answer.append(run_alone(database, mine.step))
        finally:
            now, self._expected = time.monotonic(), len(others) + 1
            self._open_until = now + (now - began) * GATHERING_SHARE if others else now
            self._hand_over(mine)
            for one in others:
                one.called.release()

    def _leave(self, mine: _Waiting[Any]) -> None:
        """Nobody waits for a thread that was interrupted while it waited, or was to lead."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
        if mine.leads:
            self._hand_over(mine)

    def _hand_over(self, mine: _Waiting[Any]) -> None:
        with self._lock:
            mine.leads = False
            following = self._waiting.pop(0) if self._waiting else None
            self._is_at_work = following is not None
            if following is not None:
                following.leads = True
        if following is not None:
            following.called.release()

    def _run_group(self, database: str, group: Sequence[_Waiting[Any]]) -> None:
        """Answer or refuse the steps of the group; none if its transaction fails.

        On SQLite those that are not plain follow the others in the same transaction.
        """
        answers: dict[int, Any] = {}
        try:
            with unit_of_work(database) as unit:
                if self._together is not None:
                    answers = _at_once(unit, group, self._together)
                left = {place: one for place, one in enumerate(group) if place not in answers}
                if left and (self._together is None or unit.dialect == "sqlite"):
                    answers |= _in_turn(unit, left)
        except BaseException as problem:
            # Alone, each meets what is its own.
            for one in group:
                one.refusal = None
            if not isinstance(problem, Exception):
                raise
            self.failures[type(problem).__name__] += 1
            if not isinstance(problem, Busy):
                _log.warning(
                    "%d steps could not share a transaction, each is run alone",
                    len(group),
                    exc_info=problem,
                )
            return
        for place, answer in answers.items():
            group[place].answer.append(answer)


def _answer(database: str, mine: _Waiting[T]) -> T:
    if mine.refusal is not None:
        raise mine.refusal
    return mine.answer[0] if mine.answer else run_alone(database, mine.step)


def _lock(unit: UnitOfWork, owners: Iterable[int | None]) -> None:
    if found := [owner for owner in owners if owner is not None]:
        lock_organizations(unit, found)


def _in_turn(unit: UnitOfWork, group: Mapping[int, _Waiting[Any]]) -> dict[int, Any]:
    """Run every step of the group, each with a savepoint; the answers of those not refused."""
    answers: dict[int, Any] = {}
    owners = {place: _owner(unit, one) for place, one in group.items()}
    _lock(unit, owners.values())
    for place, one in group.items():
        if one.refusal is not None:
            continue
        try:
            with unit.savepoint():
                answers[place] = one.step.run(unit)
        except CreditctlError as problem:
            _refuse(one, problem)
    return answers


def _at_once(
    unit: UnitOfWork, group: Sequence[_Waiting[Any]], together: Together
) -> dict[int, Any]:
    """Answer what can be made in a few statements."""
    steps = [one.step for one in group]
    owners = together.owners(unit, steps)
    with unit.in_one_trip():
        lock_organizations(unit, owners.values())
        return dict(together.run(unit, steps, owners))


def _owner(unit: UnitOfWork, one: _Waiting[Any]) -> int | None:
    try:
        return one.step.owner(unit)
    except CreditctlError as problem:
        _refuse(one, problem)
        return None


def _refuse(one: _Waiting[Any], problem: CreditctlError) -> None:
    if isinstance(problem, OF_THE_TRANSACTION):
        raise problem
    one.refusal = problem


def _forked() -> None:
    for group in list(_groups):
        group.begin_anew()


if hasattr(os, "register_at_fork"):  # where there are forks
    os.register_at_fork(after_in_child=_forked)
