"""The gate over HTTP: an ASGI application, which uvicorn runs.

Answers are made in threads, for they wait for the database, or of calls by the process that keeps
the books (`books_line`); the loop only carries bytes.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from creditctl.server.answers import Request, answer_all
from creditctl.server.batches import Batches, batches_for
from creditctl.server.books_line import BooksLine, are_kept_beside
from creditctl.server.endpoints import ENDPOINTS, Endpoint
from creditctl.server.exchange import Answer, Asked, headers_of, send_answer
from creditctl.server.problems import Problem, problem_answer
from creditctl.server.service import Service, service_from_environment

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request as StarletteRequest

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = Message
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Answers: TypeAlias = BooksLine | Batches[Request, Answer]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

THREADS = 16
"""Calls that are answered at once, and as much else: as many connections to the database each."""

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def from_environment() -> "Starlette":
    """The application as the settings say: what uvicorn calls in each of its processes."""
    service = service_from_environment()
    line = BooksLine() if are_kept_beside(service.gate.database) else None
    return application(replace(service, line=line))


def application(service: Service) -> "Starlette":
    """The application; when it is stopped, answers that are being made are made to the end."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gate")
    work = partial(answer_all, service)
    # Calls may all wait for one organization: what keeps the gate running must not wait for them.
    beside = ThreadPoolExecutor(THREADS, thread_name_prefix="beside")
    others = Batches(work, beside, workers=THREADS, most=1)
    together: Answers = service.line or batches_for(
        service.gate.database, work, threads, workers=THREADS
    )
    carriers = [Carrier(service, one, together if one.is_of_calls else others) for one in ENDPOINTS]
    direct = {(one.endpoint.method, one.endpoint.path): one for one in carriers}

    class Application(Starlette):
        """Routes what asks for exactly what an endpoint is: middleware would find nothing to do."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            carrier = direct.get((scope.get("method", ""), scope.get("path", "")))
            if carrier is None or scope.get("root_path"):
                await super().__call__(scope, receive, send)
            else:
                await carrier(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: "Starlette") -> AsyncIterator[None]:
        with service.gate:
            async with service.line or nullcontext():
                yield
            threads.shutdown(wait=True)
            beside.shutdown(wait=True)

    async def refused(_: "StarletteRequest", problem: Exception) -> App:
        return lambda _, __, send: send_answer(send, _of_router(problem))

    routes = [
        Route(
            carrier.endpoint.path.replace("{place}", "{place:path}"),
            carrier,
            methods=_METHODS if carrier.endpoint.method == "*" else [carrier.endpoint.method],
            name=carrier.endpoint.handler.__name__,
        )
        for carrier in carriers
    ]
    handlers: dict[Any, Any] = {HTTPException: refused}
    made = Application(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    made.router.redirect_slashes = False  # no gateway would follow
    return made


class Carrier:
    """An endpoint as an ASGI application: makes a value of the request, and bytes of the answer."""

    def __init__(self, service: Service, endpoint: Endpoint, answers: Answers) -> None:
        self.endpoint, self._answers, self._metrics = endpoint, answers, service.metrics
        prefix, is_open, _ = endpoint.path.partition("{")
        self._prefix = prefix if is_open else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.perf_counter()
        answer = await self._answer(scope, receive)
        self._count(answer, time.perf_counter() - began)
        await send_answer(send, answer)

    def _count(self, answer: Answer, took: float) -> None:
        if self.endpoint.is_decision:
            real = answer.headers.get("X-Creditctl-Status", str(answer.status))
            self._metrics.decided(int(real), answer.outcome)
        self._metrics.took(self.endpoint.path, took)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            body = await self._body(receive)
        except Problem as problem:
            return problem_answer(problem)
        return await self._answers.answer((self.endpoint, self._asked(scope, body)))

    async def _body(self, receive: Receive) -> bytes:
        """What was sent; raises Problem 413 where it is too large."""
        most = self.endpoint.largest_body
        chunks: list[bytes] = []
        size, is_more = 0, most > 0
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Problem(400, "disconnected", "Half of the body is missing.")
            is_more = message.get("more_body", False)
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > most:
                words = f"The body has more than {most} bytes."
                raise Problem(413, "too_large", words, headers={"Connection": "close"})
        return b"".join(chunks)

    def _asked(self, scope: Scope, body: bytes) -> Asked:
        """The request as a value; of parameters of one name the last counts.

        Paths are any bytes: each is a character of Latin-1.
        """
        query = scope["query_string"]
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        return Asked(
            method=scope["method"],
            path=path,
            query=dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
            headers=headers_of(scope),
            body=body,
            place="" if self._prefix is None else path.removeprefix(self._prefix),
        )


def _of_router(problem: Any) -> Answer:
    """No such path, or not with that method."""
    code = "not_found" if problem.status_code == 404 else "method_not_allowed"  # noqa: PLR2004
    words = f"{problem.detail}."
    return problem_answer(Problem(problem.status_code, code, words, headers=problem.headers))
