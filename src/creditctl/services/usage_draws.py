"""Draws of credits for usage, as columns: made at once or one by one, and booked together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from creditctl.context import Context
from creditctl.rules.burn_down import Charge, Draw, burn_down
from creditctl.rules.columns import Column
from creditctl.rules.columns.burn_down import (
    NO_END,
    NO_LOT,
    Charges,
    DrawColumns,
    LotColumns,
)
from creditctl.rules.columns.event_ids import id_bytes, sixteen_bytes
from creditctl.rules.columns.grouping import group_starts, summed
from creditctl.services.allocation import OVERAGE
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_payment import book_staged_draws
from creditctl.store.staging import stage_tables


@dataclass(frozen=True, slots=True)
class Payers:
    """The grants that may pay, by organization and in burn order."""

    lots: LotColumns
    free: Column
    """What each has that no hold reserves; the rest had expired and would be reclaimed."""

    sources: list[str]
    source: Column
    """Each one's source by its place in `sources`, whose last one is overage."""

    def of(self, organization_id: int) -> range:
        """The places of one organization's."""
        owners = self.lots.organization_id
        return range(
            int(np.searchsorted(owners, organization_id)),
            int(np.searchsorted(owners, organization_id, "right")),
        )


@dataclass(frozen=True, slots=True)
class Entries:
    """Ledger entries to be; `payer` is a place among the payers, -1 for overage."""

    organization_id: Column
    payer: Column
    product_id: Column
    day: Column
    credits_micro: Column
    first_event_at: Column
    first_event_id: Column
    last_event_at: Column
    last_event_id: Column


def payers_of(rows: Sequence[tuple[Any, ...]]) -> Payers:
    """Rows of `lots_of_staged` as columns."""
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * 10
    owner, grant, remaining, expired, start, end, product, priority, cost, source = columns
    free = _column(remaining)
    # Many grants cost the same: a decimal takes longer to read than to find.
    paid = {text: _is_paid(text) for text in set(cost)}
    lots = LotColumns(
        _column(owner),
        _column(grant),
        free + _column(expired),
        _column(start),
        _column(NO_END if at is None else at for at in end),
        _column(product),
        _column(priority),
        np.array([paid[text] for text in cost], bool),
    )
    order = lots.in_burn_order()
    names = sorted(set(source))
    codes = {name: code for code, name in enumerate(names)}
    return Payers(
        lots.take(order),
        free[order],
        [*names, OVERAGE],
        _column(codes[name] for name in source)[order],
    )


def entries_of(charges: Charges, draws: DrawColumns) -> Entries:
    """Draws of simple organizations as entries."""
    ids = sixteen_bytes(charges.high, charges.low)
    return Entries(
        organization_id=draws.organization_id,
        payer=draws.lot,
        product_id=draws.product_id,
        day=draws.day,
        credits_micro=draws.credits_micro,
        first_event_at=charges.occurred_at[draws.first],
        first_event_id=ids[draws.first],
        last_event_at=charges.occurred_at[draws.last],
        last_event_id=ids[draws.last],
    )


def by_owner(charges: Charges) -> Iterable[tuple[int, list[Charge]]]:
    """Each organization with its charges as the one-event rule takes them."""
    starts = [*group_starts(charges.organization_id).tolist(), len(charges)]
    for first, last in pairwise(starts):
        span = slice(first, last)
        ids = map(id_bytes, charges.high[span].tolist(), charges.low[span].tolist())
        columns = (charges.occurred_at, charges.product_id, charges.credits_micro)
        times, products, credits = (column[span].tolist() for column in columns)
        own = [Charge(*one) for one in zip(times, ids, products, credits, strict=True)]
        yield int(charges.organization_id[first]), own


def one_by_one(owner: int, charges: Sequence[Charge], payers: Payers) -> Entries:
    """An organization whose grants run out, begin or end amid its usage."""
    place_of = {int(payers.lots.grant_id[place]): place for place in payers.of(owner)}
    draws = burn_down([payers.lots.lot(place) for place in place_of.values()], (), charges)
    return Entries(
        organization_id=np.full(len(draws), owner, np.int64),
        payer=_column(_place(draw, place_of) for draw in draws),
        product_id=_column(draw.product_id for draw in draws),
        day=_column(draw.day for draw in draws),
        credits_micro=_column(draw.credits_micro for draw in draws),
        first_event_at=_column(draw.first.occurred_at for draw in draws),
        first_event_id=_ids(draw.first.event_id for draw in draws),
        last_event_at=_column(draw.last.occurred_at for draw in draws),
        last_event_id=_ids(draw.last.event_id for draw in draws),
    )


def book(
    unit: UnitOfWork,
    context: Context,
    payers: Payers,
    parts: Sequence[Entries],
    *,
    batch_id: int,
    reason: str,
    overage_reason: str,
) -> set[int]:
    """Write the entries, draw the grants and add to who paid a day; returns who has overage."""
    every = Entries(
        *(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Entries))
    )
    if not len(every.payer):
        return set()
    columns = {one.name: getattr(every, one.name) for one in fields(Entries) if one.name != "payer"}
    # Place -1 is the last one, of overage.
    columns["grant_id"] = np.append(payers.lots.grant_id, 0)[every.payer]
    keys = {name: columns[name] for name in ("day", "organization_id", "product_id")}
    source = np.append(payers.source, len(payers.sources) - 1)[every.payer]
    debits = summed(keys | {"source": source}, {"credits_micro": every.credits_micro})
    draws = _draws(payers, every)
    stage_tables(unit, {"staged_entry": columns, "staged_draw": draws, "staged_debit": debits})
    found = book_staged_draws(
        unit,
        batch_id=batch_id,
        recorded_at=context.now,
        actor=context.actor,
        reason=reason,
        overage_reason=overage_reason,
        sources=payers.sources,
    )
    if found != len(draws["grant_id"]):
        raise AssertionError("a grant was drawn by another, though locked")
    return set(every.organization_id[every.payer == NO_LOT].tolist())


def _draws(payers: Payers, entries: Entries) -> dict[str, Column]:
    """What each grant pays in all, and how much of that it has to reclaim first."""
    paid = entries.payer >= 0
    sums = summed({"payer": entries.payer[paid]}, {"credits_micro": entries.credits_micro[paid]})
    places = sums.pop("payer")
    missing = sums["credits_micro"] - payers.free[places]
    return sums | {
        "grant_id": payers.lots.grant_id[places],
        "reclaimed_micro": np.maximum(missing, 0),
    }


def _is_paid(unit_cost: object) -> bool:
    return unit_cost is not None and bool(Decimal(str(unit_cost)))


def _place(draw: Draw, place_of: Mapping[int, int]) -> int:
    return NO_LOT if draw.lot is None else place_of[draw.lot.grant_id or 0]


def _column(numbers: Iterable[object]) -> Column:
    return np.array(list(numbers), np.int64)


def _ids(values: Iterable[bytes]) -> Column:
    return np.frombuffer(b"".join(values), "V16")
