"""Drafts too small to be sent: the next invoice takes their days over (setting `invoice_minimum`).

Nothing is lost and nothing counted twice: the next draft is about the days of both, and the small
one is deleted in the transaction that writes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_drafts import delete_draft, drafts_before
from creditctl.store.queries.invoice_sources import unlist_everything


@dataclass(frozen=True, slots=True)
class CarriedDraft:
    """A draft of an earlier month that comes to less than an invoice has to."""

    id: int
    public_id: str
    month: str
    starts_at: datetime
    ends_at: datetime
    total: Money


def is_too_small(minimums: Mapping[str, int], total: Money) -> bool:
    """Whether an invoice of that total is not worth sending; one of nothing is due to nobody."""
    return 0 < total.minor < minimums.get(total.currency, 0)


def carried_drafts(
    unit: UnitOfWork, context: Context, organization_ids: Sequence[int], month: str
) -> dict[int, CarriedDraft]:
    """Those that stand right before that month, such as 2026-10, by organization."""
    minimums = context.settings.invoice_minimum
    if not minimums:
        return {}
    found = {}
    for row in drafts_before(unit, organization_ids, month):
        total = Money(row.total_minor, row.currency)
        if is_too_small(minimums, total):
            found[row.organization_id] = CarriedDraft(
                row.id, row.public_id, row.month, row.starts_at, row.ends_at, total
            )
    return found


def give_way(
    unit: UnitOfWork, context: Context, organization_id: int, small: CarriedDraft, month: str
) -> None:
    """The step: the small draft is deleted, for another has taken its days over."""
    unlist_everything(unit, small.id)
    delete_draft(unit, small.id)
    record_change(
        unit,
        context,
        "invoice.carried_over",
        small.public_id,
        organization_id=organization_id,
        before={
            "month": small.month,
            "total": str(small.total),
            "currency": small.total.currency,
        },
        after={"month": month},
    )
