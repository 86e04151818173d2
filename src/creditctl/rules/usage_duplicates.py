"""When two records are one event (DESIGN 3.5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from creditctl.rules.instants import MICROS_PER_HOUR


class Sighting(NamedTuple):
    """When an id was seen, and with what request."""

    occurred_at: int
    request: tuple[int, int | None, int, int, int]
    """Organization, key, endpoint, status, units."""


class Sighted(Protocol):
    """An event that can be compared with earlier ones."""

    @property
    def event_id(self) -> bytes:
        """16 bytes."""

    @property
    def sighting(self) -> Sighting:
        """When, and with what request."""


Event = TypeVar("Event", bound=Sighted)
Known = dict[bytes, list[Sighting]]
"""Accepted events by id; `sift` adds to it."""


@dataclass(slots=True)
class Sifted(Generic[Event]):
    """What a sift leaves: the new events, in order; duplicates counted, conflicts kept."""

    new: list[Event] = field(default_factory=list)
    conflicts: list[Event] = field(default_factory=list)
    duplicates: int = 0
    reused: int = 0
    """New events whose id was accepted before, outside of the window."""


def sift(events: Iterable[Event], known: Known, window: int) -> Sifted[Event]:
    """Compare each event with the accepted ones before it; `window` is in microseconds.

    The same id within the window, or in the same UTC hour (an event's place in the database), is
    a duplicate if it tells of the same request, otherwise a conflict. Later it is a new event.
    """
    sifted: Sifted[Event] = Sifted()
    for event in events:
        sighting = event.sighting
        earlier = known.get(event.event_id, ())
        near = [seen for seen in earlier if _is_near(seen, sighting, window)]
        if not near:
            sifted.reused += bool(earlier)
            known.setdefault(event.event_id, []).append(sighting)
            sifted.new.append(event)
        elif any(seen.request == sighting.request for seen in near):
            sifted.duplicates += 1
        else:
            sifted.conflicts.append(event)
    return sifted


def _is_near(one: Sighting, other: Sighting, window: int) -> bool:
    same_hour = one.occurred_at // MICROS_PER_HOUR == other.occurred_at // MICROS_PER_HOUR
    return same_hour or abs(one.occurred_at - other.occurred_at) <= window
