"""What became of one thing among many that were done at once: an answer, or its own problem."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Tell: TypeAlias = Callable[[int, T], None]
"""Is called once, by another thread, with a place and what became of that one."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T_co]):
    """The problem is told to who wanted this one, and to nobody else."""

    value: T_co | None = None
    problem: Exception | None = None

    def answer(self) -> T_co:
        """The answer; raises the problem."""
        if self.problem is not None:
            raise self.problem
        return cast(T_co, self.value)


def outcome_of(make: Callable[[], T]) -> Outcome[T]:
    """What it returns or raises."""
    try:
        return Outcome(make())
    except Exception as problem:
        return Outcome(problem=problem)


def all_of(begin: Callable[[Tell[T]], Mapping[int, T]], number: int) -> list[T]:
    """What `begin` returns of so many places, and what it tells of the others: waits for these."""
    rest: SimpleQueue[tuple[int, T]] = SimpleQueue()
    found = dict(begin(lambda place, told: rest.put((place, told))))
    while len(found) < number:
        found.update([rest.get()])
    return [found[place] for place in range(number)]
