"""From columns of a file to priced events: who asked, for what, and what it costs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from creditctl.rules.columns import Column, Texts
from creditctl.rules.columns.events import EventColumns, event_columns
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import micros_of
from creditctl.rules.pricing import LARGEST_COST_MICRO
from creditctl.rules.usage_events import Reject, storable
from creditctl.services.plans_in_force import PlansInForce
from creditctl.services.price_book import LIST, load_price_book
from creditctl.services.price_table import NO_ENDPOINT, NO_PRICE, PriceTable
from creditctl.services.usage_requesters import NO_REQUESTER, Requesters
from creditctl.store.engine import UnitOfWork

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the clock of a server may be."""

_WITHOUT_PRICE = {
    NO_ENDPOINT: "is no endpoint of the catalog",
    NO_PRICE: "had no price in force at that time",
}


class PricedBlock(NamedTuple):
    """What became of a block of records, each one an event or a reject."""

    events: PricedColumns
    rejects: list[Reject]


class Pricer:
    """Prices events by the catalog and the keys as they are when it is made."""

    def __init__(self, unit: UnitOfWork, now: datetime, organization_id: int | None) -> None:
        book = load_price_book(unit)
        self.table = PriceTable(book)
        self._requesters = Requesters(unit, organization_id)
        self._latest = micros_of(now + CLOCK_TOLERANCE)
        self._plans = PlansInForce(unit, now) if book.has_plan_prices else None

    def price(self, lines: Column, fields: Mapping[str, Texts]) -> PricedBlock:
        """The events with their costs, and why the other records are none."""
        events, sound, rejects = event_columns(lines, fields, self._latest)
        organization_ids, key_ids = self._who(events, sound, rejects)
        places = np.full(len(lines), NO_ENDPOINT)
        here = np.flatnonzero(sound)
        plans = self._plan_ids(organization_ids[here], key_ids[here], events.occurred_at[here])
        places[here] = self.table.places(
            events.requests.only(here), plans, events.occurred_at[here]
        )
        self._refuse_unpriced(events, places, sound, rejects)
        credits, failed = self._costs(events, places, sound, rejects)
        kept = np.flatnonzero(sound)
        texts = None
        if events.ids.texts:
            texts = np.full(len(lines), None, object)
            texts[list(events.ids.texts)] = list(events.ids.texts.values())
        columns = PricedColumns(
            line=lines,
            high=events.ids.high,
            low=events.ids.low,
            occurred_at=events.occurred_at,
            organization_id=organization_ids,
            api_key_id=key_ids,
            price=places,
            endpoint_id=self.table.endpoint_ids[places] if len(self.table.versions) else places,
            status=events.statuses,
            units=events.units,
            credits_micro=credits,
            failed=failed,
            texts=texts,
        )
        return PricedBlock(columns if len(kept) == len(lines) else columns.take(kept), rejects)

    def _who(
        self, events: EventColumns, sound: Column, rejects: list[Reject]
    ) -> tuple[Column, Column]:
        """Internal ids of organizations and keys; events of nobody are no longer sound."""
        requesters = self._requesters
        places = requesters.places_of(events.requesters.values)[events.requesters.codes]
        organization_ids = requesters.organization_ids[places]
        for place in np.flatnonzero(sound & (organization_ids == NO_REQUESTER)).tolist():
            rejects.append(_reject(events, place, *requesters.refusals[int(places[place])]))
            sound[place] = False
        return organization_ids, requesters.key_ids[places]

    def _plan_ids(self, organization_ids: Column, key_ids: Column, at: Column) -> Column:
        if self._plans is None:
            return np.full(len(at), LIST, np.int64)
        asked = zip(organization_ids.tolist(), key_ids.tolist(), at.tolist(), strict=True)
        return np.array(
            [self._plans.plan_id(owner, key or None, when) for owner, key, when in asked], np.int64
        )

    def _refuse_unpriced(
        self, events: EventColumns, places: Column, sound: Column, rejects: list[Reject]
    ) -> None:
        for place in np.flatnonzero(sound & (places < 0)).tolist():
            request = " ".join(events.requests.values[int(events.requests.codes[place])])
            reason = _WITHOUT_PRICE[int(places[place])]
            rejects.append(_reject(events, place, "endpoint", request, reason))
            sound[place] = False

    def _costs(
        self, events: EventColumns, places: Column, sound: Column, rejects: list[Reject]
    ) -> tuple[Column, Column]:
        """Micro-credits, and which events failed; absurd ones are no longer sound."""
        credits, failed = np.zeros((2, len(places)), np.int64)
        here = np.flatnonzero(sound)
        if not len(here):
            return credits, failed
        succeeded = self.table.succeeded(places[here], events.statuses[here])
        failed[here] = ~succeeded
        billed = here[succeeded]
        costs = self.table.rules.costs(places[billed], events.units[billed])
        absurd = (costs > LARGEST_COST_MICRO).astype(bool)
        for place in billed[absurd].tolist():
            words = str(events.units[place])
            rejects.append(
                _reject(events, place, "units", words, "costs an absurd number of credits")
            )
            sound[place] = False
        credits[billed[~absurd]] = costs[~absurd].astype(np.int64)
        return credits, failed


def _reject(events: EventColumns, place: int, field: str, value: str, reason: str) -> Reject:
    return Reject(int(events.lines[place]), field, storable(value), reason)
