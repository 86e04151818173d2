"""Burn-down for many organizations at once, where one payer each is enough (see `rules.burn_down`).

Most organizations have, for each product, a grant that covers all of a block's usage, or none at
all: their draws are sums. Everybody else is left to the rule that goes event by event.
"""

from dataclasses import dataclass, fields

import numpy as np

from creditctl.rules.burn_down import MICROS_PER_DAY, NEVER, Lot
from creditctl.rules.columns import Column
from creditctl.rules.columns.grouping import group_starts, order_by, order_of, ranks_of

ANY_PRODUCT = 0
NO_LOT = -1
NO_END = 2**63 - 1
"""`expires_at` of what never expires."""


@dataclass(frozen=True, slots=True)
class Charges:
    """Events that cost something, by organization, then in (time, event id) order."""

    organization_id: Column
    product_id: Column
    occurred_at: Column
    high: Column
    low: Column
    credits_micro: Column

    def __len__(self) -> int:
        return len(self.credits_micro)

    def take(self, places: Column) -> "Charges":
        """Some of them; a mask or a list of places."""
        return Charges(
            self.organization_id[places],
            self.product_id[places],
            self.occurred_at[places],
            self.high[places],
            self.low[places],
            self.credits_micro[places],
        )


@dataclass(frozen=True, slots=True)
class LotColumns:
    """Grants that may pay; times in microseconds, `product_id` 0 pays for any product."""

    organization_id: Column
    grant_id: Column
    available: Column
    effective_at: Column
    expires_at: Column
    product_id: Column
    priority: Column
    paid: Column

    def in_burn_order(self) -> Column:
        """Places by organization, then as `rules.burn_down.burn_order` has them."""
        return order_by(
            (
                self.organization_id,
                self.priority,
                self.expires_at,
                self.product_id == ANY_PRODUCT,
                self.paid,
                self.effective_at,
                self.grant_id,
            )
        )

    def take(self, places: Column) -> "LotColumns":
        """Some of them, in that order."""
        return LotColumns(*(getattr(self, field.name)[places] for field in fields(self)))

    def lot(self, place: int) -> Lot:
        """One of them as the one-event rule sees it."""
        expires_at = int(self.expires_at[place])
        return Lot(
            int(self.grant_id[place]),
            int(self.available[place]),
            int(self.effective_at[place]),
            NEVER if expires_at == NO_END else expires_at,
            int(self.product_id[place]) or None,
            int(self.priority[place]),
            bool(self.paid[place]),
        )


@dataclass(frozen=True, slots=True)
class DrawColumns:
    """One payer's part of an organization's events of one product on one UTC day.

    `lot` is a place among the lots, or NO_LOT for overage; `first` and `last` are places of events.
    """

    organization_id: Column
    lot: Column
    product_id: Column
    day: Column
    credits_micro: Column
    first: Column
    last: Column


def charges_of(
    organization_id: Column,
    product_id: Column,
    occurred_at: Column,
    halves: tuple[Column, Column],
    credits_micro: Column,
) -> Charges:
    """The events that cost something, put in order."""
    high, low = halves
    every = Charges(organization_id, product_id, occurred_at, high, low, credits_micro)
    charges = every.take(np.flatnonzero(credits_micro > 0))
    charges = charges.take(order_by((charges.organization_id, charges.occurred_at)))
    return charges.take(_by_id_where_tied(charges))


def simple_draws(
    charges: Charges, lots: LotColumns, excluded: Column
) -> tuple[DrawColumns, Column]:
    """The draws of the simple organizations, and a mask of the charges of all others.

    Charges (at least one) and lots are in order. Simple is who is not `excluded` (internal ids),
    has no lot that begins or ends between its first and last event, and whose first lot for each
    product covers all that is asked of it.
    """
    starts = group_starts(charges.organization_id)
    owners = charges.organization_id[starts]
    first_at = charges.occurred_at[starts]
    last_at = charges.occurred_at[np.append(starts[1:], len(charges)) - 1]
    simple = ~np.isin(owners, excluded)
    own = _owner_of_lots(lots, owners)
    known = own >= 0
    crossed = known & (
        _within(lots.effective_at, first_at[own], last_at[own])
        | _within(lots.expires_at, first_at[own], last_at[own])
    )
    simple[own[crossed]] = False
    live = known & (lots.effective_at <= first_at[own]) & (lots.expires_at > first_at[own])
    live &= lots.available > 0
    rank = np.repeat(np.arange(len(owners)), np.diff(np.append(starts, len(charges))))
    day = charges.occurred_at // MICROS_PER_DAY
    order = order_by((rank, charges.product_id, day))
    groups = _groups(rank[order], charges.product_id[order], day[order])
    sums = _sums(charges.credits_micro[order], groups)
    owner_of_group = rank[order][groups]
    product_of_group = charges.product_id[order][groups]
    chosen = _first_lots(owner_of_group, product_of_group, own, lots, live)
    asked = np.zeros(len(lots.available), np.int64)
    np.add.at(asked, chosen[chosen != NO_LOT], sums[chosen != NO_LOT])
    simple[own[known & (asked > lots.available)]] = False
    kept = simple[owner_of_group]
    lasts = np.append(groups[1:], len(charges)) - 1
    draws = DrawColumns(
        organization_id=owners[owner_of_group][kept],
        lot=chosen[kept],
        product_id=product_of_group[kept],
        day=day[order][groups][kept],
        credits_micro=sums[kept],
        first=order[groups][kept],
        last=order[lasts][kept],
    )
    return draws, ~simple[rank]


def _by_id_where_tied(charges: Charges) -> Column:
    """Places in which events of one organization and moment are in the order of their ids."""
    order = np.arange(len(charges))
    same = (charges.organization_id[1:] == charges.organization_id[:-1]) & (
        charges.occurred_at[1:] == charges.occurred_at[:-1]
    )
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    columns = (charges.low, charges.high, charges.occurred_at, charges.organization_id)
    order[tied] = tied[np.lexsort(tuple(column[tied] for column in columns))]
    return order


def _owner_of_lots(lots: LotColumns, owners: Column) -> Column:
    """Each lot's place among the owners, -1 when it is nobody's here."""
    places = np.searchsorted(owners, lots.organization_id)
    places = np.minimum(places, len(owners) - 1)
    return np.where(owners[places] == lots.organization_id, places, -1)


def _within(times: Column, first: Column, last: Column) -> Column:
    return (first < times) & (times <= last)


def _groups(owner: Column, product: Column, day: Column) -> Column:
    return group_starts(ranks_of([owner, product, day]))


def _sums(credits: Column, groups: Column) -> Column:
    return np.add.reduceat(credits, groups) if len(groups) else credits[:0]


def _first_lots(
    owners: Column, products: Column, own: Column, lots: LotColumns, live: Column
) -> Column:
    """For each (owner, product) its first live lot; lots are in burn order."""
    places = np.flatnonzero(live)
    none = len(lots.available)
    span = int(max(products.max(initial=0), lots.product_id.max(initial=0))) + 1
    wanted = owners * span + products
    first = np.full(len(owners), none)
    for keys, asked in (
        (own[places] * span + lots.product_id[places], owners * span + ANY_PRODUCT),
        (own[places] * span + lots.product_id[places], wanted),
    ):
        order = order_of(keys)
        earliest = order[group_starts(keys[order])]
        if not len(earliest):
            continue
        distinct = keys[earliest]
        found = np.minimum(np.searchsorted(distinct, asked), len(distinct) - 1)
        first = np.where(
            distinct[found] == asked, np.minimum(first, places[earliest[found]]), first
        )
    return np.where(first == none, NO_LOT, first)
