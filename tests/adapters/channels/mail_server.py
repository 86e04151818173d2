"""A mail server that really speaks SMTP, with STARTTLS and AUTH, and refuses as told."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USERNAME, PASSWORD = "creditctl", "correct horse"
LONGEST_WAIT = 30


@dataclass
class MailServer:
    """Keeps what was delivered; an answer other than None is given to that command."""

    port: int = 0
    rcpt: str | None = None
    only: str | None = None
    """The one mailbox that is answered so; None is each."""

    data: str | None = None
    sender: str | None = None
    hangs: bool = False
    said: int = 0
    """Bytes that a server which only speaks could say."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Any] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_MAIL(self, *given: Any) -> str:  # noqa: N802
        given[2].mail_from = given[3]
        return self.sender or "250 OK"

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802
        if self.rcpt is not None and self.only in (None, given[3]):
            return self.rcpt
        given[2].rcpt_tos.append(given[3])
        return "250 OK"

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802
        server, _, envelope = given
        if self.hangs:
            await asyncio.sleep(LONGEST_WAIT)
        if self.data is not None:
            return self.data
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 kept"


def _authenticate(server, session, envelope, mechanism, given) -> AuthResult:
    known = LoginPassword(USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=given == known, handled=False)


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None,
    *,
    needs_login: bool = False,
    from_the_start: bool = False,
    **answers: Any,
) -> Iterator[MailServer]:
    """A server on a free port; with a certificate it insists on STARTTLS, or begins with TLS."""
    kept = MailServer(**answers)
    loop = asyncio.new_event_loop()
    options: dict[str, Any] = {"loop": loop, "hostname": "localhost"}
    if context is not None and not from_the_start:
        options |= {"tls_context": context, "require_starttls": True}
    if needs_login:
        options |= {
            "auth_required": True,
            "authenticator": _authenticate,
            "auth_require_tls": "tls_context" in options,
        }
    tls = context if from_the_start else None
    made = loop.create_server(lambda: SMTP(kept, **options), "127.0.0.1", 0, ssl=tls)
    server = loop.run_until_complete(made)
    kept.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(LONGEST_WAIT)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LONGEST_WAIT)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
