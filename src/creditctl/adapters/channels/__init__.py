"""Channels: how a notification reaches somebody; one module per kind, loaded when it is used."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from creditctl.adapters.channels.interface import Channel
from creditctl.errors import InvalidInput

CHANNELS = {
    "email": "creditctl.adapters.channels.email",
    "webhook": "creditctl.adapters.channels.webhook",
    "pagerduty": "creditctl.adapters.channels.pagerduty",
    "command": "creditctl.adapters.channels.command",
}
"""Kind of channel -> module, which offers `open_channel(settings)`."""


def channel_named(kind: str, settings: Mapping[str, str]) -> Channel:
    """The channel, with its own settings by name; raises InvalidInput for what is unknown."""
    if kind not in CHANNELS:
        raise InvalidInput(f"unknown channel {kind!r}", hint=f"channels: {', '.join(CHANNELS)}")
    return cast(Channel, import_module(CHANNELS[kind]).open_channel(settings))
