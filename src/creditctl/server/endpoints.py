"""Every endpoint of the gate: one table, which routes requests and writes the documentation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from creditctl.server import calls_api, connections_api, gateways, notices, operations
from creditctl.server.exchange import Answer, Asked, Deciding, Ending
from creditctl.server.messages import (
    AuthorizeMessage,
    CaptureMessage,
    ConnectionMessage,
    ReleaseMessage,
)
from creditctl.server.service import Service

Handler: TypeAlias = Callable[[Service, Asked], Answer | Deciding | Ending]
_KIB = 1024
REFUSALS = {
    401: "The key is unknown, revoked or expired, or the gate's secret is wrong.",
    402: "The credits do not suffice.",
    403: "The plan does not have it, or the organization is suspended or closed.",
    409: "The request id was used by another call, or by one that has ended.",
    429: "A limit or a budget is reached.",
    503: "The books, or counters that the plan asks for, do not answer.",
}
_MALFORMED = {
    400: "The body is not JSON.",
    413: "The body is too large.",
    422: "A member is wrong.",
}
_ENDED = {status: REFUSALS[status] for status in (401, 409, 503)} | {404: "There is no such hold."}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation; `{place}` at the end of its path stands for anything."""

    method: str
    """`*`: any, for the method is that of another request."""

    path: str
    handler: Handler
    summary: str
    answers: dict[int, str]
    message: type | None = None
    """What the body holds."""

    largest_body: int = 0
    """Bytes; 0: the body is not read."""

    is_decision: bool = False
    """Whether it decides a request, which is counted among the decisions."""

    ends_call: bool = False
    """Whether it captures or releases one."""

    has_secret: bool = False
    """Whether the gate's secret is asked for."""

    @property
    def is_of_calls(self) -> bool:
        """Whether it is answered together with others that arrive with it."""
        return self.is_decision or self.ends_call


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/authorize",
        calls_api.authorize,
        "Decide a call, count it, and hold what it may cost",
        {200: "The call may pass.", **REFUSALS, **_MALFORMED},
        message=AuthorizeMessage,
        largest_body=64 * _KIB,
        is_decision=True,
        has_secret=True,
    ),
    Endpoint(
        "POST",
        "/v1/capture",
        calls_api.capture,
        "Charge a call for what it returned",
        {200: "It is charged.", **_ENDED, **_MALFORMED},
        message=CaptureMessage,
        largest_body=16 * _KIB,
        ends_call=True,
        has_secret=True,
    ),
    Endpoint(
        "POST",
        "/v1/release",
        calls_api.release,
        "Let a call go that was not served",
        {200: "What it held is free.", **_ENDED, **_MALFORMED},
        message=ReleaseMessage,
        largest_body=16 * _KIB,
        ends_call=True,
        has_secret=True,
    ),
    Endpoint(
        "POST",
        "/v1/connections/heartbeat",
        connections_api.heartbeat,
        "Keep a connection open for another minute",
        {
            200: "It stays open.",
            **REFUSALS,
            404: "It is not open: no heartbeat came in time, or it was closed.",
            409: "Another connection took it over.",
            429: "A budget is reached.",
            **_MALFORMED,
        },
        message=ConnectionMessage,
        largest_body=16 * _KIB,
        has_secret=True,
    ),
    Endpoint(
        "POST",
        "/v1/connections/close",
        connections_api.close,
        "Let go of a connection",
        {
            200: "It is not open any more.",
            401: REFUSALS[401],
            503: "The books or the counters do not answer.",
            **_MALFORMED,
        },
        message=ConnectionMessage,
        largest_body=16 * _KIB,
        has_secret=True,
    ),
    Endpoint(
        "GET",
        "/v1/auth_request",
        gateways.auth_request,
        "nginx: decide the request that X-Original-Method and X-Original-URI name",
        {
            200: "The request may pass.",
            400: "A header is missing.",
            401: REFUSALS[401],
            403: "It may not; the header X-Creditctl-Status says with which status.",
        },
        is_decision=True,
        has_secret=True,
    ),
    Endpoint(
        "*",
        "/v1/ext_authz/{place}",
        gateways.ext_authz,
        "Envoy: decide the request whose path follows",
        {200: "The request may pass.", **REFUSALS},
        is_decision=True,
        has_secret=True,
    ),
    Endpoint(
        "POST",
        "/v1/webhooks/{place}",
        notices.webhook,
        "A payment provider's notice",
        {
            200: "It is booked.",
            403: "It is not the provider's.",
            404: "No such provider is configured.",
            413: "The body is too large.",
        },
        largest_body=1024 * _KIB,
    ),
    Endpoint("GET", "/healthz", operations.healthz, "Whether the process answers", {200: "Yes."}),
    Endpoint(
        "GET",
        "/readyz",
        operations.readyz,
        "Whether it can decide",
        {200: "Yes.", 503: "The books do not answer."},
    ),
    Endpoint("GET", "/metrics", operations.metrics, "For Prometheus", {200: "The figures."}),
    Endpoint("GET", "/openapi.json", operations.openapi, "This document", {200: "OpenAPI 3.1."}),
)
