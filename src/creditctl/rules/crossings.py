"""Crossings: a line tells once per window and place that it was crossed, and when it recovers.

An alert belongs to a line, its revision and its window (DESIGN 3.6). What recovers and is crossed
again in the same window is open again, and nobody is told twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.budgets import Reading


@dataclass(frozen=True, slots=True)
class Crossing:
    """One that was written; without an end of its window it lasts until it recovers."""

    id: int
    line: str
    revision: int
    window_starts_at: datetime
    window_ends_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class CrossingChanges:
    """What a check has to write."""

    crossed: tuple[Reading, ...]
    reopened: tuple[Crossing, ...]
    recovered: tuple[Crossing, ...]
    missed: tuple[Reading, ...] = ()
    """Crossed in a window that ended before a check could see it: told, and over at once."""

    def __bool__(self) -> bool:
        return bool(self.crossed or self.reopened or self.recovered or self.missed)


def crossing_changes(
    readings: Iterable[Reading],
    known: Iterable[Crossing],
    now: datetime,
    missed: Iterable[Reading] = (),
) -> CrossingChanges:
    """Compare the lines that are crossed with the crossings that are open or of these windows.

    A line that moved, was removed or whose window is over has recovered. `missed` are readings of
    windows that ended since the last check.
    """
    crossed: list[Reading] = []
    reopened: list[Crossing] = []
    still: set[int] = set()
    known = tuple(known)
    for reading in readings:
        if not reading.is_crossed:
            continue
        same = [one for one in known if _is_of(one, reading, now)]
        if not same:
            crossed.append(reading)
            continue
        still.update(one.id for one in same)
        reopened += [one for one in same if not one.is_open]
    recovered = [one for one in known if one.is_open and one.id not in still]
    untold = [
        reading
        for reading in missed
        if reading.is_crossed and not any(_is_of(one, reading, now) for one in known)
    ]
    return CrossingChanges(tuple(crossed), tuple(reopened), tuple(recovered), tuple(untold))


def _is_of(crossing: Crossing, reading: Reading, now: datetime) -> bool:
    if (crossing.line, crossing.revision) != (reading.line.id, reading.line.revision):
        return False
    if reading.window is None:
        # Two checks at one instant are one: what recovered in between never did.
        return crossing.is_open or crossing.window_starts_at == now
    return crossing.window_starts_at == reading.window.starts_at
