"""PagerDuty events as its published API wants them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.channels.conftest import Note
from adapters.channels.http_receivers import answering, receiving
from creditctl.adapters.channels import channel_named
from creditctl.adapters.channels.interface import DeliveryFailed, Message
from creditctl.errors import InvalidInput

AT = datetime(2026, 11, 1, 9, 31, tzinfo=UTC)
KEY = "0123456789abcdef0123456789ABCDEF"
ACCEPTED = answering("202 Accepted")


def sent(message: Message) -> tuple[str, Any]:
    """The first line and the document of what is posted for that message."""
    with receiving(ACCEPTED) as receiver:
        channel = channel_named("pagerduty", {"address": f"{receiver.url}/"})
        assert channel.deliver(message, to=KEY, secrets=(), at=AT) == "202 Accepted"
    return receiver.head()[""], json.loads(receiver.body())


def test_a_problem_triggers_an_alert(note: Note) -> None:
    line, event = sent(note())
    assert line == "POST /v2/enqueue HTTP/1.1"
    assert event == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "acme/bud_1/2026-11-01",
        "client": "creditctl",
        "payload": {
            "summary": "acme has used its daily budget: 1,000 of 1,000 credits",
            "source": "acme",
            "severity": "critical",
            "class": "budget.exceeded",
            "timestamp": "2026-11-01T09:30:00+00:00",
            "custom_details": {
                "type": "budget.exceeded",
                "data": {"limit": "1000", "name": "Größe"},
            },
        },
    }


def test_its_recovery_resolves_the_same_alert(note: Note) -> None:
    _, first = sent(note())
    line, event = sent(note(action="resolve", event="budget.recovered", severity="info"))
    assert line == "POST /v2/enqueue HTTP/1.1"
    assert event["event_action"] == "resolve"
    assert (event["dedup_key"], event["routing_key"]) == (first["dedup_key"], first["routing_key"])


def test_what_needs_no_recovery_is_a_change_that_wakes_up_nobody(note: Note) -> None:
    line, event = sent(note(action="inform", event="invoice.finalized", severity="info"))
    assert line == "POST /v2/change/enqueue HTTP/1.1"
    assert set(event) == {"routing_key", "payload"}
    assert set(event["payload"]) == {"summary", "source", "timestamp", "custom_details"}


def test_a_ruleset_takes_no_changes(note: Note) -> None:
    with receiving(ACCEPTED) as receiver:
        channel = channel_named("pagerduty", {"address": receiver.url})
        key = "R" + KEY[1:]
        channel.deliver(note(), to=key, secrets=(), at=AT)
        with pytest.raises(DeliveryFailed, match="no change events") as failure:
            channel.deliver(note(action="inform"), to=key, secrets=(), at=AT)
    assert failure.value.is_final
    assert len(receiver.requests) == 1


def test_long_words_are_cut_and_long_keys_stay_different(note: Note) -> None:
    _, event = sent(note(summary="x" * 2000, dedup_key="k" * 255))
    assert len(event["payload"]["summary"]) == 1024
    assert event["dedup_key"] == "k" * 255

    keys = {sent(note(dedup_key="k" * 255 + end))[1]["dedup_key"] for end in ("a", "b", "b")}
    assert [len(key) for key in keys] == [64, 64]


def test_a_payload_that_is_no_object_is_put_into_one(note: Note) -> None:
    assert sent(note(payload="[1]"))[1]["payload"]["custom_details"] == {"payload": [1]}


@pytest.mark.parametrize(
    ("status", "header", "is_final", "retry_after"),
    [
        ("400 Bad Request", "X: 1", True, None),
        ("429 Too Many Requests", "Retry-After: 60", False, 60),
        ("500 Internal Server Error", "X: 1", False, None),
        ("403 Forbidden", "X: 1", False, None),
        ("301 Moved Permanently", "Location: https://elsewhere.example/", True, None),
    ],
)
def test_only_a_bad_request_is_never_repeated(
    note: Note, status: str, header: str, is_final: bool, retry_after: int | None
) -> None:
    with receiving(answering(status, header)) as receiver:
        channel = channel_named("pagerduty", {"address": receiver.url})
        with pytest.raises(DeliveryFailed) as failure:
            channel.deliver(note(), to=KEY, secrets=(), at=AT)
    assert failure.value.reason.startswith(status)
    assert (failure.value.is_final, failure.value.retry_after) == (is_final, retry_after)
    assert KEY not in failure.value.reason


@pytest.mark.parametrize("to", ["", KEY[:-1], f"{KEY}0", f"{KEY}\n", "é" + KEY[1:], "-" + KEY[1:]])
def test_an_integration_key_has_32_letters_and_digits(to: str) -> None:
    channel = channel_named("pagerduty", {})
    channel.check(KEY)
    with pytest.raises(InvalidInput) as refusal:
        channel.check(to)
    assert refusal.value.detail == "that is not an integration key"


def test_it_goes_to_the_published_address_unless_told_otherwise() -> None:
    settings = getattr(channel_named("pagerduty", {}), "settings")  # noqa: B009
    assert settings.address == "https://events.pagerduty.com"
    channel_named("pagerduty", {"address": "https://events.eu.pagerduty.com"})
    with pytest.raises(InvalidInput, match="is not encrypted"):
        channel_named("pagerduty", {"address": "http://events.pagerduty.com"})
