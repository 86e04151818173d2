"""Log lines of calls in flight: an import of the event captures the hold of its id (DESIGN 3.7)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from creditctl.context import Context
from creditctl.rules.columns import Column
from creditctl.rules.columns.event_ids import halves_of
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import micros_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.holds import (
    CAPTURED,
    HoldRow,
    PartRow,
    charge_as_booked,
    close_hold,
    has_open_holds,
    open_holds_of,
    parts_of,
)


class Captured(NamedTuple):
    """A hold that an imported event captured, and what it had reserved."""

    hold_id: int
    organization_id: int
    parts: list[PartRow]


def capture_imported(
    unit: UnitOfWork,
    context: Context,
    batch_id: int,
    chunk: PricedColumns,
    places: Column,
    window: int,
) -> list[Captured]:
    """Close the open holds whose events are about to be booked: what they held is free to pay.

    They are the events of a chunk at `places`; the same id of the same organization within `window`
    microseconds is the same call. The organizations are locked.
    """
    if not has_open_holds(unit):
        return []
    events = chunk.take(places)
    captured: list[Captured] = []
    held = {
        row.event_id: row for row in open_holds_of(unit, np.unique(events.organization_id).tolist())
    }
    firsts = np.array([halves_of(number)[0] for number in held], np.uint64)
    for place in np.flatnonzero(np.isin(events.high, firsts)).tolist():
        row = held.get(events.event_id(place))
        if row is None or not _is_its_event(row, events, place, window):
            continue
        parts = parts_of(unit, row.id)
        close_hold(
            unit,
            row,
            parts,
            CAPTURED,
            context.now,
            captured=Credits(int(events.credits_micro[place])),
            batch_id=batch_id,
            event_hour=int(events.event_hour[place]),
        )
        captured.append(Captured(row.id, row.organization_id, parts))
        del held[row.event_id]
    return captured


def finish_captures(unit: UnitOfWork, context: Context, captured: Sequence[Captured]) -> None:
    """Once the events are booked: what they cost at graduated prices, and grants that had ended."""
    if not captured:
        return
    from creditctl.services.hold_steps import end_grants_again  # few imports meet an open hold

    for one in captured:
        charge_as_booked(unit, one.hold_id)
        end_grants_again(unit, context, one.organization_id, one.parts)


def _is_its_event(row: HoldRow, events: PricedColumns, place: int, window: int) -> bool:
    apart = abs(int(events.occurred_at[place]) - micros_of(row.authorized_at))
    is_near = apart <= window or int(events.event_hour[place]) == row.event_hour
    return is_near and int(events.organization_id[place]) == row.organization_id
