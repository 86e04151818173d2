"""Chunks of an import, prepared as far as that needs no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.burn_down import Charges, charges_of
from creditctl.rules.columns.duplicates import (
    Verdict,
    in_key_order,
    judged,
    rejudged,
    repeated,
    shared,
    with_repeats,
)
from creditctl.rules.columns.event_ids import sixteen_bytes
from creditctl.rules.columns.grouping import group_starts, order_by, ranks_of, summed
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import HOURS_PER_DAY
from creditctl.rules.usage_events import Reject
from creditctl.services.price_table import PriceTable
from creditctl.store.queries.usage_rollups import ROLLUPS, SUMS
from creditctl.store.staging import Layout, laid_out

_OF_EVENTS = ("usage_hour", "usage_day", "usage_status_day")
"""Rollups that are summed from the events themselves."""


@dataclass(frozen=True, slots=True)
class Bookable:
    """Everything that is written of new events; the events themselves are not held again."""

    events: int
    billed: int
    failed: int
    credits_micro: int
    texts: list[tuple[int, bytes, str]]
    """Hour, id and words of those whose id was hashed."""

    layouts: list[Layout]
    """`staged_<rollup>` of every rollup, then `staged_event`: popped, for they are large."""

    tiers: list[str]
    products: list[tuple[int, int, int]]
    """Product, requests, micro-credits."""

    charges: Charges

    @classmethod
    def of(cls, dialect: str, table: PriceTable, events: PricedColumns) -> "Bookable":
        """Lay out events that are in key order."""
        sums = _sums(table, events)
        products = sums.pop("products")
        return cls(
            events=len(events),
            billed=int((events.credits_micro > 0).sum()),
            failed=int(events.failed.sum()),
            credits_micro=int(events.credits_micro.sum()),
            texts=_texts(events),
            layouts=[
                laid_out(dialect, sums),
                laid_out(dialect, {"staged_event": _rows(table, events)}),
            ],
            tiers=table.tiers,
            products=list(
                zip(
                    *(
                        products[column].tolist()
                        for column in ("product_id", "requests", "credits_micro")
                    ),
                    strict=True,
                )
            ),
            charges=charges_of(
                events.organization_id,
                table.product_ids[events.price],
                events.occurred_at,
                (events.high, events.low),
                events.credits_micro,
            ),
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records of a file, each priced or rejected; the events are in key order."""

    events: PricedColumns
    repeats: Column
    """A mask of the events whose id occurs more than once here."""

    verdict: Verdict
    """Which events are new if the database knows none of their ids."""

    expected: Column
    """The places of those that are new if it knows the chunk before and nothing else."""

    bookable: Bookable
    """The expected ones."""

    rejects: list[Reject]
    records: int

    @classmethod
    def of(
        cls,
        dialect: str,
        table: PriceTable,
        events: PricedColumns,
        rejects: list[Reject],
        window: int,
        before: "Chunk | None",
    ) -> "Chunk":
        """Prepare the records that follow those of `before`; `window` is in microseconds."""
        records = len(events) + len(rejects)
        events = in_key_order(events)
        repeats = repeated(events)
        nothing = np.zeros(len(events), bool)
        verdict = judged(events, repeats, nothing, (), window)
        expected = verdict if before is None else _after(before, events, repeats, verdict, window)
        is_all = len(expected.new) == len(events)
        new = events if is_all else events.take(expected.new)
        bookable = Bookable.of(dialect, table, new)
        return cls(events, repeats, verdict, expected.new, bookable, rejects, records)


def _after(
    before: Chunk, events: PricedColumns, repeats: Column, verdict: Verdict, window: int
) -> Verdict:
    """The verdict once the new events of the chunk before are booked: some often come again."""
    again, first = shared(events.high, before.events.high[before.expected])
    if not again.any():
        return verdict
    doubtful = with_repeats(events, repeats, again)
    places = before.expected[first]
    known = zip(before.events.ids(places), before.events.sightings(places), strict=True)
    return rejudged(verdict, events, repeats, doubtful, np.zeros(len(events), bool), known, window)


def _rows(table: PriceTable, events: PricedColumns) -> dict[str, Column]:
    """The events as `staged_event` has them."""
    return {
        "event_hour": events.event_hour,
        "event_id": sixteen_bytes(events.high, events.low),
        "occurred_at": events.occurred_at,
        "organization_id": events.organization_id,
        "api_key_id": events.api_key_id,
        "price_id": table.price_ids[events.price],
        "status": events.status,
        "units": events.units,
        "credits_micro": events.credits_micro,
        "volume_before": np.zeros(len(events), np.int8)
        if events.volume_before is None
        else events.volume_before,
    }


def _sums(table: PriceTable, events: PricedColumns) -> dict[str, dict[str, Column]]:
    """The sums that each rollup is to grow by, and those of the products."""
    hour = events.event_hour
    keys = {
        "hour": hour,
        "day": hour // HOURS_PER_DAY,
        "organization_id": events.organization_id,
        "api_key_id": events.api_key_id,
        "endpoint_id": events.endpoint_id,
        "product_id": table.product_ids[events.price],
        "tier": table.tier_codes[events.price],
        "status": events.status,
    }
    values = {
        "requests": np.ones(len(events), np.int8),
        "billed": events.credits_micro > 0,
        "failed": events.failed,
        "units": events.units,
        "credits_micro": events.credits_micro,
    }
    sums = {name: _grouped(keys, ROLLUPS[name], values) for name in _OF_EVENTS}
    # The others are sums of sums, which are far fewer than the events.
    hours, days = sums["usage_hour"], sums["usage_day"]
    hours_of_days = hours | {"day": hours["hour"] // HOURS_PER_DAY}
    for name, source in (
        ("usage_endpoint_hour", hours),
        ("usage_key_day", hours_of_days),
        ("usage_tier_day", days),
    ):
        sums[name] = _grouped(source, ROLLUPS[name], source)
    staged = {f"staged_{name}": sums[name] for name in ROLLUPS}
    return staged | {"products": _grouped(days, ("product_id",), days)}


def _grouped(
    keys: Mapping[str, Column], key: Sequence[str], values: Mapping[str, Column]
) -> dict[str, Column]:
    return summed({name: keys[name] for name in key}, {name: values[name] for name in SUMS})


def spans(events: PricedColumns) -> dict[str, Column]:
    """Each organization's first and last event of each hour."""
    hour, times = events.event_hour, events.occurred_at
    order = order_by((events.organization_id, hour, times))
    owner = events.organization_id[order]
    firsts = group_starts(ranks_of((owner, hour[order])))
    lasts = np.append(firsts[1:], len(order)) - 1
    return {
        "organization_id": owner[firsts],
        "first_at": times[order][firsts],
        "last_at": times[order][lasts],
    }


def _texts(events: PricedColumns) -> list[tuple[int, bytes, str]]:
    words = [] if events.texts is None else events.texts.tolist()
    hour = events.event_hour
    return [
        (int(hour[place]), events.event_id(place), text)
        for place, text in enumerate(words)
        if text is not None
    ]
