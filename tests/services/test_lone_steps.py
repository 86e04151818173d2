"""Steps that share no transaction: those of one organization take few threads."""

from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest

from creditctl.errors import Busy
from creditctl.services import lone_steps
from creditctl.services.lone_steps import OF_ONE_AT_ONCE, LoneSteps
from creditctl.services.outcomes import Outcome

PATIENCE = 60
OURS, ANOTHER = 1, 2


class Step:
    """Says that it began, and ends once it may."""

    def __init__(self, owner: int, begun: "SimpleQueue[Step]") -> None:
        self.whose, self._begun = owner, begun
        self.go_on = Event()
        self.problem: Exception | None = None

    def owner(self, _: object) -> int:
        return self.whose

    def run(self, _: object) -> "Step":
        self._begun.put(self)
        assert self.go_on.wait(PATIENCE)
        if self.problem is not None:
            raise self.problem
        return self


@pytest.fixture
def begun() -> "SimpleQueue[Step]":
    return SimpleQueue()


@pytest.fixture
def lone(monkeypatch: pytest.MonkeyPatch) -> LoneSteps:
    """Of no database: what is asked and locked there has tests of its own."""

    def run_alone(_: str, step: Step, *, about_to_lock: Any) -> Step:
        about_to_lock(step.owner(None))
        return step.run(None)

    monkeypatch.setattr(lone_steps, "run_alone", run_alone)
    return LoneSteps("sqlite:///none.db")


def test_those_of_one_organization_are_run_in_turn_and_keep_no_thread(
    lone: LoneSteps, begun: "SimpleQueue[Step]"
) -> None:
    told: SimpleQueue[Outcome[Step]] = SimpleQueue()
    steps = [Step(OURS, begun) for _ in range(20)]
    for place, step in enumerate(steps):
        lone.add(step, OURS if place % 2 else None, told.put)
    running = [begun.get(timeout=PATIENCE) for _ in range(OF_ONE_AT_ONCE)]
    lone.add(Step(OURS, begun), None, told.put)
    other = Step(ANOTHER, begun)
    lone.add(other, None, told.put)
    assert begun.get(timeout=PATIENCE) is other
    assert begun.empty()
    done = 0
    while running:
        one = running.pop(0)
        one.go_on.set()
        assert told.get(timeout=PATIENCE).answer() is one
        done += 1
        if done + len(running) < len(steps) + 1:
            running.append(begun.get(timeout=PATIENCE))
    assert done == len(steps) + 1
    other.go_on.set()
    assert told.get(timeout=PATIENCE).answer() is other


def test_who_waited_for_a_lock_in_vain_did_so_for_all(
    lone: LoneSteps, begun: "SimpleQueue[Step]", monkeypatch: pytest.MonkeyPatch
) -> None:
    told: SimpleQueue[Outcome[Step]] = SimpleQueue()
    for _ in range(5):
        lone.add(Step(OURS, begun), OURS, told.put)
    running = [begun.get(timeout=PATIENCE) for _ in range(OF_ONE_AT_ONCE)]
    monkeypatch.setattr(lone_steps, "LONG_SECONDS", 0)
    assert lone.held() == {OURS}
    for one in running:
        one.problem = Busy("locked")
        one.go_on.set()
    assert [type(told.get(timeout=PATIENCE).problem) for _ in range(5)] == [Busy] * 5
    assert lone.held() == set()
