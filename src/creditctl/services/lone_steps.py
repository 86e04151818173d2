"""Steps that share no transaction: beside each other, but few of one organization.

They would wait for its lock anyway. Where somebody has it for long, not all threads do.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context as Variables
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from creditctl.errors import Busy
from creditctl.services.group_steps import Step, run_alone
from creditctl.services.outcomes import Outcome

T = TypeVar("T")
_log = logging.getLogger("creditctl.gate")

ALONE_AT_ONCE = 8
"""Steps that are run beside each other."""

OF_ONE_AT_ONCE = 2
"""Steps of one organization: what the second has to do before it locks is done beside the first."""

LONG_SECONDS = 0.1
"""Where none of an organization's ends for so long, somebody seems to have it."""


class _Queued(Exception):
    """A step waits behind another one of its organization."""


@dataclass(slots=True, eq=False)
class _Lone:
    step: Step[Any]
    tell: Callable[[Outcome[Any]], None]
    owner: int | None = None
    """The organization, once the step is one of those of it that are run."""

    variables: Variables = field(default_factory=copy_context)
    """Of the thread that wants it: which connections it uses."""


@dataclass(slots=True, eq=False)
class _Line:
    """An organization of which steps are run, and those that come after them."""

    running: int = 0
    since: float = field(default_factory=time.monotonic)
    """When the first began, or the last one ended."""

    waiting: deque[_Lone] = field(default_factory=deque)


class LoneSteps:
    """One for each process and database, shared by its threads."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._lock = Lock()
        self._lines: dict[int, _Line] = {}
        self._threads = ThreadPoolExecutor(ALONE_AT_ONCE, thread_name_prefix="alone")

    def held(self) -> set[int]:
        """Organizations that somebody seems to have: a step waits for them."""
        if not self._lines:
            return set()
        before = time.monotonic() - LONG_SECONDS
        with self._lock:
            return {owner for owner, line in self._lines.items() if line.since <= before}

    def add(self, step: Step[T], owner: int | None, tell: Callable[[Outcome[T]], None]) -> None:
        """Run the step in another thread; None: nobody knows whose it is."""
        one = _Lone(step, tell)
        if owner is None or self._begins(one, owner):
            self._threads.submit(self._work, one)

    def _work(self, begun: _Lone) -> None:
        """Run a step, and those of its organization that came meanwhile."""
        one: _Lone | None = begun
        while one is not None:
            outcome = one.variables.run(self._outcome, one)
            if outcome is None:
                return
            following = self._following(one, outcome)
            _told(one, outcome)
            one = following

    def _outcome(self, one: _Lone) -> Outcome[Any] | None:
        try:
            about_to_lock = partial(self._enter, one)
            return Outcome(run_alone(self._database, one.step, about_to_lock=about_to_lock))
        except _Queued:
            return None
        except Exception as problem:
            return Outcome(problem=problem)

    def _enter(self, one: _Lone, owner: int | None) -> None:
        if owner is not None and one.owner is None and not self._begins(one, owner):
            raise _Queued

    def _begins(self, one: _Lone, owner: int) -> bool:
        """Whether few enough of the organization are being run; else this one waits for them."""
        with self._lock:
            line = self._lines.setdefault(owner, _Line())
            if line.running >= OF_ONE_AT_ONCE:
                line.waiting.append(one)
                return False
            line.running += 1
            one.owner = owner
            return True

    def _following(self, one: _Lone, outcome: Outcome[Any]) -> _Lone | None:
        """The next of the organization, unless this one waited for it in vain: so did they."""
        if one.owner is None:
            return None
        in_vain: deque[_Lone] = deque()
        following = None
        with self._lock:
            line = self._lines[one.owner]
            line.running, line.since = line.running - 1, time.monotonic()
            if isinstance(outcome.problem, Busy):
                in_vain, line.waiting = line.waiting, deque()
            if line.waiting:
                following = line.waiting.popleft()
                following.owner, line.running = one.owner, line.running + 1
            elif not line.running:
                del self._lines[one.owner]
        for other in in_vain:
            _told(other, outcome)
        return following


def _told(one: _Lone, outcome: Outcome[Any]) -> None:
    try:
        one.variables.run(one.tell, outcome)
    except Exception:
        _log.exception("an answer could not be told")
