"""Prices graduated by an organization's volume of the UTC day, while its books are locked."""

from typing import TypeAlias

from creditctl.rules.instants import HOURS_PER_DAY
from creditctl.rules.pricing import billed_units, price_of
from creditctl.services.price_book import PriceBook
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage import PricedEvent
from creditctl.store.queries.usage_volume import put_volumes, volumes_of

Place: TypeAlias = tuple[int, int, int]
"""Day number, organization, product."""


def with_volume_prices(
    unit: UnitOfWork, book: PriceBook, events: list[PricedEvent]
) -> list[PricedEvent]:
    """The events, each graduated one priced from the volume that was booked before it.

    In (time, event id) order; events that are booked already keep what they cost (DESIGN 3.2).
    """
    if not book.has_volume_prices:
        return events
    graduated = sorted(
        (event for event in events if _is_graduated(book, event)),
        key=lambda event: (event.occurred_at, event.event_id),
    )
    if not graduated:
        return events
    volumes = volumes_of(unit, {_place(event) for event in graduated})
    priced = {}
    for event in graduated:
        rule = book.version(event.price_id).rule
        volume = volumes[_place(event)]
        cost = price_of(rule, event.units, volume)
        priced[event.event_hour, event.event_id] = event._replace(
            credits_micro=cost, billed=int(cost > 0), volume_before=volume
        )
        volumes[_place(event)] += billed_units(rule, event.units)
    put_volumes(unit, volumes)
    return [priced.get((event.event_hour, event.event_id), event) for event in events]


def volume_of_day(unit: UnitOfWork, place: Place) -> int:
    """Billed units of the day so far."""
    return volumes_of(unit, [place])[place]


def _is_graduated(book: PriceBook, event: PricedEvent) -> bool:
    return not event.failed and bool(book.version(event.price_id).rule.volume_steps)


def _place(event: PricedEvent) -> Place:
    return event.event_hour // HOURS_PER_DAY, event.organization_id, event.product_id
