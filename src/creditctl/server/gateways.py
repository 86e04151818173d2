"""Gateways that ask before they pass a request on: nginx (auth_request) and Envoy (ext_authz)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from creditctl.errors import CreditctlError
from creditctl.rules.gate_terms import GateDecision
from creditctl.rules.instants import instant_text
from creditctl.server.calls_api import admitted
from creditctl.server.embedding import new_request_id
from creditctl.server.exchange import Answer, Asked, Deciding, encoded, secret_of, units_of
from creditctl.server.problems import Problem, decision_answer, error_answer, problem_answer
from creditctl.server.service import Service
from creditctl.services.gate import OK
from creditctl.services.gate_calls import WantedCall
from creditctl.services.gate_keys import GateRequest

_NGINX_KNOWS = (200, 401, 403)
_TOLD = ("type", "title", "status", "detail", "code")
_DOTS = frozenset((".", ".."))


def auth_request(_: Service, asked: Asked) -> Deciding:
    """nginx: 2xx lets pass, 401 and 403 refuse, and it knows no other answer.

    So 402, 409, 429 and 503 are a 403 here, whose header `X-Creditctl-Status` has the status to
    answer with and `X-Creditctl-Problem` the body: `docs/gate.md` shows how nginx does that.
    """
    method, uri = (asked.headers.get(f"x-original-{name}") for name in ("method", "uri"))
    if not method or not uri:
        raise Problem(400, "invalid_input", "X-Original-Method and X-Original-URI say what for.")
    try:
        wanted = _wanted(asked, method, uri)
        call = yield wanted
        if call.decision.status == OK:
            # nginx reads no body.
            reason = call.decision.reason.value
            return Answer(OK, headers=_told(call.decision, wanted.request_id), outcome=reason)
        answer = decision_answer(call.decision)
    except CreditctlError as error:
        answer = error_answer(error)
    except Problem as problem:
        answer = problem_answer(problem)
    told = {name: json.loads(answer.body)[name] for name in _TOLD}
    headers = {
        **answer.headers,
        "X-Creditctl-Status": str(answer.status),
        "X-Creditctl-Problem": encoded(told).decode(),
    }
    status = answer.status if answer.status in _NGINX_KNOWS else 403
    return replace(answer, status=status, headers=headers)


def ext_authz(_: Service, asked: Asked) -> Deciding:
    """Envoy: the request's own method and, behind the prefix, its path; any status but 200 refuses.

    Envoy passes the answer on to the client as it is.
    """
    # The query is the client's own, which must not say what the request costs.
    wanted = _wanted(replace(asked, query={}), asked.method, f"/{asked.place}")
    call = yield wanted
    if call.decision.status != OK:
        return decision_answer(call.decision)
    answer = admitted(call.decision, call.hold)
    return replace(answer, headers=_told(call.decision, wanted.request_id))


def _wanted(asked: Asked, method: str, uri: str) -> WantedCall:
    request = GateRequest(
        secret=secret_of(asked.headers),
        method=method,
        path=plain_path(uri),
        units=_units(asked.query),
        capabilities=tuple(filter(None, asked.query.get("capabilities", "").split(","))),
    )
    return WantedCall(request, asked.headers.get("x-request-id") or new_request_id())


def _told(decision: GateDecision, request_id: str) -> dict[str, str]:
    """The decision's own headers, and what the API behind the gateway may want to know."""
    headers = {
        **decision.headers,
        "X-Creditctl-Request-Id": request_id,
        "X-Creditctl-Organization": decision.organization or "",
        "X-Creditctl-Key": decision.key or "",
    }
    if decision.omit:
        headers["X-Creditctl-Omit"] = ",".join(decision.omit)
    if decision.clamp_from is not None:
        headers["X-Creditctl-Clamp-From"] = instant_text(decision.clamp_from)
    return headers


def plain_path(uri: str) -> str:
    """The path of a request target without its query.

    Raises Problem 403 for `.`, `..` and `#` in it: gateways resolve or cut them off, each in its
    own way, and the request would be priced as another one than is served.
    """
    path = uri.partition("?")[0]
    if "#" in path or not _DOTS.isdisjoint(unquote(path).split("/")):
        words = "The path has dots to be resolved in it, or a #."
        raise Problem(403, "endpoint_unknown", words)
    return path


def _units(query: Mapping[str, str]) -> int | None:
    """An estimate, which the gateway's configuration may give for a location."""
    text = query.get("units")
    if text is None:
        return None
    units = units_of(text)
    if units is None:
        raise Problem(422, "invalid_input", "units is a whole number.")
    return units
