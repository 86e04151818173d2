"""A channel inside the process: it keeps what it was handed, and fails where it is told to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import pytest

from creditctl.adapters.channels.interface import DeliveryFailed, Message
from creditctl.errors import InvalidInput


@dataclass(frozen=True)
class Handed:
    """One attempt, as the channel saw it."""

    message: Message
    to: str
    secrets: tuple[str, ...]
    at: datetime


@dataclass
class RecordingChannel:
    """Accepts everything, except at addresses that have a trouble of their own."""

    handed: list[Handed] = field(default_factory=list)
    troubles: dict[str, Callable[[], str]] = field(default_factory=dict)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _now: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def deliver(self, message: Message, *, to: str, secrets: tuple[str, ...], at: datetime) -> str:
        with self._lock:
            self.handed.append(Handed(message, to, secrets, at))
            self._now[to] += 1
            self.most_at_once[to] = max(self.most_at_once[to], self._now[to])
        try:
            return self.troubles.get(to, lambda: "200 OK")()
        finally:
            with self._lock:
                self._now[to] -= 1

    def check(self, to: str) -> None:
        # Of web and mail alike, for every channel is this one.
        if not to.startswith("https://") and "@" not in to:
            raise InvalidInput(f"{to} is no https:// address")

    def fails(self, to: str, *, is_final: bool = False, retry_after: int | None = None) -> None:
        """From now on that address answers 500."""

        def trouble() -> str:
            raise DeliveryFailed("500 oh no", is_final=is_final, retry_after=retry_after)

        self.troubles[to] = trouble

    def works(self, to: str) -> None:
        self.troubles.pop(to, None)

    def addresses(self) -> list[str]:
        return [one.to for one in self.handed]


def recording_channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    """Every channel is this one until the test ends."""
    channel = RecordingChannel()
    monkeypatch.setattr("creditctl.services.delivery_steps.channel_named", lambda *_: channel)
    return channel
