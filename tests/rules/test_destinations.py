"""What may be seen of an address, and which secrets sign."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from creditctl.rules.destinations import secret_text, secrets_in_force, shown_address

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("email", "ops@acme.example", "ops@acme.example"),
        ("webhook", "https://acme.example/hook", "https://acme.example/hook"),
        ("webhook", "https://me:pw@acme.example/h?key=1#x", "https://acme.example/h?…"),
        ("pagerduty", "R0123456789ABCDEF", "…CDEF"),
        ("pagerduty", "R012", "…"),
        ("command", "to-chat", "to-chat"),
    ],
)
def test_an_address_is_shown_without_what_opens_something(
    channel: str, address: str, shown: str
) -> None:
    assert shown_address(channel, address) == shown


def test_a_secret_is_written_as_standard_webhooks_does() -> None:
    prefix, _, body = secret_text(b"\xff" * 32).partition("_")
    assert (prefix, base64.b64decode(body)) == ("whsec", b"\xff" * 32)


def test_the_old_secret_signs_beside_the_new_one_until_its_end() -> None:
    assert secrets_in_force(None, None, None, NOW) == ()
    assert secrets_in_force("a", None, None, NOW) == ("a",)
    assert secrets_in_force("b", "a", NOW + timedelta(seconds=1), NOW) == ("b", "a")
    assert secrets_in_force("b", "a", NOW, NOW) == ("b",)
