"""What webhooks and commands receive: one JSON document, `creditctl.event/v1`.

It is published by `creditctl schema event` and changes additively within a version (DESIGN 5).
"""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from creditctl.rules.events import Action, Event, Level, Severity, Subject
from creditctl.rules.instants import instant_text
from creditctl.rules.units import Credits

SCHEMA = "creditctl.event/v1"
VERSION = 1


@dataclass(frozen=True, slots=True)
class EventPayload:
    """An event as it is delivered to programs; amounts are exact decimals in `unit`."""

    id: str
    """The notification's, the same on every attempt."""

    type: str
    version: int
    occurred_at: datetime
    level: Level
    action: Action
    severity: Severity
    dedup_key: str
    summary: str
    organization: Subject | None
    rule: str
    limit: Decimal | None
    usage: Decimal | None
    unit: str
    balance: Credits | None
    window: str
    window_starts_at: datetime | None
    resets_at: datetime | None
    note: str | None
    commands: tuple[str, ...]
    """What shows more at a shell."""

    url: str | None
    """Where the console shows more, if one is configured."""


def payload_of(
    event: Event, notification: str, commands: tuple[str, ...], url: str | None
) -> EventPayload:
    """The payload of one notification."""
    return EventPayload(
        id=notification,
        type=event.name,
        version=VERSION,
        occurred_at=event.occurred_at,
        level=event.kind.level,
        action=event.kind.action,
        severity=event.kind.severity,
        dedup_key=event.dedup_key,
        summary=event.summary,
        organization=event.organization,
        rule=event.rule,
        limit=None if event.limit is None else Decimal(str(event.limit)),
        usage=None if event.usage is None else Decimal(str(event.usage)),
        unit=event.unit,
        balance=event.balance,
        window=event.window,
        window_starts_at=event.window_starts_at,
        resets_at=event.resets_at,
        note=event.note or None,
        commands=commands,
        url=url,
    )


def payload_json(payload: EventPayload) -> str:
    """The document, byte for byte as it is signed and sent."""
    document = {"schema": SCHEMA, "data": _plain(payload)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, EventPayload | Subject):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Credits):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
