"""What went wrong, as RFC 9457 has it: `application/problem+json`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from creditctl.errors import (
    CreditctlError,
    DatabaseMissing,
    DatabaseOutdated,
    DatabaseUnreadable,
    DiskFull,
    ExitStatus,
)
from creditctl.output.values import machine_object
from creditctl.rules.gate_terms import GateDecision
from creditctl.server.exchange import Answer, encoded

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:creditctl:problem:"
_STATUSES = {
    ExitStatus.USAGE: 422,
    ExitStatus.NOT_FOUND: 404,
    ExitStatus.PERMISSION: 403,
    ExitStatus.CONFLICT: 409,
    ExitStatus.INSUFFICIENT: 402,
    ExitStatus.BUSY: 503,
}
_DOWN = (DatabaseMissing, DatabaseOutdated, DatabaseUnreadable, DiskFull)
"""The books cannot be asked: somebody else may be able to answer, or the same one later."""

_UNAVAILABLE = 503


class Problem(Exception):
    """The request cannot be answered; `code` is what programs read."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers or {}
        self.errors = errors or []
        """Each with the `member` that is wrong and what is wrong with it."""


def problem_answer(problem: Problem) -> Answer:
    """The answer that tells a problem."""
    document = _document(problem.status, problem.code, problem.detail)
    if problem.errors:
        document["errors"] = problem.errors
    return _answer(problem.status, document, problem.headers, problem.code)


def decision_answer(decision: GateDecision) -> Answer:
    """A refusal: the decision stands beside what every problem has."""
    document = _document(decision.status, decision.reason.value, decision.detail)
    document["decision"] = machine_object(decision)
    return _answer(decision.status, document, decision.headers, decision.reason.value)


def error_answer(error: CreditctlError) -> Answer:
    """An error of ours; the books' own troubles are told to nobody outside."""
    status = _UNAVAILABLE if isinstance(error, _DOWN) else _STATUSES.get(error.exit_status, 500)
    headers = {"Retry-After": "1"} if status == _UNAVAILABLE else {}
    detail = "The books cannot be asked." if isinstance(error, _DOWN) else error.detail
    return _answer(status, _document(status, error.code, detail), headers, error.code)


def failure_answer() -> Answer:
    """A bug."""
    return _answer(500, _document(500, "failure", "The gate failed."), {}, "failure")


def _document(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"{_TYPE}{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def _answer(
    status: int, document: dict[str, Any], headers: Mapping[str, str], outcome: str
) -> Answer:
    challenge = (
        {"WWW-Authenticate": 'Bearer realm="gate"'} if status == HTTPStatus.UNAUTHORIZED else {}
    )
    return Answer(status, encoded(document), MEDIA_TYPE, {**headers, **challenge}, outcome)
