"""ASGI middleware: every HTTP request of an application is authorized, then captured or released.

    app = Metered(app, Gate("postgresql://gate@db.internal/creditctl"))

What a request returned is told by the application in the response's header `X-Units`; nothing, or
nonsense, is 0.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from creditctl.errors import CreditctlError
from creditctl.server.embedding import Gate, new_request_id
from creditctl.server.exchange import headers_of, secret_of, send_answer, units_of
from creditctl.server.problems import decision_answer, error_answer
from creditctl.services.gate import OK

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Metered:
    """Wraps an ASGI application; what is not HTTP passes as it is."""

    def __init__(self, app: Callable[..., Awaitable[None]], gate: Gate) -> None:
        self.app, self.gate = app, gate

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # ASGI has decoded the path, and the gate would do it again.
        asked = secret_of(headers_of(scope)) or "", scope["method"], quote(scope["path"])
        name, facts = new_request_id(), {"status": 500, "units": 0}
        try:
            call = await asyncio.to_thread(self.gate.authorize, *asked, request_id=name)
        except CreditctlError as error:
            await send_answer(send, error_answer(error))
            return
        if call.decision.status != OK:
            await send_answer(send, decision_answer(call.decision))
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                units = units_of(headers_of(message).get("x-units", ""))
                facts.update(status=message["status"], units=units or 0)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except BaseException:
            # Shielded: a client that went away must not keep the credits held.
            await asyncio.shield(asyncio.to_thread(self.gate.release, name))
            raise
        await asyncio.shield(asyncio.to_thread(self.gate.capture, name, **facts))
