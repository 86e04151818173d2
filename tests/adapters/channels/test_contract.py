"""What every registered channel promises, whatever it is."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.channels.conftest import Note
from adapters.channels.http_receivers import answering, hang, receiving
from adapters.channels.mail_server import mail_server
from creditctl.adapters.channels import CHANNELS, channel_named
from creditctl.adapters.channels.interface import Channel, DeliveryFailed
from creditctl.errors import InvalidInput

AT = datetime(2026, 11, 1, 9, 31, tzinfo=UTC)
SECRETS = ("whsec_" + "c2VjcmV0IG9mIHRoZSByZWNlaXZlcg==",)

Opened = tuple[Channel, str]
"""A channel, and the address of the peer it is before."""


@contextmanager
def email(behaviour: str, folder: Path) -> Iterator[Opened]:
    answers = {"final": {"rcpt": "550 5.1.1 no such mailbox"}, "busy": {"rcpt": "451 4.7.1 later"}}
    with mail_server(**answers.get(behaviour, {}), hangs=behaviour == "hangs") as server:
        settings = {"host": "127.0.0.1", "port": str(server.port), "security": "none"}
        settings |= {"sender": "billing@seller.example", "seconds": "1"}
        yield channel_named("email", settings), "ops@acme.example"


@contextmanager
def webhook(behaviour: str, folder: Path) -> Iterator[Opened]:
    statuses = {"accepts": "204 No Content", "final": "410 Gone", "busy": "500 Oops"}
    serve = hang if behaviour == "hangs" else answering(statuses[behaviour])
    with receiving(serve) as receiver:
        settings = {"allow_networks": "127.0.0.0/8", "allow_http": "127.0.0.1", "seconds": "1"}
        yield channel_named("webhook", settings), f"{receiver.url}/alerts"


@contextmanager
def pagerduty(behaviour: str, folder: Path) -> Iterator[Opened]:
    statuses = {"accepts": "202 Accepted", "final": "400 Bad Request", "busy": "429 Slow down"}
    serve = hang if behaviour == "hangs" else answering(statuses[behaviour])
    with receiving(serve) as receiver:
        yield channel_named("pagerduty", {"address": receiver.url, "seconds": "1"}), "0a" * 16


@contextmanager
def command(behaviour: str, folder: Path) -> Iterator[Opened]:
    endings = {"accepts": "sys.exit(0)", "final": "sys.exit(78)", "busy": "sys.exit(75)"}
    script = folder / "post.py"
    script.write_text(f"import sys, time\n{endings.get(behaviour, 'time.sleep(30)')}\n")
    settings = {"chat": f"{sys.executable} -S {script}", "seconds": "1"}
    if behaviour != "hangs":
        del settings["seconds"]
    yield channel_named("command", settings), "chat"


PEERS: Mapping[str, Callable[[str, Path], AbstractContextManager[Opened]]] = {
    "email": email,
    "webhook": webhook,
    "pagerduty": pagerduty,
    "command": command,
}
every_channel = pytest.mark.parametrize("kind", CHANNELS)


@every_channel
def test_what_is_accepted_is_delivered_and_may_be_delivered_again(
    kind: str, note: Note, tmp_path: Path
) -> None:
    with PEERS[kind]("accepts", tmp_path) as (channel, to):
        channel.check(to)
        said = channel.deliver(note(), to=to, secrets=SECRETS, at=AT)
        assert said
        assert channel.deliver(note(), to=to, secrets=SECRETS, at=AT) == said


@every_channel
@pytest.mark.parametrize(("behaviour", "is_final"), [("final", True), ("busy", False)])
def test_a_refusal_says_whether_it_is_for_good(
    kind: str, behaviour: str, is_final: bool, note: Note, tmp_path: Path
) -> None:
    with (
        PEERS[kind](behaviour, tmp_path) as (channel, to),
        pytest.raises(DeliveryFailed) as failure,
    ):
        channel.deliver(note(), to=to, secrets=SECRETS, at=AT)
    assert failure.value.is_final is is_final
    assert failure.value.reason


@every_channel
def test_a_peer_that_hangs_is_left_at_the_limit(kind: str, note: Note, tmp_path: Path) -> None:
    with PEERS[kind]("hangs", tmp_path) as (channel, to), pytest.raises(DeliveryFailed) as failure:
        channel.deliver(note(), to=to, secrets=SECRETS, at=AT)
    assert (failure.value.reason, failure.value.is_final) == ("no answer within 1 s", False)


@every_channel
@pytest.mark.parametrize(
    "to", ["", "a b", "a\r\nBcc: b@b.example", "\x00", "é", "@", "://", "\ud800"]
)
def test_an_address_that_is_none_is_refused_before_and_fails_for_good_after(
    kind: str, to: str, note: Note, tmp_path: Path
) -> None:
    with PEERS[kind]("accepts", tmp_path) as (channel, _):
        with pytest.raises(InvalidInput):
            channel.check(to)
        with pytest.raises(DeliveryFailed) as failure:
            channel.deliver(note(), to=to, secrets=SECRETS, at=AT)
    assert failure.value.is_final


@every_channel
@pytest.mark.parametrize("member", ["id", "event", "summary", "organization", "dedup_key"])
@pytest.mark.parametrize("text", ["", "a\r\nX-Evil: 1", "\x00\x1b[2J", "ß😀" * 2000, "\ud800"])
def test_whatever_a_message_says_nothing_but_a_failed_delivery_is_raised(
    kind: str, member: str, text: str, note: Note, tmp_path: Path
) -> None:
    with PEERS[kind]("accepts", tmp_path) as (channel, to):
        try:
            said = channel.deliver(note(**{member: text}), to=to, secrets=SECRETS, at=AT)
        except DeliveryFailed as failure:
            said = failure.reason
    assert said.isprintable()


@every_channel
@pytest.mark.parametrize("payload", ["", "[1]", "no json", "\ud800"])
def test_whatever_a_payload_is_nothing_but_a_failed_delivery_is_raised(
    kind: str, payload: str, note: Note, tmp_path: Path
) -> None:
    with PEERS[kind]("accepts", tmp_path) as (channel, to):
        try:
            said = channel.deliver(note(payload=payload), to=to, secrets=SECRETS, at=AT)
        except DeliveryFailed as failure:
            said = failure.reason
    assert said.isprintable()


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("fax", {}, "unknown channel 'fax'"),
        ("email", {"host": "mail.example"}, "email: sender is not set"),
        ("email", {"server": "x"}, "email: unknown setting 'server'"),
        ("webhook", {"proxy": "x"}, "webhook: unknown setting 'proxy'"),
        ("pagerduty", {"address": "ftp://x"}, "pagerduty: address: 'ftp://x' is not encrypted"),
        ("command", {"chat": "post"}, "command: chat does not begin with the path of a program"),
        ("command", {"chat": '/bin/post "'}, "command: chat: No closing quotation"),
        *(
            (kind, {"seconds": "11"}, f"{kind}: seconds must be 1 to 10 seconds, not '11'")
            for kind in ("webhook", "pagerduty", "command")
        ),
    ],
)
def test_a_wrong_setting_is_named(kind: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        channel_named(kind, settings)
    assert refusal.value.detail == words
