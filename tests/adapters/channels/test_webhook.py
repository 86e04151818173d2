"""Webhooks: what a receiver can verify, and where a URL never leads."""

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from adapters.channels.conftest import Certificate, Note
from adapters.channels.http_receivers import (
    Receiver,
    Serve,
    answering,
    drip,
    hang,
    huge_body,
    huge_head,
    no_http,
    receiving,
    reset_after_reading,
)
from adapters.payments.local_servers import unheard
from creditctl import __version__
from creditctl.adapters.channels import channel_named
from creditctl.adapters.channels.connection import tls_context
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message
from creditctl.errors import InvalidInput

OLD = "whsec_" + "b2xkIHNlY3JldCBvZiAzMiBieXRlcyBhdCBsZWFzdA=="
NEW = "whsec_" + "bmV3IHNlY3JldCBvZiAzMiBieXRlcyBhdCBsZWFzdA=="
AT = datetime(2026, 11, 1, 9, 31, 0, 999_999, tzinfo=UTC)
WELL = answering("200 OK")

INNER = ["10.0.0.5", "169.254.169.254", "::1", "::ffff:10.0.0.5", "0.0.0.0"]

Resolver = Callable[..., list[str]]


def opened(**settings: str) -> Channel:
    """A channel that may post to this machine in the clear."""
    ours = {"allow_networks": "127.0.0.0/8", "allow_http": "127.0.0.1, hooks.example"}
    return channel_named("webhook", ours | {"seconds": "5"} | settings)


def deliver(channel: Channel, message: Message, to: str, *secrets: str) -> str:
    return channel.deliver(message, to=to, secrets=secrets or (NEW,), at=AT)


