"""PagerDuty's Events API v2: an alert that a recovery resolves, and changes that wake up nobody.

Source: PagerDuty/developer-docs, docs/events-API-v2: 01-Overview, 02-Trigger-Events,
03-Change-Events. Change events have neither action, dedup key nor severity; integration keys of
rulesets, which begin with R, take none.
"""

import hashlib
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from creditctl.adapters.channels.attempt import LONGEST_DELIVERY, attempt, one_line
from creditctl.adapters.channels.connection import tls_context
from creditctl.adapters.channels.http_post import outcome, post, read_url
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message
from creditctl.adapters.settings import checked_url, read_settings
from creditctl.errors import InvalidInput

_KEY = re.compile(r"[A-Za-z0-9]{32}")
_LONGEST_SUMMARY = 1024
_LONGEST_DEDUP_KEY = 255
_FINAL = frozenset({HTTPStatus.BAD_REQUEST})


@dataclass(frozen=True, slots=True)
class PagerdutySettings:
    """Where the API is."""

    address: str = "https://events.pagerduty.com"
    """In Europe `https://events.eu.pagerduty.com`."""

    seconds: int = LONGEST_DELIVERY


@dataclass(frozen=True, slots=True)
class Pagerduty:
    """Sends events; the destination's address is its integration key."""

    settings: PagerdutySettings
    context: ssl.SSLContext = field(repr=False)

    def deliver(self, message: Message, *, to: str, secrets: tuple[str, ...], at: datetime) -> str:
        """What the API answers; only what it calls a bad request is final."""
        with attempt(self.settings.seconds) as deadline:
            self.check(to)
            if message.action == "inform" and to.startswith("R"):
                raise DeliveryFailed("a ruleset takes no change events", is_final=True)
            place = "/v2/change/enqueue" if message.action == "inform" else "/v2/enqueue"
            target = read_url(self.settings.address + place)
            body = json.dumps(_event(message, to)).encode()
            answer = post(target, body, {}, context=self.context, deadline=deadline)
            return outcome(answer, final=_FINAL, at=at)

    def check(self, to: str) -> None:
        """An integration key: 32 letters and digits."""
        if not _KEY.fullmatch(to):
            raise InvalidInput(
                "that is not an integration key",
                hint="it has 32 letters and digits; PagerDuty shows it under Integrations",
            )


def open_channel(settings: Mapping[str, str]) -> Channel:
    """The channel with these settings; raises InvalidInput."""
    read = read_settings(PagerdutySettings, "pagerduty", settings, longest=LONGEST_DELIVERY)
    address = checked_url("pagerduty: address", read.address)
    read_url(address)
    return Pagerduty(PagerdutySettings(address, read.seconds), tls_context("pagerduty", None))


def _event(message: Message, routing_key: str) -> dict[str, Any]:
    payload = {
        "summary": one_line(message.summary, _LONGEST_SUMMARY),
        "source": message.organization,
        "timestamp": message.occurred_at.isoformat(),
        "custom_details": _details(message.payload),
    }
    if message.action == "inform":
        return {"routing_key": routing_key, "payload": payload}
    return {
        "routing_key": routing_key,
        "event_action": message.action,
        "dedup_key": _dedup_key(message.dedup_key),
        "client": "creditctl",
        "payload": payload | {"severity": message.severity, "class": message.event},
    }


def _dedup_key(key: str) -> str:
    """The key, or its digest where it is longer than the API takes."""
    if len(key) <= _LONGEST_DEDUP_KEY:
        return key
    return hashlib.sha256(key.encode()).hexdigest()


def _details(payload: str) -> dict[str, Any]:
    document = json.loads(payload)
    return document if isinstance(document, dict) else {"payload": document}
