"""Paid grants repay what an organization used beyond its credits (DESIGN 3.3)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.burn_down import burn_order
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.allocation import lot_of
from creditctl.services.balances import is_live
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import (
    PAID_SOURCES,
    GrantRow,
    adjust,
    debtors_with_paid_grants,
    grants_of,
)
from creditctl.store.queries.invoices import mark_draft_stale
from creditctl.store.queries.ledger import (
    NewEntry,
    OverageRow,
    append_entries,
    unsettled_overage,
)
from creditctl.store.queries.orgs import lock_organizations


def repay_open_overage(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    grant: GrantRow,
    *,
    span: Period | None = None,
) -> Credits:
    """Draw the grant for open overage of usage in `span`, oldest first; returns what was repaid.

    Postpaid overage is not open: it is invoiced. A restricted grant repays only its own product's.
    """
    entries: list[NewEntry] = []
    left = grant.available
    for owed in unsettled_overage(unit, organization_id):
        if owed.reason == "postpaid" or grant.product_id not in (None, owed.product_id):
            continue
        if span is not None and owed.event_at not in span:
            continue
        repaid = min(left, owed.unsettled)
        if not repaid:
            break
        left -= repaid
        mark_draft_stale(unit, organization_id, owed.event_at)
        entries.append(_repayment(context, organization_id, grant, owed, repaid))
    total = grant.available - left
    if entries:
        adjust(unit, grant.id, remaining=-total)
        append_entries(unit, entries)
    return total


def repay_all_open_overage(unit: UnitOfWork, context: Context) -> int:
    """Let paid grants repay overage that was booked after they were given; returns how many did.

    Usage may arrive after the purchase that would have repaid it: both orders end the same.
    """
    repaid = 0
    for organization_id in debtors_with_paid_grants(unit, context.now):
        lock_organizations(unit, [organization_id])
        repaid += repay_with_paid_grants(unit, context, organization_id)
    return repaid


def repay_with_paid_grants(unit: UnitOfWork, context: Context, organization_id: int) -> int:
    """Let one organization's paid grants repay its open overage; returns how many did."""
    grants = [
        grant
        for grant in grants_of(unit, organization_id)
        if grant.source in PAID_SOURCES and grant.available and is_live(grant, context.now)
    ]
    ordered = sorted(grants, key=lambda grant: burn_order(lot_of(grant)))
    return sum(bool(repay_open_overage(unit, context, organization_id, grant)) for grant in ordered)


def repay_again(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    before: Mapping[int, Credits],
    span: Period,
) -> None:
    """Let grants that have ended meanwhile repay usage of `span` anew, at most as much as `before`.

    They were bought and had paid in their time: undoing that must not let them expire instead.
    """
    ended = [
        grant
        for grant in grants_of(unit, organization_id)
        if grant.id in before and not is_live(grant, context.now)
    ]
    for grant in sorted(ended, key=lambda grant: burn_order(lot_of(grant))):
        part = replace(grant, remaining=min(grant.available, before[grant.id]), held=NO_CREDITS)
        repay_open_overage(unit, context, organization_id, part, span=span)


def _repayment(
    context: Context,
    organization_id: int,
    grant: GrantRow,
    owed: OverageRow,
    amount: Credits,
) -> NewEntry:
    # The first moment at which both were there: it does not depend on when anything was run.
    happened_at: datetime = max(grant.effective_at, grant.created_at, owed.event_at)
    return NewEntry(
        organization_id=organization_id,
        grant_id=grant.id,
        kind="repayment",
        amount=-amount,
        event_at=happened_at,
        recorded_at=context.now,
        product_id=owed.product_id,
        settles_id=owed.id,
        actor=context.actor,
        reason=f"open overage repaid by {grant.source} {grant.public_id}",
    )
