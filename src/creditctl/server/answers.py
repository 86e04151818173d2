"""From requests to answers: problems become answers too, and calls are answered together."""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

from creditctl.errors import CreditctlError
from creditctl.server.endpoints import Endpoint
from creditctl.server.exchange import Answer, Asked
from creditctl.server.problems import Problem, error_answer, failure_answer, problem_answer
from creditctl.server.service import Service
from creditctl.services.gate_calls import Wanted
from creditctl.services.outcomes import Outcome, Tell

Request: TypeAlias = tuple[Endpoint, Asked]
T = TypeVar("T")
_log = logging.getLogger("creditctl.gate")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A handler that waits for what becomes of its call."""

    handler: Generator[Wanted, Any, Answer]
    wanted: Wanted


def answer_all(
    service: Service, requests: Sequence[Request], tell: Tell[Answer]
) -> dict[int, Answer]:
    """The endpoints' answers by place, or what went wrong; it never raises.

    Those that wait for somebody else are told later, by other threads.
    """
    waiting: dict[int, _Waiting] = {}

    def ended(place: int, call: Outcome[Any]) -> Answer:
        handler = waiting[place].handler
        return _guarded(requests[place][0], partial(_ended, handler, call))

    answers: dict[int, Answer] = {}
    for place, (endpoint, asked) in enumerate(requests):
        begun = _guarded(endpoint, partial(_begun, service, endpoint, asked))
        if isinstance(begun, _Waiting):
            waiting[place] = begun
        else:
            answers[place] = begun
    wanted = {place: one.wanted for place, one in waiting.items()}
    if not wanted:
        return answers
    calls = _answered(service, wanted, lambda place, call: tell(place, ended(place, call)))
    return answers | {place: ended(place, call) for place, call in calls.items()}


def _begun(service: Service, endpoint: Endpoint, asked: Asked) -> Answer | _Waiting:
    if endpoint.has_secret:
        service.check_secret(asked)
    found = endpoint.handler(service, asked)
    if isinstance(found, Answer):
        return found
    try:
        return _Waiting(found, next(found))
    except StopIteration as end:
        answer: Answer = end.value
        return answer


def _answered(
    service: Service, wanted: Mapping[int, Wanted], tell: Tell[Outcome[Any]]
) -> dict[int, Outcome[Any]]:
    places = list(wanted)
    try:
        found = service.gate.begin_all(
            list(wanted.values()), lambda number, call: tell(places[number], call)
        )
    except Exception as problem:
        if isinstance(problem, CreditctlError) or len(wanted) == 1:
            return {place: Outcome(problem=problem) for place in wanted}
        # Nothing was held or stays counted: alone, each meets what is its own.
        alone = [_answered(service, {place: one}, tell) for place, one in wanted.items()]
        return {place: outcome for one in alone for place, outcome in one.items()}
    return {places[number]: call for number, call in found.items()}


def _ended(handler: Generator[Wanted, Any, Answer], call: Outcome[Any]) -> Answer:
    try:
        if call.problem is not None:
            handler.throw(call.problem)
        handler.send(call.answer())
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    raise TypeError("a request is one call")


def _guarded(endpoint: Endpoint, make: Callable[[], T]) -> T | Answer:
    try:
        return make()
    except Problem as problem:
        return problem_answer(problem)
    except CreditctlError as error:
        return error_answer(error)
    except Exception:
        _log.exception("%s %s", endpoint.method, endpoint.path)
        return failure_answer()
