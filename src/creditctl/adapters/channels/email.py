"""E-mail through a mail server: text and HTML, the same Message-ID on every attempt.

Sources: RFC 5321 (answers), 5322 (addresses), 3834 (Auto-Submitted), 3207 (STARTTLS).
"""

import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import cast

from creditctl.adapters.channels.attempt import (
    LONGEST_DELIVERY,
    Deadline,
    attempt,
    one_line,
    trouble,
)
from creditctl.adapters.channels.connection import connected, encrypted, resolved, tls_context
from creditctl.adapters.channels.host_names import network_name
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message, Unreachable
from creditctl.adapters.secrets import read_secret
from creditctl.adapters.settings import LOOPBACK, read_settings
from creditctl.errors import InvalidInput

_SUBJECT_PARTS = 3
"""Clauses of the summary: what happened, and two figures."""

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Security -> the port that goes with it."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_LONGEST_LOCAL = 64
_LONGEST_MAILBOX = 254
_READY = 220
_PERMANENT = range(500, 600)
_OF_THE_MAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
"""Refusals that are not of us: a wrong password or a busy server is mended, and the mail waits."""


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """How to reach a mail server, and in whose name."""

    host: str
    sender: str
    """The mailbox in From, such as billing@example.com."""

    port: str | None = None
    security: str = "starttls"
    """`starttls`, `tls`, or `none` on this machine."""

    username: str | None = None
    password: str | None = None
    """Reference (`env:NAME`, `file:PATH`) of the password."""

    sender_name: str = ""
    reply_to: str | None = None
    ca_file: str | None = None
    """Certificate authorities (PEM) that are trusted besides the system's."""

    seconds: int = LONGEST_DELIVERY


@dataclass(frozen=True, slots=True)
class Email:
    """Hands mails to a server; it never sends one in the clear over a network."""

    settings: EmailSettings
    port: int
    password: str | None = field(repr=False)
    context: ssl.SSLContext = field(repr=False)

    def deliver(self, message: Message, *, to: str, secrets: tuple[str, ...], at: datetime) -> str:
        """Who accepted it; a 5xx to the mail is final, one to our greeting or password is not."""
        with attempt(self.settings.seconds) as deadline:
            mail = self.begun(message.id, _subject(message.summary), mailbox("the address", to), at)
            mail["X-Creditctl-Event"] = one_line(message.event)
            mail["X-Creditctl-Notification"] = one_line(message.id)
            mail.set_content(message.text)
            mail.add_alternative(message.html, subtype="html")
            return self.hand_over(mail, deadline)

    def hand_over(self, mail: EmailMessage, deadline: Deadline) -> str:
        """Give the server one mail; returns who accepted it, raises what `attempt` understands.

        Unreachable is raised until the server has let us in.
        """
        # What it would look up by itself is given: names are asked for within the deadline.
        client = smtplib.SMTP(local_hostname=_own_name())
        try:
            self._enter(client, deadline)
            client.send_message(mail)
        except smtplib.SMTPException as problem:
            raise self._failed(problem, deadline) from None
        else:
            # It was accepted: how the conversation ends changes nothing any more.
            with suppress(OSError):
                client.quit()
        finally:
            client.close()
        return f"accepted by {self.settings.host}"

    def check(self, to: str) -> None:
        """One mailbox, without a display name."""
        mailbox("the address", to)

    def _enter(self, client: smtplib.SMTP, deadline: Deadline) -> None:
        """Connect and log in; raises Unreachable."""
        try:
            self._open(client, deadline)
        except smtplib.SMTPException as problem:
            raise Unreachable(self._failed(problem, deadline).reason) from None
        except OSError as problem:
            raise Unreachable(trouble(problem, deadline)) from None

    def _open(self, client: smtplib.SMTP, deadline: Deadline) -> None:
        """Connect, encrypt and log in, as the settings say."""
        host = self.settings.host
        addresses = resolved(host, self.port, deadline)
        client.sock = connected(addresses, deadline)
        if self.settings.security == "tls":
            client.sock = encrypted(client.sock, host, self.context, deadline)
        code, words = client.getreply()
        if code != _READY:
            raise smtplib.SMTPConnectError(code, words)
        if self.settings.security == "starttls":
            handshake = _Handshake(host, self.context, deadline)
            # Refused or not offered, it raises: a mail is not sent in the clear instead.
            client.starttls(context=cast(ssl.SSLContext, handshake))
        if self.settings.username is not None and self.password is not None:
            client.login(self.settings.username, self.password)

    def begun(self, identity: str, subject: str, to: str, at: datetime) -> EmailMessage:
        """A mail in our name without its body; the same identity has the same Message-ID."""
        mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        domain = self.settings.sender.rpartition("@")[2]
        mail["Subject"] = one_line(subject)
        mail["From"] = Address(self.settings.sender_name, addr_spec=self.settings.sender)
        mail["To"] = Address(addr_spec=to)
        if self.settings.reply_to is not None:
            mail["Reply-To"] = Address(addr_spec=self.settings.reply_to)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{_identity(identity)}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _failed(self, problem: smtplib.SMTPException, deadline: Deadline) -> DeliveryFailed:
        """A server's refusal in its own words, for good if it was the mail that it refused."""
        code, words = _answer(problem)
        if code is None:
            if deadline.is_over:
                return DeliveryFailed(f"no answer within {deadline.seconds} s")
            return DeliveryFailed(one_line(str(problem)))
        return DeliveryFailed(
            one_line(f"{self.settings.host}: {code} {words}"),
            is_final=isinstance(problem, _OF_THE_MAIL) and code in _PERMANENT,
        )


