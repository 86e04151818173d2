"""What every channel does: hand over one message, once, and say how that went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A notification as it was frozen when it was written; the same on every attempt."""

    id: str
    """The same on every attempt, so that a receiver knows a repetition."""

    event: str
    """What happened, such as `budget.exceeded`."""

    action: str
    """`trigger`, `resolve`, or `inform` for what needs no recovery."""

    severity: str
    """`critical`, `error`, `warning` or `info`."""

    dedup_key: str
    """The same for a trigger and its recovery."""

    occurred_at: datetime
    organization: str
    summary: str
    """One line."""

    payload: str
    """JSON, sent byte for byte."""

    text: str
    html: str


class DeliveryFailed(Exception):
    """The message was not accepted; `is_final` says that trying again cannot help."""

    def __init__(
        self, reason: str, *, is_final: bool = False, retry_after: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.retry_after = retry_after
        """Seconds that the receiver asked to be left alone."""


class Unreachable(DeliveryFailed):
    """Whoever takes messages could not be reached, or lets us not in: no other one gets further."""


class Channel(Protocol):
    """One opened channel; settings and secrets were read when it was opened."""

    def deliver(self, message: Message, *, to: str, secrets: tuple[str, ...], at: datetime) -> str:
        """Hand the message over, within 10 seconds; returns what the receiver said, in short.

        `to` is the destination's address (URL, mailbox, routing key, command), `secrets` are its
        signing secrets, the newest first. Raises DeliveryFailed, and nothing else.
        """
        ...

    def check(self, to: str) -> None:
        """Raise InvalidInput for an address that this channel can never deliver to."""
        ...


Settings = Mapping[str, str]
"""A channel's own settings, such as `[channels.email]` in the configuration."""