def failed(channel: Channel, message: Message, to: str, *secrets: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        deliver(channel, message, to, *secrets)
    return failure.value


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let names lead to these addresses, one list a question; returns what was asked for."""

    def lead(*answers: list[str]) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
            asked.append(host)
            return [
                (socket.AF_INET6, options["type"], 6, "", (address, port, 0, 0))
                if ":" in address
                else (socket.AF_INET, options["type"], 6, "", (address, port))
                for address in answers[len(asked) - 1]
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return lead


def test_the_payload_arrives_byte_for_byte_and_is_signed(note: Note) -> None:
    from standardwebhooks import Webhook

    now = datetime.now(UTC)  # noqa: TID251 - the verifier looks at the real clock
    with receiving(WELL) as receiver:
        url = f"{receiver.url}/alerts?kind=hard"
        assert opened().deliver(note(), to=url, secrets=(NEW,), at=now) == "200 OK"

    head = receiver.head()
    assert head[""] == "POST /alerts?kind=hard HTTP/1.1"
    assert head["host"] == f"127.0.0.1:{receiver.port}"
    assert head["user-agent"] == f"creditctl/{__version__}"
    assert head["content-type"] == "application/json"
    assert head["webhook-id"] == "ntf_01JDXYZ"
    assert head["webhook-timestamp"] == str(int(now.timestamp()))
    assert receiver.body() == note().payload.encode()
    assert Webhook(NEW).verify(receiver.body(), head)["type"] == "budget.exceeded"


def test_while_a_secret_is_changed_receivers_may_have_either(note: Note) -> None:
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    now = datetime.now(UTC)  # noqa: TID251 - the verifier looks at the real clock
    with receiving(WELL) as receiver:
        opened().deliver(note(), to=receiver.url, secrets=(NEW, OLD), at=now)

    head, body = receiver.head(), receiver.body()
    for secret in (NEW, OLD):
        Webhook(secret).verify(body, head)
    first, second = head["webhook-signature"].split(" ")
    Webhook(NEW).verify(body, head | {"webhook-signature": first})
    Webhook(OLD).verify(body, head | {"webhook-signature": second})
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "c29tZWJvZHkgZWxzZQ==").verify(body, head)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body.replace(b"1000", b"9999"), head)


def test_every_attempt_has_the_same_id_and_a_signature_of_its_own(note: Note) -> None:
    with receiving(WELL) as receiver:
        for minutes in (0, 5):
            later = AT + timedelta(minutes=minutes)
            opened().deliver(note(), to=receiver.url, secrets=(NEW,), at=later)

    first, second = receiver.head(0), receiver.head(1)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 300
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize("secret", ["whsec_", "whsec_é", "whsec_a", ""])
def test_a_secret_that_cannot_sign_is_not_repeated(note: Note, secret: str) -> None:
    with receiving(WELL) as receiver:
        failure = failed(opened(), note(), receiver.url, NEW, secret)
    assert failure.is_final
    assert failure.reason == "a signing secret of the destination is not like whsec_BASE64"
    assert receiver.requests == []


def test_nothing_is_sent_unsigned(note: Note) -> None:
    with receiving(WELL) as receiver, pytest.raises(DeliveryFailed, match="no signing secret"):
        opened().deliver(note(), to=receiver.url, secrets=(), at=AT)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        ("404 Not Found", False),
        ("401 Unauthorized", False),
        ("410 Gone", True),
        ("500 Internal Server Error", False),
        ("599 Whatever \x1b[2J", False),
        ("103 Early Hints", False),
        *((f"{status} Moved", True) for status in (301, 302, 303, 307, 308)),
    ],
)
def test_only_gone_and_redirects_are_final(note: Note, status: str, is_final: bool) -> None:
    with unheard() as elsewhere, receiving(answering(status, f"Location: {elsewhere}")) as receiver:
        failure = failed(opened(), note(), receiver.url)
    assert failure.is_final is is_final
    assert failure.reason.startswith(status[:3])
    assert failure.reason.isprintable()
    assert ("redirects are not followed" in failure.reason) is status.startswith("3")
    assert failure.retry_after is None


@pytest.mark.parametrize(
    ("status", "text", "seconds"),
    [
        ("429 Slow", "120", 120),
        ("503 Busy", "0", 0),
        ("503 Busy", "86400", 3600),
        ("503 Busy", "9" * 400, 3600),
        ("503 Busy", "Sun, 01 Nov 2026 09:33:01 GMT", 120),
        ("503 Busy", "Sun, 01 Nov 2026 23:00:00 GMT", 3600),
        ("503 Busy", "Sun, 01 Nov 2026 09:00:00 GMT", 0),
        ("503 Busy", "Sun, 01 Nov 2026 09:33:01", None),
        ("503 Busy", "soon", None),
        ("503 Busy", "-5", None),
        ("500 Oops", "120", None),
    ],
)
def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(
    note: Note, status: str, text: str, seconds: int | None
) -> None:
    with receiving(answering(status, f"Retry-After: {text}")) as receiver:
        failure = failed(opened(), note(), receiver.url)
    assert (failure.retry_after, failure.is_final) == (seconds, False)


@pytest.mark.parametrize(
    ("serve", "reason"),
    [
        (hang, "no answer within 1 s"),
        (drip, "no answer within 1 s"),
        (reset_after_reading, "ConnectionResetError: [Errno 104] Connection reset by peer"),
        (huge_head, "the answer broke off, or is not HTTP"),
        (no_http, "the answer broke off, or is not HTTP"),
    ],
)
def test_a_receiver_that_misbehaves_is_tried_again(note: Note, serve: Serve, reason: str) -> None:
    with receiving(serve) as receiver:
        failure = failed(opened(seconds="1"), note(), receiver.url)
        assert receiver.served.wait(30)
    assert (failure.reason, failure.is_final) == (reason, False)
    assert len(receiver.requests) == 1
    # Cut off, far from all it had to say.
    assert receiver.sent < 4 << 20


def test_an_answer_of_any_length_costs_nothing(note: Note) -> None:
    with receiving(huge_body) as receiver:
        assert deliver(opened(), note(), receiver.url) == "200 OK"
        assert receiver.served.wait(30)
    assert receiver.sent < 64 << 20


def test_a_name_is_looked_up_once_and_the_answer_is_what_is_connected_to(
    note: Note, names: Resolver
) -> None:
    asked = names(["127.0.0.1"], ["169.254.169.254"])
    with receiving(WELL) as receiver:
        deliver(opened(), note(), f"http://hooks.example:{receiver.port}/")
    assert asked == ["hooks.example"]
    assert receiver.head()["host"] == f"hooks.example:{receiver.port}"


@pytest.mark.parametrize(
    "inner", ["10.0.0.5", "169.254.169.254", "::1", "::ffff:10.0.0.5", "0.0.0.0"]
)
@pytest.mark.parametrize("public_first", [True, False])
def test_a_name_that_leads_inside_is_not_followed_even_in_part(
    note: Note, names: Resolver, inner: str, public_first: bool
) -> None:
    asked = names(["127.0.0.1", inner] if public_first else [inner, "127.0.0.1"])
    with receiving(WELL) as receiver:
        failure = failed(opened(), note(), f"http://hooks.example:{receiver.port}/")
    assert failure.reason == f"hooks.example leads to {inner}, which is not public"
    assert not failure.is_final
    assert asked == ["hooks.example"]
    assert receiver.requests == []


def test_an_address_that_is_down_does_not_hide_the_next(note: Note, names: Resolver) -> None:
    names(["127.0.0.2", "127.0.0.1"])
    with receiving(WELL) as receiver:
        deliver(opened(), note(), f"http://hooks.example:{receiver.port}/")
    assert len(receiver.requests) == 1


def test_a_resolver_that_hangs_is_left_at_the_limit(
    note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    failure = failed(opened(seconds="1"), note(), "https://hooks.example/")
    over.set()
    assert (failure.reason, failure.is_final) == ("no answer within 1 s", False)


def test_a_name_that_does_not_exist_may_exist_tomorrow(note: Note) -> None:
    failure = failed(opened(), note(), "https://nowhere.invalid/")
    assert failure.reason.startswith("OSError: nowhere.invalid: ")
    assert not failure.is_final


def test_no_proxy_of_the_environment_is_asked(note: Note, monkeypatch: pytest.MonkeyPatch) -> None:
    with unheard() as proxy, receiving(WELL) as receiver:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        deliver(opened(), note(), receiver.url)
    assert receiver.head()[""] == "POST / HTTP/1.1"


def over_tls(
    certificate: Certificate, note: Note, host: str, **settings: str
) -> tuple[Receiver, list[str | None], str]:
    """Post to that name over TLS: the receiver, the names it was called, and what came of it."""
    called: list[str | None] = []
    certificate.context.sni_callback = lambda *given: called.append(given[1])
    with receiving(WELL, certificate.context) as receiver:
        try:
            said = deliver(opened(**settings), note(), f"https://{host}:{receiver.port}/a")
        except DeliveryFailed as failure:
            said = f"{failure.reason} (final: {failure.is_final})"
    certificate.context.sni_callback = None
    return receiver, called, said


def test_the_certificate_is_that_of_the_name_not_of_the_address(
    note: Note, names: Resolver, certificate: Certificate
) -> None:
    names(["127.0.0.1"])
    ours = str(certificate.path)
    receiver, called, said = over_tls(certificate, note, "hooks.example", ca_file=ours)
    assert (called, said) == (["hooks.example"], "200 OK")
    assert receiver.head()["host"] == f"hooks.example:{receiver.port}"


@pytest.mark.parametrize("wrong", ["another name", "unknown authority"])
def test_a_receiver_that_cannot_prove_its_name_gets_nothing(
    note: Note, names: Resolver, certificate: Certificate, wrong: str
) -> None:
    names(["127.0.0.1"])
    settings = {"ca_file": str(certificate.path)} if wrong == "another name" else {}
    host = "other.example" if wrong == "another name" else "hooks.example"
    receiver, _, said = over_tls(certificate, note, host, **settings)
    assert "certificate verify failed" in said
    assert said.endswith("(final: False)")
    assert receiver.requests == []


def test_certificates_are_verified_by_default() -> None:
    context: ssl.SSLContext = getattr(channel_named("webhook", {}), "context")  # noqa: B009
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.other/", "is not encrypted"),
        ("ftp://hooks.example/", "is no URL to post to"),
        ("file:///etc/passwd", "is no URL to post to"),
        ("https:///path", "is no URL to post to"),
        ("https://hooks.example:0/", "is no URL to post to"),
        ("https://hooks.example:65536/", "cannot be read"),
        ("https://user@hooks.example/", "has a user"),
        ("https://user:pass@hooks.example/", "has a user"),
        ("https://@hooks.example/", "has a user"),
        ("https://hooks.example/#a", "fragment"),
        ("https://hooks.example/\r\nX-Evil: 1", "characters that no URL has"),
        ("https://hooks.example\\@10.0.0.1/", "characters that no URL has"),
        ("https://hooks.example/ü", "not ASCII"),
        ("https://hooks..example/", "cannot be read"),
        ("https://hooks%2eexample/", "cannot be read"),
        ("https://große.example/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://" + "a" * 2000 + "/", "too long"),
        ("https://10.0.0.1/", "is not a public address"),
        ("https://[::1]/", "is not a public address"),
        ("https://[::ffff:169.254.169.254]/", "is not a public address"),
        ("https://169.254.169.254/latest/meta-data/", "is not a public address"),
        ("https://2130706433/", "in disguise"),
        ("https://0x7f.1/", "in disguise"),
        ("https://①②⑦.⓪.⓪.①/", "is not a public address"),
        ("https://10。0。0。1/", "is not a public address"),
    ],
)
def test_a_url_that_nobody_may_post_to_is_refused(note: Note, url: str, words: str) -> None:
    channel = opened(allow_networks="")
    with pytest.raises(InvalidInput, match=words):
        channel.check(url)
    failure = failed(channel, note(), url)
    assert failure.is_final
    assert failure.reason.isprintable()


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example",
        "https://hooks.example:8443/a/b?c=d%20e",
        "https://bücher.example/",
        "https://my_hooks.example./",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]:8443/",
        "http://hooks.example/",
        "http://HOOKS.example/",
        "https://127.0.0.1/",
    ],
)
def test_a_url_that_may_be_posted_to_is_taken(url: str) -> None:
    opened().check(url)


def test_the_systems_authorities_are_read_once_and_nobody_adds_to_them(
    certificate: Certificate,
) -> None:
    shared = tls_context("webhook", None)
    before = shared.cert_store_stats()
    own = tls_context("webhook", str(certificate.path))
    assert tls_context("email", None) is shared
    assert own is not shared
    assert own is not tls_context("webhook", str(certificate.path))
    assert shared.cert_store_stats() == before
    assert own.cert_store_stats()["x509"] == before["x509"] + 1
