"""Late usage on its way into the books: found, adjusted or put in quarantine (DESIGN 3.5).

The rules are in `rules.late_usage`; what an invoice says of it is in `services.late_figures`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from creditctl.context import Context
from creditctl.rules.columns import Column
from creditctl.rules.columns.burn_down import Charges
from creditctl.rules.columns.duplicates import in_key_order
from creditctl.rules.columns.event_ids import halves_of
from creditctl.rules.columns.grouping import summed
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import HOURS_PER_DAY, micros_of
from creditctl.rules.late_usage import Lateness
from creditctl.services.late_periods import NOT_LATE, LatePeriods, late_periods
from creditctl.services.price_table import PriceTable
from creditctl.services.usage_payment import pay
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.late_events import QUARANTINED, LateEventRow, insert_late_events
from creditctl.store.queries.late_usage import (
    NewLateUsage,
    insert_late_days,
    insert_late_usage,
    link_entries,
    mark_next_drafts_stale,
    newest_entry,
)

LATE = "late"
"""Why there is overage of late usage that is neither covered nor postpaid."""


@dataclass(frozen=True, slots=True)
class LateEvents:
    """New events of which some are late, by their places."""

    periods: LatePeriods
    booked: Column
    """Those that are booked, as normal usage or as adjustments."""

    quarantined: Column


def late_among(
    unit: UnitOfWork, events: PricedColumns, new: Column, window: int
) -> LateEvents | None:
    """Which of the events at the places `new` are late; None when none is.

    Their organizations are locked; `window` is how many periods are adjusted.
    """
    periods = late_periods(unit, events.organization_id[new], events.occurred_at[new], window)
    verdicts = periods.verdicts(events.organization_id[new], events.occurred_at[new])
    if not verdicts.any():
        return None
    in_quarantine = verdicts == Lateness.QUARANTINE
    return LateEvents(periods, new[~in_quarantine], new[in_quarantine])


def columns_of(table: PriceTable, rows: Sequence[LateEventRow]) -> PricedColumns:
    """Events from quarantine as an import has them, in key order."""
    prices = table.places_of([row.price_id for row in rows])
    statuses = np.array([row.status for row in rows])
    ids = [halves_of(row.event_id) for row in rows]
    return in_key_order(
        PricedColumns(
            line=np.array([row.line for row in rows]),
            high=np.array([high for high, _ in ids], np.uint64),
            low=np.array([low for _, low in ids], np.uint64),
            occurred_at=np.array([row.occurred_at for row in rows]),
            organization_id=np.array([row.organization_id for row in rows]),
            api_key_id=np.array([row.api_key_id or 0 for row in rows]),
            price=prices,
            endpoint_id=table.endpoint_ids[prices],
            status=statuses,
            units=np.array([row.units for row in rows]),
            credits_micro=np.array([row.credits.micro for row in rows]),
            failed=~table.succeeded(prices, statuses),
            texts=np.array([row.id_text for row in rows], object),
        )
    )


def quarantine(
    unit: UnitOfWork,
    context: Context,
    batch_id: int,
    table: PriceTable,
    events: PricedColumns,
) -> None:
    """Keep events of a batch that are too late; nothing of them is booked."""
    columns = [
        events.line,
        events.event_hour,
        events.occurred_at,
        events.organization_id,
        events.api_key_id,
        table.price_ids[events.price],
        events.status,
        events.units,
        events.credits_micro,
    ]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    texts = [None] * len(events) if events.texts is None else events.texts.tolist()
    now = micros_of(context.now)
    insert_late_events(
        unit,
        (
            (
                new_public_id("late", context.now),
                batch_id,
                line,
                hour,
                events.event_id(place),
                texts[place],
                occurred_at,
                owner,
                key or None,
                *others,
                QUARANTINED,
                now,
            )
            for place, (line, hour, occurred_at, owner, key, *others) in enumerate(rows)
        ),
    )


def pay_with_adjustments(
    unit: UnitOfWork,
    context: Context,
    batch_id: int,
    table: PriceTable,
    events: PricedColumns,
    charges: Charges,
    periods: LatePeriods,
) -> None:
    """Pay what booked events cost, those of late times first, and note the late ones.

    Grants that lived at the time of the usage pay, as ever. What none covers is overage, and due on
    the next invoice; the ledger posts it on the day of the usage, for no month is closed by an
    invoice.
    """
    late = periods.places(charges.organization_id, charges.occurred_at) != NOT_LATE
    before = newest_entry(unit)
    pay(unit, context, batch_id, charges.take(late), overage_reason=LATE)
    note_adjustments(unit, batch_id, table, events, periods, after=before)
    pay(unit, context, batch_id, charges.take(~late))


def note_adjustments(
    unit: UnitOfWork,
    batch_id: int,
    table: PriceTable,
    events: PricedColumns,
    periods: LatePeriods,
    *,
    after: int,
) -> None:
    """Note the late ones of a batch's booked events for the next invoice, with who paid them.

    Their payments are the batch's ledger entries above the id `after`.
    """
    places = periods.places(events.organization_id, events.occurred_at)
    here = np.flatnonzero(places != NOT_LATE)
    if not len(here):
        return
    noted = {
        place: insert_late_usage(unit, _noted(periods, batch_id, place, count))
        for place, count in zip(
            *(column.tolist() for column in np.unique(places[here], return_counts=True)),
            strict=True,
        )
    }
    keys = {
        "place": places[here],
        "day": events.event_hour[here] // HOURS_PER_DAY,
        "product_id": table.product_ids[events.price[here]],
        "tier": table.tier_codes[events.price[here]],
    }
    values = {"requests": events.failed[here] == 0, "credits_micro": events.credits_micro[here]}
    rows = zip(*(column.tolist() for column in summed(keys, values).values()), strict=True)
    insert_late_days(
        unit,
        (
            (noted[place], day, product_id, table.tiers[tier], requests, credits_micro)
            for place, day, product_id, tier, requests, credits_micro in rows
        ),
    )
    first = min(noted.values())
    link_entries(unit, batch_id, after=after, first=first)
    mark_next_drafts_stale(unit, batch_id, first=first)


def _noted(periods: LatePeriods, batch_id: int, place: int, events: int) -> NewLateUsage:
    return NewLateUsage(
        organization_id=int(periods.organization_id[place]),
        batch_id=batch_id,
        month=periods.months[place],
        starts_at=int(periods.starts_at[place]),
        ends_at=int(periods.ends_at[place]),
        events=events,
    )
