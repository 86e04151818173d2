"""Who pays an import's usage: for many organizations at once where that is simple (DESIGN 3.3)."""

from dataclasses import dataclass

import numpy as np

from creditctl.context import Context
from creditctl.rules.burn_down import Charge
from creditctl.rules.columns import Column
from creditctl.rules.columns.burn_down import Charges, simple_draws
from creditctl.rules.columns.grouping import group_starts, order_by
from creditctl.services.allocation import OVERSHOOT, allocate
from creditctl.services.usage_draws import (
    Payers,
    PreparedDraws,
    book,
    by_owner,
    entries_of,
    one_by_one,
    payers_of,
    prepared,
)
from creditctl.services.waivers import waive_overage
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_payment import (
    guests_among_staged,
    lots_of_staged,
    special_owners,
)
from creditctl.store.staging import stage_tables

REASON = "imported usage"


@dataclass(frozen=True, slots=True)
class Possible:
    """Who may pay some charges."""

    payers: Payers
    special: set[int]
    """Organizations whose usage more than grants may pay, or nobody."""

    guests: set[int]


@dataclass(frozen=True, slots=True)
class Payment:
    """Who pays what, ready to be booked."""

    possible: Possible
    draws: PreparedDraws
    one_by_one: list[tuple[int, list[Charge]]]
    """The special organizations and their charges: they are worked out while they are booked."""


def pay(
    unit: UnitOfWork,
    context: Context,
    batch_id: int,
    charges: Charges,
    *,
    overage_reason: str = OVERSHOOT,
) -> None:
    """Draw credits for the charges of locked organizations and write the ledger.

    What no grant covers is overage; a guest's is forgiven, and stays on record.
    """
    if len(charges):
        payment = worked_out(possible_payers(unit, charges), charges, unit.dialect)
        book_payment(unit, context, batch_id, payment, overage_reason=overage_reason)


def possible_payers(unit: UnitOfWork, charges: Charges) -> Possible:
    """Ask who may pay at least one charge; the organizations are locked."""
    stage_tables(unit, {"staged_owner": _owners(charges)})
    return Possible(
        payers_of(lots_of_staged(unit)), set(special_owners(unit)), guests_among_staged(unit)
    )


def worked_out(possible: Possible, charges: Charges, dialect: str) -> Payment:
    """Who pays what: the part that needs no database, and may run beside it."""
    special = np.array(sorted(possible.special), np.int64)
    draws, left = simple_draws(charges, possible.payers.lots, special)
    parts = [entries_of(charges, draws)]
    complicated: list[tuple[int, list[Charge]]] = []
    for owner, own in by_owner(charges.take(left)):
        if owner in possible.special:
            complicated.append((owner, own))
        else:
            parts.append(one_by_one(owner, own, possible.payers))
    return Payment(possible, prepared(possible.payers, parts, dialect), complicated)


def book_payment(
    unit: UnitOfWork,
    context: Context,
    batch_id: int,
    payment: Payment,
    *,
    overage_reason: str = OVERSHOOT,
) -> None:
    """Write what was worked out; nothing may have drawn on the grants since they were asked for."""
    possible = payment.possible
    book(
        unit,
        context,
        payment.draws,
        batch_id=batch_id,
        reason=REASON,
        overage_reason=overage_reason,
    )
    for owner, own in payment.one_by_one:
        allocate(
            unit,
            context,
            owner,
            own,
            batch_id=batch_id,
            reason=REASON,
            overage_reason=overage_reason,
        )
    for owner in sorted(possible.guests & (payment.draws.owing | possible.special)):
        waive_overage(unit, context, owner, None, "guests are not billed")


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


def _owners(charges: Charges) -> dict[str, Column]:
    """Each organization with the times of its first and last event."""
    starts = group_starts(charges.organization_id)
    lasts = np.append(starts[1:], len(charges)) - 1
    return {
        "organization_id": charges.organization_id[starts],
        "first_at": charges.occurred_at[starts],
        "last_at": charges.occurred_at[lasts],
    }