@dataclass(frozen=True, slots=True)
class _Handshake:
    """Stands in for a context in `starttls`, which knows neither our host nor our deadline."""

    host: str
    context: ssl.SSLContext
    deadline: Deadline

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        return encrypted(sock, self.host, self.context, self.deadline)


def open_channel(settings: Mapping[str, str]) -> Channel:
    """The channel with these settings and its password; raises InvalidInput."""
    given = read_settings(EmailSettings, "email", settings, longest=LONGEST_DELIVERY)
    if given.security not in _PORTS:
        raise InvalidInput(f"email: security is one of {', '.join(_PORTS)}")
    if given.security == "none" and given.host not in LOOPBACK:
        raise InvalidInput(
            f"email: {given.host} is not this machine, and security is none",
            hint="choose starttls or tls",
        )
    if (given.username is None) != (given.password is None):
        raise InvalidInput("email: username and password go together")
    checked = replace(
        given,
        sender=mailbox("email: sender", given.sender),
        sender_name=one_line(given.sender_name),
        reply_to=given.reply_to and mailbox("email: reply_to", given.reply_to),
    )
    password = given.password and read_secret("email: password", given.password).decode()
    if not f"{given.username}{password}".isascii():
        raise InvalidInput("email: username and password are ASCII where smtplib logs in")
    return Email(checked, _port(given), password, tls_context("email: ca_file", given.ca_file))


def mailbox(name: str, text: str) -> str:
    """One mailbox with its domain as the network knows it (IDNA); raises InvalidInput.

    Only dot-atoms: quotes, comments, groups and lists have no place in a destination.
    """
    local, at, domain = text.rpartition("@")
    try:
        domain = network_name(domain) if len(text) <= _LONGEST_MAILBOX else ""
    except ValueError:
        domain = ""
    if (
        not at
        or len(local) > _LONGEST_LOCAL
        or len(local) + len(domain) >= _LONGEST_MAILBOX
        or not _LOCAL.fullmatch(local)
        or not domain
    ):
        raise InvalidInput(
            f"{name}: {text!r} is not one mailbox", hint="write it like ops@acme.example"
        )
    return f"{local}@{domain}"


def _port(settings: EmailSettings) -> int:
    text = settings.port
    if text is None:
        return _PORTS[settings.security]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):  # noqa: PLR2004 - ports
        raise InvalidInput(f"email: port must be a whole number from 1 to 65535, not {text!r}")
    return int(text)


def _answer(problem: smtplib.SMTPException) -> tuple[int | None, str]:
    """Status and words of the server, if it was the server that refused."""
    said: bytes | str
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(problem.recipients.values()))
    elif isinstance(problem, smtplib.SMTPResponseException):
        code, said = problem.smtp_code, problem.smtp_error
    else:
        return None, ""
    return code, said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _identity(message_id: str) -> str:
    """The id as the left side of a Message-ID, or its digest where it has other characters."""
    if _PLAIN_ID.fullmatch(message_id):
        return message_id
    return hashlib.sha256(message_id.encode()).hexdigest()


def _subject(summary: str) -> str:
    """What happened and its first two figures: the rest is in the text."""
    return one_line("; ".join(summary.split("; ")[:_SUBJECT_PARTS]))


def _own_name() -> str:
    """How we greet the server."""
    try:
        return network_name(socket.gethostname())
    except ValueError:
        return "localhost"
