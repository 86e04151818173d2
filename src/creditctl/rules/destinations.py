"""Addresses that people may see, and the secrets that webhooks are signed with."""

import base64
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

SECRET_BYTES = 32
_PREFIX = "whsec_"
SIGNED = frozenset({"webhook"})
"""Channels whose messages carry a signature."""

_KEY_IS_ADDRESS = frozenset({"pagerduty"})
_SHOWN_OF_KEY = 4


def secret_text(entropy: bytes) -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and base 64."""
    return _PREFIX + base64.b64encode(entropy).decode()


def secrets_in_force(
    current: str | None, previous: str | None, previous_until: datetime | None, at: datetime
) -> tuple[str, ...]:
    """What to sign with at that time, the newest first: both while receivers change over."""
    if current is None:
        return ()
    if previous is None or previous_until is None or previous_until <= at:
        return (current,)
    return (current, previous)


def shown_address(channel: str, address: str) -> str:
    """An address without what opens something: passwords, queries of URLs, routing keys."""
    if channel in _KEY_IS_ADDRESS:
        return f"…{address[-_SHOWN_OF_KEY:]}" if len(address) > 2 * _SHOWN_OF_KEY else "…"
    if "://" not in address:
        return address
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))
