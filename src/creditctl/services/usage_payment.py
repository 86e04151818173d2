"""Who pays an import's usage: for many organizations at once where that is simple (DESIGN 3.3)."""

import numpy as np

from creditctl.context import Context
from creditctl.rules.burn_down import Charge
from creditctl.rules.columns import Column
from creditctl.rules.columns.burn_down import Charges, simple_draws
from creditctl.rules.columns.grouping import group_starts
from creditctl.services.allocation import OVERSHOOT, allocate
from creditctl.services.usage_draws import book, by_owner, entries_of, one_by_one, payers_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_payment import (
    guests_among_staged,
    lots_of_staged,
    special_owners,
)
from creditctl.store.staging import stage_tables

REASON = "imported usage"


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
    if not len(charges):
        return
    stage_tables(unit, {"staged_owner": _owners(charges)})
    payers = payers_of(lots_of_staged(unit))
    special = set(special_owners(unit))
    guests = guests_among_staged(unit)
    draws, left = simple_draws(charges, payers.lots, np.array(sorted(special), np.int64))
    parts = [entries_of(charges, draws)]
    complicated: list[tuple[int, list[Charge]]] = []
    for owner, own in by_owner(charges.take(left)):
        if owner in special:
            complicated.append((owner, own))
        else:
            parts.append(one_by_one(owner, own, payers))
    owing = book(
        unit,
        context,
        payers,
        parts,
        batch_id=batch_id,
        reason=REASON,
        overage_reason=overage_reason,
    )
    for owner, own in complicated:
        allocate(
            unit,
            context,
            owner,
            own,
            batch_id=batch_id,
            reason=REASON,
            overage_reason=overage_reason,
        )
    owing_guests = sorted(guests & (owing | special))
    if not owing_guests:
        return
    from creditctl.services.waivers import waive_overage  # most imports have no such guests

    for owner in owing_guests:
        waive_overage(unit, context, owner, None, "guests are not billed")


def _owners(charges: Charges) -> dict[str, Column]:
    """Each organization with the times of its first and last event."""
    starts = group_starts(charges.organization_id)
    lasts = np.append(starts[1:], len(charges)) - 1
    return {
        "organization_id": charges.organization_id[starts],
        "first_at": charges.occurred_at[starts],
        "last_at": charges.occurred_at[lasts],
    }
