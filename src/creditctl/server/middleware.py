"""ASGI middleware: every HTTP request of an application is authorized, then captured or released.

    app = Metered(app, Gate("postgresql://gate@db.internal/creditctl"))

What a request returned is told by the application in the response's header `X-Units`.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from creditctl.server.embedding import Gate, new_request_id
from creditctl.server.exchange import send_answer
from creditctl.server.problems import decision_answer
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
        secret = dict(scope["headers"]).get(b"x-api-key", b"").decode("latin-1")
        name, facts = new_request_id(), {"status": 500, "units": 0}
        call = await asyncio.to_thread(
            self.gate.authorize, secret, scope["method"], scope["path"], request_id=name
        )
        if call.decision.status != OK:
            await send_answer(send, decision_answer(call.decision))
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                units = dict(message.get("headers", ())).get(b"x-units", b"0")
                facts.update(status=message["status"], units=int(units))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except BaseException:
            # Shielded: a client that went away must not keep the credits held.
            await asyncio.shield(asyncio.to_thread(self.gate.release, name))
            raise
        await asyncio.shield(asyncio.to_thread(self.gate.capture, name, **facts))
