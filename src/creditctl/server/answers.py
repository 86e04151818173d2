"""From requests to answers: problems become answers too, and calls are answered together."""

import logging
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

from creditctl.errors import CreditctlError
from creditctl.server.endpoints import Endpoint
from creditctl.server.exchange import Answer, Asked
from creditctl.server.problems import Problem, error_answer, failure_answer, problem_answer
from creditctl.server.service import Service
from creditctl.services.gate_calls import Wanted
from creditctl.services.outcomes import Outcome

Request: TypeAlias = tuple[Endpoint, Asked]
T = TypeVar("T")
_log = logging.getLogger("creditctl.gate")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A handler that waits for what becomes of its call."""

    handler: Generator[Wanted, Any, Answer]
    wanted: Wanted


def answer_all(service: Service, requests: Sequence[Request]) -> list[Answer]:
    """The endpoints' answers, or what went wrong; it never raises."""
    began = time.perf_counter()
    answers: dict[int, Answer] = {}
    waiting: dict[int, _Waiting] = {}
    for place, (endpoint, asked) in enumerate(requests):
        begun = _guarded(endpoint, partial(_begun, service, endpoint, asked))
        if isinstance(begun, _Waiting):
            waiting[place] = begun
        else:
            answers[place] = begun
    calls = _answered(service, [one.wanted for one in waiting.values()])
    for (place, one), call in zip(waiting.items(), calls, strict=True):
        answers[place] = _guarded(requests[place][0], partial(_ended, one.handler, call))
    took = time.perf_counter() - began
    for place, (endpoint, _) in enumerate(requests):
        _count(service, endpoint, answers[place], took)
    return [answers[place] for place in range(len(requests))]


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


def _answered(service: Service, wanted: Sequence[Wanted]) -> list[Outcome[Any]]:
    try:
        return list(service.gate.answer_all(wanted)) if wanted else []
    except Exception as problem:
        if isinstance(problem, CreditctlError) or len(wanted) == 1:
            return [Outcome(problem=problem) for _ in wanted]
        # Nothing was held or stays counted: alone, each meets what is its own.
        return [outcome for one in wanted for outcome in _answered(service, [one])]


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


def _count(service: Service, endpoint: Endpoint, answer: Answer, took: float) -> None:
    if endpoint.is_decision:
        real = answer.headers.get("X-Creditctl-Status", str(answer.status))
        service.metrics.decided(int(real), answer.outcome)
    service.metrics.took(endpoint.path, took)
