"""The gate over HTTP: an ASGI application, which uvicorn runs.

Answers are made in threads, for they wait for the database; the loop only carries bytes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from creditctl.config import database_url, default_actor, read_config, settings_from
from creditctl.errors import CreditctlError
from creditctl.server.embedding import Gate
from creditctl.server.endpoints import ENDPOINTS, Endpoint
from creditctl.server.exchange import Answer, Asked
from creditctl.server.problems import Problem, error_answer, failure_answer, problem_answer
from creditctl.server.service import Service

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

THREADS = 16
"""Answers that are made at once: as many connections to the database at most."""

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_log = logging.getLogger("creditctl.gate")


def from_environment() -> "Starlette":
    """The application as the settings say: what uvicorn calls in each of its processes."""
    config = read_config({})
    settings = settings_from(config)
    gate = Gate(database_url(config), settings=settings, actor=default_actor(config))
    return application(Service(gate, settings.gate_secret))


def application(service: Service) -> "Starlette":
    """The application; when it is stopped, answers that are being made are made to the end."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gate")

    @asynccontextmanager
    async def lifespan(_: "Starlette") -> AsyncIterator[None]:
        with service.gate:
            yield
            threads.shutdown(wait=True)

    async def refused(_: "Request", problem: Exception) -> "Response":
        return _response(_of_router(problem))

    routes = [
        Route(
            endpoint.path.replace("{place}", "{place:path}"),
            _carrier(service, endpoint, threads),
            methods=_METHODS if endpoint.method == "*" else [endpoint.method],
            name=endpoint.handler.__name__,
        )
        for endpoint in ENDPOINTS
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: refused})


def answer(service: Service, endpoint: Endpoint, asked: Asked) -> Answer:
    """The endpoint's answer, or what went wrong; it never raises."""
    began = time.perf_counter()
    try:
        if endpoint.has_secret:
            service.check_secret(asked)
        found = endpoint.handler(service, asked)
    except Problem as problem:
        found = problem_answer(problem)
    except CreditctlError as error:
        found = error_answer(error)
    except Exception:
        _log.exception("%s %s", endpoint.method, endpoint.path)
        found = failure_answer()
    if endpoint.is_decision:
        real = found.headers.get("X-Creditctl-Status", str(found.status))
        service.metrics.decided(int(real), found.outcome)
    service.metrics.took(endpoint.path, time.perf_counter() - began)
    return found


def _carrier(
    service: Service, endpoint: Endpoint, threads: ThreadPoolExecutor
) -> Callable[["Request"], Awaitable["Response"]]:
    """The asynchronous function that Starlette calls."""

    async def carry(request: "Request") -> "Response":
        try:
            asked = await _asked(request, endpoint)
        except Problem as problem:
            return _response(problem_answer(problem))
        loop = asyncio.get_running_loop()
        return _response(await loop.run_in_executor(threads, answer, service, endpoint, asked))

    return carry


async def _asked(request: "Request", endpoint: Endpoint) -> Asked:
    """The request as a value; raises Problem 413 for a body that is too large."""
    chunks: list[bytes] = []
    size = 0
    if endpoint.largest_body:
        async for chunk in request.stream():
            size += len(chunk)
            if size > endpoint.largest_body:
                most = f"The body has more than {endpoint.largest_body} bytes."
                raise Problem(413, "too_large", most, headers={"Connection": "close"})
            chunks.append(chunk)
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    prefix = endpoint.path.partition("{")[0]
    return Asked(
        method=request.method,
        path=path,
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=b"".join(chunks),
        place=path.removeprefix(prefix) if prefix != endpoint.path else "",
    )


def _of_router(problem: Any) -> Answer:
    """No such path, or not with that method."""
    code = "not_found" if problem.status_code == 404 else "method_not_allowed"  # noqa: PLR2004
    words = f"{problem.detail}."
    return problem_answer(Problem(problem.status_code, code, words, headers=problem.headers))


def _response(found: Answer) -> "Response":
    from starlette.responses import Response

    headers = {**found.headers, "Cache-Control": "no-store"}
    return Response(found.body, found.status, headers, found.media_type)
