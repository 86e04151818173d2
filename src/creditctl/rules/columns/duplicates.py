"""Which of many events are new (see `rules.usage_duplicates`, which decides every doubtful one)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.grouping import order_by, order_of
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.usage_duplicates import Known, Sighting, sift


class Suspect(NamedTuple):
    """An event whose id was seen before, here or in the database."""

    place: int
    event_id: bytes
    sighting: Sighting


@dataclass(slots=True)
class Verdict:
    """What the sift leaves of a block: the places of new events, ascending, and of conflicts."""

    new: Column
    conflicts: list[int] = field(default_factory=list)
    duplicates: int = 0
    reused: int = 0
    """New ones whose id was seen before, outside of the window."""


def in_key_order(events: PricedColumns) -> PricedColumns:
    """The events by hour and id, as the database keeps them; equal keys stay in file order."""
    hour = events.event_hour
    rising = _is_rising(hour, events.high)
    if rising:
        return events
    ordered = events.take(order_by((hour, events.high)))
    # The first halves decide almost always; where they do not, the second ones are compared.
    same = (ordered.high[1:] == ordered.high[:-1]) & (ordered.low[1:] < ordered.low[:-1])
    if same.any():
        return events.take(np.lexsort((events.line, events.low, events.high, hour)))
    return ordered


def repeated(events: PricedColumns) -> Column:
    """A mask of the events whose id occurs more than once among them."""
    count = len(events)
    mask = np.zeros(count, bool)
    if count < 2:  # noqa: PLR2004 - one alone repeats nothing
        return mask
    order = None if bool((events.high[1:] >= events.high[:-1]).all()) else order_of(events.high)
    high = events.high if order is None else events.high[order]
    tied = high[1:] == high[:-1]
    if not tied.any():
        return mask
    near = np.zeros(count, bool)
    near[1:] |= tied
    near[:-1] |= tied
    places = np.flatnonzero(near) if order is None else order[near]
    places = places[np.lexsort((events.low[places], events.high[places]))]
    same = (events.high[places][1:] == events.high[places][:-1]) & (
        events.low[places][1:] == events.low[places][:-1]
    )
    mask[places[np.append(False, same) | np.append(same, False)]] = True
    return mask


def judged(
    events: PricedColumns,
    doubtful: Column,
    settled: Column,
    known: Iterable[tuple[bytes, Sighting]],
    window: int,
) -> Verdict:
    """Sift the doubtful events in file order; `settled` ones are duplicates already.

    Both are masks; `known` are the booked sightings of doubtful events, by id.
    """
    places = np.flatnonzero(doubtful & ~settled)
    places = places[np.argsort(events.line[places], kind="stable")]
    suspects = list(map(Suspect, places.tolist(), events.ids(places), events.sightings(places)))
    seen: Known = {}
    for event_id, sighting in known:
        seen.setdefault(event_id, []).append(sighting)
    sifted = sift(suspects, seen, window)
    new = ~(doubtful | settled)
    new[[suspect.place for suspect in sifted.new]] = True
    return Verdict(
        new=np.flatnonzero(new),
        conflicts=[suspect.place for suspect in sifted.conflicts],
        duplicates=sifted.duplicates + int(settled.sum()),
        reused=sifted.reused,
    )


def rejudged(
    verdict: Verdict,
    events: PricedColumns,
    repeats: Column,
    doubtful: Column,
    settled: Column,
    known: Iterable[tuple[bytes, Sighting]],
    window: int,
) -> Verdict:
    """The verdict without knowledge, corrected by what is known of the ids of doubtful events.

    An id is doubtful in all of its events or in none. `repeats` is the mask of `repeated`.
    """
    nothing = np.zeros(len(events), bool)
    # Whose id came once was new, whatever it tells of.
    before = judged(events, doubtful & repeats, nothing, (), window)
    after = judged(events, doubtful, settled, known, window)
    new = nothing
    new[verdict.new] = True
    new[doubtful] = False
    new[after.new[doubtful[after.new]]] = True
    return Verdict(
        new=np.flatnonzero(new),
        conflicts=[place for place in verdict.conflicts if not doubtful[place]] + after.conflicts,
        duplicates=verdict.duplicates - before.duplicates + after.duplicates,
        reused=verdict.reused - before.reused + after.reused,
    )


def with_repeats(events: PricedColumns, repeats: Column, found: Column) -> Column:
    """The mask `found`, and those of the events that repeat whose id is one of them."""
    mask, places = found.copy(), np.flatnonzero(repeats & ~found)
    mask[places[_among(events.high[places], events.high[found])]] = True
    return mask


def shared(one: Column, other: Column) -> tuple[Column, Column]:
    """Masks of the numbers in either column that the other one has too."""
    mine, theirs = _within(one, other), _within(other, one)
    mine[mine] = _among(one[mine], other[theirs])
    theirs[theirs] = _among(other[theirs], one[mine])
    return mine, theirs


def _among(numbers: Column, others: Column) -> Column:
    """A mask of the numbers that are among the others."""
    if not len(others):
        return np.zeros(len(numbers), bool)
    ordered = np.sort(others)
    places = np.searchsorted(ordered, numbers)
    return ordered[np.minimum(places, len(ordered) - 1)] == numbers


def _within(numbers: Column, others: Column) -> Column:
    """A mask of the numbers from the least to the greatest of the others."""
    if not len(others):
        return np.zeros(len(numbers), bool)
    return (numbers >= others.min()) & (numbers <= others.max())


def _is_rising(hour: Column, high: Column) -> bool:
    later = hour[1:] > hour[:-1]
    return bool((later | ((hour[1:] == hour[:-1]) & (high[1:] > high[:-1]))).all())
