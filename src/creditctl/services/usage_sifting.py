"""Which events of a chunk are new to the books (DESIGN 3.5)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.duplicates import Verdict, rejudged, with_repeats
from creditctl.rules.columns.event_ids import halves_of, sixteen_bytes
from creditctl.rules.columns.grouping import group_starts
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.rules.usage_duplicates import Sighting
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.late_events import has_late_events
from creditctl.store.queries.usage import (
    BOOKED,
    LATE,
    ids_of_hours,
    matches_of_staged,
    sightings_of_staged,
)
from creditctl.store.queries.usage_pruning import PRUNED, pruned_among_staged
from creditctl.store.sqlite_image import FIRST_ROW
from creditctl.store.staging import stage_tables

_AT_ONCE = 50_000
"""Events that are looked up by one statement: a file may hold nothing but known ones."""


def sifted(
    unit: UnitOfWork, events: PricedColumns, repeats: Column, verdict: Verdict, window: int
) -> Verdict:
    """The new events, the conflicts and the counts; `verdict` if the database knows no id.

    `window` is in microseconds. Only ids among those that hours hold already are asked, and only
    those that were seen before are looked at one by one. The events are in key order.
    """
    known, settled = np.zeros(len(events), bool), np.zeros(len(events), bool)
    reach = -(-window // MICROS_PER_HOUR)
    settled[_pruned(unit, events, reach)] = True
    tables = (BOOKED, LATE) if has_late_events(unit) else (BOOKED,)
    for table, offset, places in _to_look_up(unit, events, reach, tables):
        open_places = places[~settled[places]]
        for first in range(0, len(open_places), _AT_ONCE):
            part = open_places[first : first + _AT_ONCE]
            _stage(unit, events, part)
            found = np.fromiter(matches_of_staged(unit, offset, window, table), np.int64)
            here = part[(found >> 1) - FIRST_ROW]
            known[here] = True
            settled[here[(found & 1) == 1]] = True
    known |= settled
    if not known.any():
        return verdict
    doubtful = with_repeats(events, repeats, known)
    sightings = _sightings(unit, events, np.flatnonzero(doubtful & ~settled), reach, tables)
    return rejudged(verdict, events, repeats, doubtful, settled, list(sightings), window)


def _pruned(unit: UnitOfWork, events: PricedColumns, reach: int) -> Column:
    """Events whose id was pruned: their details are gone, and billing them twice is worse."""
    found = np.empty(0, np.int64)
    for _, offset, places in _to_look_up(unit, events, reach, (PRUNED,)):
        _stage(unit, events, places)
        rows = np.array(pruned_among_staged(unit, offset), np.int64)
        found = np.append(found, places[rows - FIRST_ROW])
    return found


def _to_look_up(
    unit: UnitOfWork, events: PricedColumns, reach: int, tables: Sequence[str]
) -> Iterator[tuple[str, int, Column]]:
    """Tables, offsets in hours, and the events whose id may be known there, so many hours later.

    An id outside of an hour's bounds is not there: ids that rise with time need no look-up. The
    same hour comes first: what is settled there need not be asked about again.
    """
    starts, hours = _hours(events)
    neighbours = {one + offset for one in hours for offset in range(-reach, reach + 1)}
    for table in tables:
        held = ids_of_hours(unit, sorted(neighbours), table)
        for offset in sorted(range(-reach, reach + 1), key=abs):
            found = [
                _between(events, slice(start, end), *held[hour + offset])
                for hour, (start, end) in zip(hours, pairwise(starts), strict=True)
                if hour + offset in held
            ]
            places = np.concatenate([np.empty(0, np.int64), *found])
            if len(places):
                yield table, offset, places


def _hours(events: PricedColumns) -> tuple[list[int], list[int]]:
    """Where each hour's events begin, and where the last one's end; and the hours."""
    hour = events.event_hour
    starts = group_starts(hour)
    return [*starts.tolist(), len(events)], hour[starts].tolist()


def _between(events: PricedColumns, span: slice, first: bytes, last: bytes) -> Column:
    """Places of an hour's events whose id is none before `first` and none after `last`.

    Ids that rise with the time, as ULIDs do, are new at a glance. The first halves decide.
    """
    high = events.high[span]
    begin = np.searchsorted(high, np.uint64(halves_of(first)[0]))
    end = np.searchsorted(high, np.uint64(halves_of(last)[0]), "right")
    return np.arange(span.start + begin, span.start + end)


def _sightings(
    unit: UnitOfWork, events: PricedColumns, places: Column, reach: int, tables: Sequence[str]
) -> Iterator[tuple[bytes, Sighting]]:
    """The known events with the ids of those events, whatever they tell of."""
    if not len(places):
        return
    _stage(unit, events, places)
    for table, offset in product(tables, range(-reach, reach + 1)):
        for row, sighting in sightings_of_staged(unit, offset, table):
            yield events.event_id(int(places[row - FIRST_ROW])), sighting


def _stage(unit: UnitOfWork, events: PricedColumns, places: Column) -> None:
    columns = {
        "event_hour": events.event_hour[places],
        "event_id": sixteen_bytes(events.high[places], events.low[places]),
        "occurred_at": events.occurred_at[places],
        "organization_id": events.organization_id[places],
        "api_key_id": events.api_key_id[places],
        "endpoint_id": events.endpoint_id[places],
        "status": events.status[places],
        "units": events.units[places],
    }
    stage_tables(unit, {"staged_event": columns})
