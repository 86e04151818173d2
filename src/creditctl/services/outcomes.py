"""What became of one thing among many that were done at once: an answer, or its own problem."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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
