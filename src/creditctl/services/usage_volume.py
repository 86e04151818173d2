"""Prices graduated by an organization's volume of the UTC day, while its books are locked."""

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.grouping import group_starts, ranks_of
from creditctl.rules.columns.priced import PricedColumns
from creditctl.rules.instants import HOURS_PER_DAY
from creditctl.services.price_table import PriceTable
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_volume import put_volumes, volumes_of


def with_volume_prices(unit: UnitOfWork, table: PriceTable, events: PricedColumns) -> PricedColumns:
    """The events, each graduated one priced from the volume that was booked before it.

    In (time, event id) order; events that are booked already keep what they cost (DESIGN 3.2).
    """
    places = np.flatnonzero(table.rules.graduated[events.price] & (events.failed == 0))
    if not len(places):
        return events
    mine = events.take(places)
    days = mine.event_hour // HOURS_PER_DAY
    products = table.product_ids[mine.price]
    keys = (days, mine.organization_id, products)
    ranks = ranks_of(keys)
    order = np.lexsort((mine.low, mine.high, mine.occurred_at, ranks))
    starts = group_starts(ranks[order])
    heads = order[starts]
    groups = list(zip(*(key[heads].tolist() for key in keys), strict=True))
    booked = volumes_of(unit, groups)
    billed = table.rules.billed_units(mine.price, mine.units)[order]
    before = _volumes_before(billed, starts, [booked[group] for group in groups])
    ends = np.append(starts[1:], len(order)) - 1
    totals = (before[ends] + billed[ends]).tolist()
    put_volumes(unit, dict(zip(groups, totals, strict=True)))
    volume_before, credits = np.zeros(len(events), np.int64), events.credits_micro.copy()
    volume_before[places[order]] = before
    costs = table.rules.costs(mine.price[order], mine.units[order], before)
    credits[places[order]] = costs.astype(np.int64)
    return events.with_costs(credits, volume_before)


def _volumes_before(billed: Column, starts: Column, booked: list[int]) -> Column:
    """The running volume before each event, anew from `booked` in each group."""
    running = np.cumsum(billed) - billed
    sizes = np.diff(np.append(starts, len(billed)))
    return running - np.repeat(running[starts] - np.array(booked, np.int64), sizes)
