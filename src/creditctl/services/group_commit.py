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
from collections.abc import Sequence
from functools import partial
from threading import Event, Lock
from typing import Any, TypeVar

from creditctl.errors import Busy, CreditctlError
from creditctl.services.group_steps import (
    Step,
    Together,
    Waiting,
    at_once,
    in_turn,
    run_alone,
    run_in,
)
from creditctl.services.lone_steps import LoneSteps
from creditctl.services.outcomes import Outcome, Tell, all_of, outcome_of
from creditctl.store.engine import dialect_of, unit_of_work

_log = logging.getLogger("creditctl.gate")

T = TypeVar("T")

MOST_TOGETHER = 256
"""Steps of one transaction at most: nobody waits for more. Of more each costs less."""

GATHERING_SHARE = 0.25
"""For how much of the time that a group took the next one is open, unless as many come before."""

_groups: "weakref.WeakSet[GroupCommit]" = weakref.WeakSet()


class GroupCommit:
    """One for each process and database, shared by its threads."""

    def __init__(self, database: str, together: Together | None = None) -> None:
        """With `together`, PostgreSQL has groups of what that takes, and of nothing else."""
        self._database = database
        self._together = together
        self._is_choosy = together is not None and dialect_of(database) == "postgresql"
        self.failures: Counter[str] = Counter()
        """Groups that were taken back as a whole, by what went wrong."""

        self.begin_anew()
        _groups.add(self)

    def begin_anew(self) -> None:
        """In a forked process, that has none of the threads which are at work or wait here."""
        self._lock = Lock()
        self._waiting: list[Waiting[Any]] = []
        self._is_at_work = False
        self._are_there, self._expected, self._open_until = Event(), 1, 0.0
        self._lone = LoneSteps(self._database)

    def run(self, step: Step[T]) -> T:
        """What the step returns, once it is committed; raises what the step does, and Busy.

        Steps of a transaction that failed as a whole are run again, each alone.
        """
        if not self._may_share(step):
            return run_alone(self._database, step)
        mine = Waiting(step)
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
                self._lead(mine)
        except BaseException:
            self._leave(mine)
            raise
        return (mine.outcome or self._outcome(step)).answer()

    def run_all(self, steps: Sequence[Step[T]]) -> list[Outcome[T]]:
        """What `run` does, for a thread that has many: a group already, they wait for no more."""
        if self._is_choosy:
            return all_of(partial(self.begin_all, steps), len(steps))
        if len(steps) <= 1:
            return [outcome_of(partial(self.run, step)) for step in steps]
        mine = [Waiting(step) for step in steps]
        self._share(mine)
        alone = iter(self._alone([one.step for one in mine if one.outcome is None]))
        return [one.outcome or next(alone) for one in mine]

    def begin_all(self, steps: Sequence[Step[T]], tell: Tell[Outcome[T]]) -> dict[int, Outcome[T]]:
        """The same by place, but only of what waits for nobody; the others are told later."""
        if not self._is_choosy:
            return dict(enumerate(self.run_all(steps)))
        mine = [Waiting(step) for step in steps]
        self._run_at_once([one for one in mine if self._may_share(one.step)])
        found: dict[int, Outcome[T]] = {}
        for place, one in enumerate(mine):
            if one.outcome is not None:
                found[place] = one.outcome
            else:
                # Not in this thread: others wait for what it has answered already.
                self._lone.add(one.step, one.owner, partial(tell, place))
        return found

    def _may_share(self, step: Step[Any]) -> bool:
        return not self._is_choosy or self._together is None or self._together.takes(step)

    def _run_at_once(self, mine: Sequence[Waiting[Any]]) -> None:
        """A server has many writers: a group that is held up holds up no other one."""
        for first in range(0, len(mine), MOST_TOGETHER):
            self._run_group(mine[first : first + MOST_TOGETHER])

    def _share(self, mine: Sequence[Waiting[Any]]) -> None:
        """Have the steps run in groups, with those that wait already; some may be left."""
        with self._lock:
            mine[0].leads = not self._is_at_work
            self._is_at_work = True
            self._waiting.extend(mine[1:] if mine[0].leads else mine)
        try:
            for one in mine:
                if not one.leads:
                    one.called.acquire()
                if one.leads:
                    self._lead(one)
        except BaseException:
            for one in mine:
                self._leave(one)
            raise

    def _alone(self, steps: Sequence[Step[T]]) -> list[Outcome[T]]:
        """Each in a transaction of its own."""
        outcomes: list[Outcome[T]] = []
        for step in steps:
            is_locked = bool(outcomes) and isinstance(outcomes[-1].problem, Busy)
            # One lock is everybody's: whoever waited for it in vain did so for all.
            outcomes.append(outcomes[-1] if is_locked else self._outcome(step))
        return outcomes

    def _outcome(self, step: Step[T]) -> Outcome[T]:
        return outcome_of(partial(run_alone, self._database, step))

    def _gather(self) -> None:
        """Wait for those that were just answered together: they come again."""
        with self._lock:
            left = self._open_until - time.monotonic()
            if left <= 0 or len(self._waiting) + 1 >= self._expected:
                return
            self._are_there.clear()
        self._are_there.wait(left)

    def _lead(self, mine: Waiting[T]) -> None:
        """Run what waits beside one's own step, then let the next one lead."""
        with self._lock:
            others = self._waiting[: MOST_TOGETHER - 1]
            del self._waiting[: len(others)]
        began = time.monotonic()
        try:
            # What can be made at once takes fewer statements even where it is the only one.
            if others or (self._together is not None and self._together.takes(mine.step)):
                self._run_group([mine, *others])
            else:
                mine.outcome = self._outcome(mine.step)
        finally:
            now, self._expected = time.monotonic(), len(others) + 1
            self._open_until = now + (now - began) * GATHERING_SHARE if others else now
            self._hand_over(mine)
            for one in others:
                one.called.release()

    def _leave(self, mine: Waiting[Any]) -> None:
        """Nobody waits for a thread that was interrupted while it waited, or was to lead."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
        if mine.leads:
            self._hand_over(mine)

    def _hand_over(self, mine: Waiting[Any]) -> None:
        with self._lock:
            mine.leads = False
            following = self._waiting.pop(0) if self._waiting else None
            self._is_at_work = following is not None
            if following is not None:
                following.leads = True
        if following is not None:
            following.called.release()

    def _run_group(self, group: Sequence[Waiting[Any]], *, waits: bool = True) -> None:
        """Answer or refuse the steps of the group; none if its transaction fails.

        On SQLite those that are not plain follow the others in the same transaction. On a server
        nobody waits for an organization that somebody else has.
        """
        try:
            answers = self._answers_of(group, waits=waits)
        except BaseException as problem:
            # Alone, each meets what is its own.
            for one in group:
                # The locks that it had, or asked for, went with the transaction.
                one.outcome, one.is_locked = None, False
            if not isinstance(problem, Exception):
                raise
            retries = waits and self._is_choosy and isinstance(problem, Busy)
            if len(group) == 1 and isinstance(problem, CreditctlError) and not retries:
                group[0].outcome = Outcome(problem=problem)
                return
            self.failures[type(problem).__name__] += 1
            if not isinstance(problem, Busy):
                _log.warning(
                    "%d steps could not share a transaction, each is run alone",
                    len(group),
                    exc_info=problem,
                )
            elif retries:
                self._run_group(group, waits=False)
            return
        for place, answer in answers.items():
            group[place].outcome = Outcome(answer)

    def _answers_of(self, group: Sequence[Waiting[Any]], *, waits: bool) -> dict[int, Any]:
        answers: dict[int, Any] = {}
        with unit_of_work(self._database) as unit:
            if self._together is not None:
                held = self._lone.held()
                answers = at_once(unit, group, self._together, but=held, waits=waits)
            left = {place: one for place, one in enumerate(group) if place not in answers}
            if left and (self._together is None or unit.dialect == "sqlite"):
                answers |= in_turn(unit, left)
            elif left and len(group) == 1 and group[0].is_locked:
                answers[0] = run_in(unit, group[0].step)
        return answers


def _forked() -> None:
    for group in list(_groups):
        group.begin_anew()


if hasattr(os, "register_at_fork"):  # where there are forks
    os.register_at_fork(after_in_child=_forked)
