"""E-mail before a mail server that runs: what arrives, what is refused, and what is never sent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest

from adapters.channels.conftest import Certificate, Note
from adapters.channels.mail_server import PASSWORD, USERNAME, MailServer, mail_server
from creditctl.adapters.channels import channel_named
from creditctl.adapters.channels.email import mailbox
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message, Unreachable
from creditctl.errors import InvalidInput

AT = datetime(2026, 11, 1, 9, 31, tzinfo=UTC)
TO = "ops@acme.example"


def opened(server: MailServer | None, **settings: str) -> Channel:
    known = {"host": "localhost", "sender": "billing@seller.example", "seconds": "5"}
    return channel_named("email", known | {"port": str(server.port) if server else "25"} | settings)


def plainly(server: MailServer, **settings: str) -> Channel:
    return opened(server, security="none", **settings)


def failed(channel: Channel, message: Message, to: str = TO) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        channel.deliver(message, to=to, secrets=(), at=AT)
    return failure.value


def test_a_mail_says_who_what_and_when_in_text_and_html(note: Note) -> None:
    with mail_server() as server:
        channel = plainly(server, sender_name="Seller, billing", reply_to="help@seller.example")
        assert channel.deliver(note(), to=TO, secrets=(), at=AT) == "accepted by localhost"

    (mail,) = server.mails
    assert mail["Subject"] == "acme has used its daily budget: 1,000 of 1,000 credits"
    assert mail["From"] == '"Seller, billing" <billing@seller.example>'
    assert (mail["To"], mail["Reply-To"]) == (TO, "help@seller.example")
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail["X-Creditctl-Event"], mail["X-Creditctl-Notification"]) == (
        "budget.exceeded",
        "ntf_01JDXYZ",
    )
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == "acme has used its daily budget.\n"
    assert "<b>daily budget</b>" in html.get_content()
    (envelope,) = server.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("billing@seller.example", [TO])


def test_every_attempt_has_the_same_message_id(note: Note) -> None:
    with mail_server() as server:
        channel = plainly(server)
        for minutes in (0, 5):
            later = AT + timedelta(minutes=minutes)
            channel.deliver(note(), to=TO, secrets=(), at=later)
        channel.deliver(note(id="not <plain>"), to=TO, secrets=(), at=AT)

    ids = [mail["Message-ID"] for mail in server.mails]
    assert ids[:2] == ["<ntf_01JDXYZ@seller.example>"] * 2
    assert ids[2].endswith("@seller.example>")
    assert "plain" not in ids[2]


def test_words_of_all_scripts_arrive_over_seven_bits(note: Note) -> None:
    text = "Größe 残高 " * 300 + "\n.\nafter a lonely dot\n"
    with mail_server() as server:
        plainly(server).deliver(note(summary="残高 0 ß", text=text), to=TO, secrets=(), at=AT)

    (mail,) = server.mails
    body = mail.get_body(("plain",))
    assert mail["Subject"] == "残高 0 ß"
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text
    assert max(server.envelopes[0].original_content) < 128


def test_the_subject_is_what_happened_and_its_first_figures(note: Note) -> None:
    summary = "acme: budget exceeded; usage 650 credits; limit 100 credits; resets at midnight"
    with mail_server() as server:
        plainly(server).deliver(note(summary=summary), to=TO, secrets=(), at=AT)
    (mail,) = server.mails
    assert mail["Subject"] == "acme: budget exceeded; usage 650 credits; limit 100 credits"


@pytest.mark.parametrize("member", ["summary", "event", "id"])
def test_no_header_can_be_smuggled_in(note: Note, member: str) -> None:
    evil = "a\r\nBcc: spy@evil.example\r\n\r\nbody\u2028X-Evil: 1\x00"
    with mail_server() as server:
        plainly(server).deliver(note(**{member: evil}), to=TO, secrets=(), at=AT)

    (mail,) = server.mails
    assert (mail["Bcc"], mail["X-Evil"]) == (None, None)
    assert mail.get_content_type() == "multipart/alternative"
    assert server.envelopes[0].rcpt_tos == [TO]


def test_a_mail_goes_out_encrypted_and_logged_in(
    note: Note, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    login = {"username": USERNAME, "password": "env:MAIL_PASSWORD"}
    with mail_server(certificate.context, needs_login=True) as server:
        channel = opened(server, ca_file=str(certificate.path), **login)
        channel.deliver(note(), to=TO, secrets=(), at=AT)

    assert server.encrypted == [True]
    assert PASSWORD not in repr(channel)


def test_tls_may_begin_with_the_connection(note: Note, certificate: Certificate) -> None:
    with mail_server(certificate.context, from_the_start=True) as server:
        channel = opened(server, ca_file=str(certificate.path), security="tls")
        channel.deliver(note(), to=TO, secrets=(), at=AT)
    assert server.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["unknown authority", "another name"])
def test_a_server_that_cannot_prove_its_name_gets_nothing(
    note: Note, certificate: Certificate, security: str, wrong: str
) -> None:
    settings = {"ca_file": str(certificate.path), "host": "127.0.0.1"}
    if wrong == "unknown authority":
        settings = {}
    with mail_server(certificate.context, from_the_start=security == "tls") as server:
        failure = failed(opened(server, security=security, **settings), note())
    assert "certificate verify failed" in failure.reason
    assert not failure.is_final
    assert server.mails == []


def test_a_server_without_starttls_gets_nothing(note: Note) -> None:
    with mail_server() as server:
        failure = failed(opened(server), note())
    assert failure.reason == "STARTTLS extension not supported by server."
    assert not failure.is_final
    assert server.mails == []


@pytest.mark.parametrize("command", ["sender", "rcpt", "data"])
@pytest.mark.parametrize(("words", "is_final"), [("550 5.1.1 no", True), ("451 4.3.0 yet", False)])
def test_a_refusal_of_the_mail_is_final_if_the_server_says_so(
    note: Note, command: str, words: str, is_final: bool
) -> None:
    answers: dict[str, Any] = {command: words}
    with mail_server(**answers) as server:
        failure = failed(plainly(server), note())
    assert (failure.reason, failure.is_final) == (f"localhost: {words}", is_final)


def test_a_wrong_password_is_ours_to_mend_and_is_not_repeated(
    note: Note, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-horse")
    login = {"username": USERNAME, "password": "env:MAIL_PASSWORD"}
    with mail_server(certificate.context, needs_login=True) as server:
        failure = failed(opened(server, ca_file=str(certificate.path), **login), note())
    assert isinstance(failure, Unreachable)
    assert failure.reason.startswith("localhost: 535 ")
    assert not failure.is_final
    assert "wrong-horse" not in failure.reason


@contextmanager
def speaking(words: bytes, *, pause: bool = False) -> Iterator[MailServer]:
    """A server that says these words to whoever connects, slowly if told to, and nothing more."""
    over = Event()
    listener = socket.create_server(("127.0.0.1", 0))
    server = MailServer(port=listener.getsockname()[1])

    def speak() -> None:
        sock, _ = listener.accept()
        with sock:
            try:
                for byte in words:
                    sock.sendall(bytes([byte]))
                    server.said += 1
                    if pause and over.wait(0.1):
                        return
            except OSError:
                return

    thread = Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        thread.join(30)
        listener.close()


def test_a_server_that_drips_is_left_at_the_limit(note: Note) -> None:
    with speaking(b"220-" + b"x" * 600, pause=True) as server:
        failure = failed(plainly(server, seconds="1"), note())
    assert (failure.reason, failure.is_final) == ("no answer within 1 s", False)
    # Cut off, far from all it had to say.
    assert server.said < 300


def test_a_handshake_that_drips_is_left_at_the_limit(note: Note) -> None:
    # The head of a TLS record of 16 KiB, whose rest takes its time.
    with speaking(b"\x16\x03\x03\x40\x00" + b"\x02" * 600, pause=True) as server:
        failure = failed(opened(server, security="tls", seconds="1"), note())
    assert (failure.reason, failure.is_final) == ("no answer within 1 s", False)
    # Cut off, far from all it had to say.
    assert server.said < 300


def test_a_server_that_is_closed_today_may_be_open_tomorrow(note: Note) -> None:
    with speaking(b"554 5.3.2 no service\r\n") as server:
        failure = failed(plainly(server), note())
    assert (failure.reason, failure.is_final) == ("localhost: 554 5.3.2 no service", False)
    assert not failed(plainly(MailServer(port=server.port)), note()).is_final


def test_what_a_server_says_is_printed_on_one_line(note: Note) -> None:
    with speaking(b"554-\x1b[2J" + b"a" * 400 + b"\r\n554 b\r\n") as server:
        failure = failed(plainly(server), note())
    assert failure.reason.isprintable()
    assert len(failure.reason) == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ops@acme.example", "ops@acme.example"),
        ("o'brien+alerts@ACME.example", "o'brien+alerts@acme.example"),
        ("ops@bücher.example.", "ops@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_a_mailbox_has_its_domain_as_the_network_knows_it(text: str, expected: str) -> None:
    assert mailbox("to", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "acme.example",
        "a@b@acme.example",
        "a@acme.example, b@acme.example",
        "Ops <ops@acme.example>",
        "<ops@acme.example>",
        '"a b"@acme.example',
        "ops(comment)@acme.example",
        "a..b@acme.example",
        ".a@acme.example",
        "müller@acme.example",
        "ops@große.example",
        "ops@[127.0.0.1]",
        "ops@-acme.example",
        "ops@acme..example",
        "ops@acme.example\n",
        "a" * 65 + "@acme.example",
        "a@" + "b." * 130 + "example",
        "ops@" + "a" * 64 + ".example",
    ],
)
def test_what_is_not_one_mailbox_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not one mailbox"):
        mailbox("to", text)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"security": "ssl"}, "email: security is one of starttls, tls, none"),
        (
            {"security": "none", "host": "mail.example"},
            "email: mail.example is not this machine, and security is none",
        ),
        ({"username": "a"}, "email: username and password go together"),
        ({"username": "a", "password": "env:UMLAUT"}, "email: username and password are ASCII"),
        ({"port": "0"}, "email: port must be a whole number from 1 to 65535, not '0'"),
        ({"port": "smtp"}, "email: port must be a whole number from 1 to 65535, not 'smtp'"),
        ({"sender": "Seller <a@b.example>"}, "email: sender: 'Seller <a@b.example>' is not one"),
        ({"reply_to": "nobody"}, "email: reply_to: 'nobody' is not one mailbox"),
        ({"ca_file": "/nowhere/ca.pem"}, "email: ca_file: /nowhere/ca.pem: "),
        ({"username": "a", "password": "secret"}, "email: password must say where the secret is"),
    ],
)
def test_a_wrong_setting_is_named(
    settings: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UMLAUT", "gröβe")
    with pytest.raises(InvalidInput) as refusal:
        opened(None, **settings)
    assert refusal.value.detail.startswith(words)


def test_the_port_goes_with_the_security() -> None:
    known = {"host": "localhost", "sender": "a@b.example"}
    ports = {
        security: getattr(channel_named("email", known | {"security": security}), "port")  # noqa: B009
        for security in ("starttls", "tls", "none")
    }
    assert ports == {"starttls": 587, "tls": 465, "none": 25}
