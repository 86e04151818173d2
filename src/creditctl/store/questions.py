"""Questions that are asked together: each round trip carries what all of them want to know next.

A question is a function that only reads. It is run until it asks what is not known yet; when none
can go on, what they asked is sent as one message, and each begins anew with the answers so far. So
reading code stays as it is, one step after the other, and many readers take the round trips of the
longest.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from creditctl.store.trip_postgres import Answer, Trip

T = TypeVar("T")

_READS = ("SELECT", "WITH")


class Unanswered(BaseException):
    """A question waits for the next trip; no error, so nothing that catches errors sees it."""


class Questions:
    """What is known within one block of questions, by statement."""

    def __init__(self, trip: Trip) -> None:
        self._trip = trip
        self._answers: dict[tuple[str, tuple[Any, ...]], Answer] = {}

    def ask(self, sql: str, parameters: Mapping[str, Any]) -> Answer:
        """The answer, if it is here; raises Unanswered, and then it comes with the next trip."""
        name = sql, tuple(parameters.values())
        found = self._answers.get(name)
        if found is None:
            if not sql.lstrip().startswith(_READS):
                raise RuntimeError("a question changes nothing")
            self._answers[name] = self._trip.ask(sql, parameters)
        elif found.result is not None:
            return found
        raise Unanswered

    def answers_of(self, questions: Sequence[Callable[[], Any]]) -> list[Any]:
        """What each returns; of those that raise, the first one's problem is raised."""
        answered: dict[int, Any] = {}
        while True:
            try:
                return asked_of_each(questions, answered)
            except Unanswered:
                self._trip.go()


def asked_of_each(
    questions: Sequence[Callable[[], T]], answered: dict[int, T] | None = None
) -> list[T]:
    """What each returns; raises Unanswered once all have asked what they can.

    Those that are `answered`, by their places, are not asked again.
    """
    found = {} if answered is None else answered
    is_waiting = False
    for place, question in enumerate(questions):
        if place in found:
            continue
        try:
            found[place] = question()
        except Unanswered:
            is_waiting = True
        except Exception:
            # What an earlier one raises would come first, were they asked one after the other.
            if not is_waiting:
                raise
    if is_waiting:
        raise Unanswered
    return [found[place] for place in range(len(questions))]
