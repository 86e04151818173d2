"""Which events of a chunk are new to the books (DESIGN 3.5)."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.duplicates import Verdict, judged
from creditctl.rules.columns.event_ids import halves_of, sixteen_bytes
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.rules.usage_duplicates import Sighting
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.late_events import has_late_events
from creditctl.store.queries.usage import (
    BOOKED,
    LATE,
    id_bounds,
    matches_of_staged,
    sightings_of_staged,
)
from creditctl.store.queries.usage_pruning import PRUNED, pruned_among_staged
from creditctl.store.sqlite_image import FIRST_ROW
from creditctl.store.staging import stage_tables


def sifted(unit: UnitOfWork, events: PricedColumns, repeats: Column, window: int) -> Verdict | None:
    """The new events, the conflicts and the counts; None when the database knows none of the ids.

    The events are in key order; `window` is in microseconds. Only hours that may hold their ids are
    asked, and only ids that were seen before are looked at one by one.
    """
    doubtful, settled = repeats.copy(), np.zeros(len(events), bool)
    reach = -(-window // MICROS_PER_HOUR)
    settled[_pruned(unit, events, reach)] = True
    is_known = bool(settled.any())
    tables = (BOOKED, LATE) if has_late_events(unit) else (BOOKED,)
    for table, offset, places in _to_look_up(unit, events, reach, tables):
        open_places = places[~settled[places]]
        _stage(unit, events, open_places)
        found = np.array(matches_of_staged(unit, offset, window, table), np.int64).reshape(-1, 3)
        here = open_places[found[:, 0] - FIRST_ROW]
        is_known = is_known or bool(len(here))
        doubtful[here] = True
        settled[here[(found[:, 1] == 1) & (found[:, 2] == 1)]] = True
    if not is_known:
        return None
    known = list(_sightings(unit, events, np.flatnonzero(doubtful & ~settled), reach, tables))
    return judged(events, doubtful, settled, known, window)


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
    """Tables, offsets in hours, and the events whose id may be there, so many hours later.

    An id outside of an hour's bounds is not there: ids that rise with time need no look-up. The
    same hour comes first: what is settled there need not be asked about again.
    """
    hours, firsts = np.unique(events.event_hour, return_index=True)
    ends = [*firsts.tolist(), len(events)][1:]
    slices = list(zip(hours.tolist(), firsts.tolist(), ends, strict=True))
    neighbours = {hour + offset for hour, _, _ in slices for offset in range(-reach, reach + 1)}
    for table in tables:
        bounds = id_bounds(unit, sorted(neighbours), table)
        for offset in sorted(range(-reach, reach + 1), key=abs):
            ranges = [
                _between(events.high, first, end, *bounds[hour + offset])
                for hour, first, end in slices
                if hour + offset in bounds
            ]
            if any(len(places) for places in ranges):
                yield table, offset, np.concatenate(ranges)


def _between(high: Column, first: int, end: int, lowest: bytes, highest: bytes) -> Column:
    """The places from `first` to `end`, ascending by id, whose first half is not out of bounds."""
    own = high[first:end]
    above = np.searchsorted(own, np.uint64(halves_of(lowest)[0]), "left")
    below = np.searchsorted(own, np.uint64(halves_of(highest)[0]), "right")
    return np.arange(first + above, first + below)


def _sightings(
    unit: UnitOfWork, events: PricedColumns, places: Column, reach: int, tables: Sequence[str]
) -> Iterator[tuple[int, Sighting]]:
    """The known events with the ids of those events, whatever they tell of."""
    if not len(places):
        return
    _stage(unit, events, places)
    for table, offset in product(tables, range(-reach, reach + 1)):
        for row, sighting in sightings_of_staged(unit, offset, table):
            yield int(places[row - FIRST_ROW]), sighting


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
