"""Invariants of usage that need the rules of prices, which no query alone can tell."""

from collections import Counter
from collections.abc import Sequence

from creditctl.rules.instants import HOURS_PER_DAY
from creditctl.rules.pricing import billed_units, is_billed
from creditctl.services.price_book import load_price_book
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.check_sums import GraduatedEvents, graduated_events, volume_rows


def miscounted_volume(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Days whose volume is not the billed units of their events at graduated prices."""
    counted = _counted(unit, events) if (events := graduated_events(unit)) else Counter()
    stored = Counter(volume_rows(unit))
    return [
        (
            place[1],
            f"day {place[0]}: {stored[place]} units are stored, {counted[place]} were billed",
        )
        for place in sorted(stored.keys() | counted.keys())
        if stored[place] != counted[place]
    ]


def _counted(unit: UnitOfWork, events: Sequence[GraduatedEvents]) -> Counter[tuple[int, str, int]]:
    """Billed units by day, organization and product."""
    book = load_price_book(unit)
    counted: Counter[tuple[int, str, int]] = Counter()
    for event in events:
        rule = book.version(event.price_id).rule
        if is_billed(rule.billed_statuses, event.status):
            place = (event.event_hour // HOURS_PER_DAY, event.organization, event.product_id)
            counted[place] += billed_units(rule, event.units) * event.events
    return counted
