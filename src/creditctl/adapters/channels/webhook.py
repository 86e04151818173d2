"""Webhooks as Standard Webhooks describes them: one POST, signed, to a public address.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from creditctl.adapters.channels.attempt import LONGEST_DELIVERY, attempt
from creditctl.adapters.channels.connection import tls_context
from creditctl.adapters.channels.http_post import Target, outcome, post, read_url
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message
from creditctl.adapters.channels.public_addresses import AddressGuard, read_networks
from creditctl.adapters.settings import read_settings
from creditctl.errors import InvalidInput

_FINAL = frozenset({HTTPStatus.GONE})
"""Receivers get mended: whatever else they answer may be another answer tomorrow."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Whom we post to besides the public internet."""

    allow_networks: str = ""
    """Networks of one's own, such as `10.0.0.0/8, fd00::/8`."""

    allow_http: str = ""
    """Hosts that are posted to without encryption, separated by commas."""

    ca_file: str | None = None
    """Certificate authorities (PEM) that are trusted besides the system's."""

    seconds: int = LONGEST_DELIVERY


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts the payload as it was frozen; each attempt is signed anew, with the same id."""

    settings: WebhookSettings
    guard: AddressGuard
    plain_hosts: frozenset[str]
    context: ssl.SSLContext = field(repr=False)

    def deliver(self, message: Message, *, to: str, secrets: tuple[str, ...], at: datetime) -> str:
        """The receiver's status; everything but 410 and redirects may be tried again."""
        with attempt(self.settings.seconds) as deadline:
            headers = _signed(message, secrets, at)
            body = message.payload.encode()
            target = self._target(to)
            answer = post(
                target, body, headers, context=self.context, deadline=deadline, guard=self.guard
            )
            return outcome(answer, final=_FINAL, at=at)

    def check(self, to: str) -> None:
        """An https URL whose host is a name or a permitted address."""
        self._target(to)

    def _target(self, url: str) -> Target:
        target = read_url(url)
        if target.scheme != "https" and target.host not in self.plain_hosts:
            raise InvalidInput(f"{url!r} is not encrypted", hint="write it like https://HOST/PATH")
        self.guard.check_host(target.host)
        return target


def open_channel(settings: Mapping[str, str]) -> Channel:
    """The channel with these settings; raises InvalidInput."""
    read = read_settings(WebhookSettings, "webhook", settings, longest=LONGEST_DELIVERY)
    hosts = (host.strip().lower() for host in read.allow_http.split(","))
    return Webhook(
        read,
        AddressGuard(read_networks("webhook: allow_networks", read.allow_networks)),
        frozenset(filter(None, hosts)),
        tls_context("webhook: ca_file", read.ca_file),
    )


def _signed(message: Message, secrets: tuple[str, ...], at: datetime) -> dict[str, str]:
    """The headers, with a signature for each secret: receivers change theirs when they like."""
    import standardwebhooks

    if not secrets:
        raise DeliveryFailed("the destination has no signing secret", is_final=True)
    moment = at.astimezone(UTC)
    try:
        signatures = [
            standardwebhooks.Webhook(secret).sign(message.id, moment, message.payload)
            for secret in secrets
        ]
    except (ValueError, RuntimeError, standardwebhooks.webhooks.EmptyWebhookSecretError):
        # Its words may hold a part of the secret.
        raise DeliveryFailed(
            "a signing secret of the destination is not like whsec_BASE64", is_final=True
        ) from None
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
