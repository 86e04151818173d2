"""Books what usage costs: who pays which events, in burn-down order, lineage kept (DESIGN 3.3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.burn_down import HELD_FIRST, Charge, Draw, Interval, Lot, burn_down
from creditctl.rules.instants import micros_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import GrantRow, adjust, grants_of
from creditctl.store.queries.ledger import (
    NewEntry,
    add_debits,
    append_entries,
    postpaid_taken,
)
from creditctl.store.queries.usage_payment import RECLAIMED

__all__ = ["Allocation", "Charge", "allocate"]

OVERAGE = "overage"
"""The payer in `debit_day` of what no grant covered."""

OVERSHOOT = "overshoot"
"""Why there is overage beyond every limit, unless the usage came too late for its invoice."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who paid: grants, nobody yet (overage), or an unlimited plan."""

    debited: Credits
    overage: Credits
    unlimited: Credits


def allocate(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    charges: Sequence[Charge],
    *,
    batch_id: int | None,
    reason: str = "imported usage",
    overage_reason: str = OVERSHOOT,
    first: Collection[int] = (),
) -> Allocation:
    """Pay the charges of one organization and write the ledger.

    The caller has locked the organization and granted its due allowances. Charges are drawn in
    (time, event id) order; bookings made before are not redone. The grants in `first`, which a call
    had held, pay before all others.
    """
    ordered = sorted(charges)
    if not ordered:
        return Allocation(NO_CREDITS, NO_CREDITS, NO_CREDITS)
    found, (periods, headroom) = unit.together(
        lambda: grants_of(unit, organization_id),
        lambda: _limits_of(unit, organization_id, context.now, ordered),
    )
    grants = {grant.id: grant for grant in found}
    lots = lots_of(grants.values())
    for grant_id in first:
        lots[grant_id].priority = HELD_FIRST
    draws = burn_down([*lots.values(), *headroom], unlimited_in(periods), ordered)
    booking = NewEntry(
        organization_id=organization_id,
        kind="usage",
        amount=NO_CREDITS,
        event_at=0,
        recorded_at=context.now,
        batch_id=batch_id,
        actor=context.actor,
        reason=reason,
    )
    with unit.along():
        _draw_grants(unit, context, grants, lots, draws)
        append_entries(unit, [_entry(booking, item, overage_reason) for item in draws])
        add_debits(unit, _debits(organization_id, grants, draws))
    return _summary(ordered, draws)


def _limits_of(
    unit: UnitOfWork, organization_id: int, until: datetime, charges: Sequence[Charge]
) -> tuple[list[SubscriptionPeriod], list[Lot]]:
    """The periods until then, and what may be owed for the charges."""
    periods = periods_of(unit, organization_id, until)
    return periods, postpaid_lots(unit, organization_id, periods, charges)


def lots_of(grants: Iterable[GrantRow]) -> dict[int, Lot]:
    """The grants as burn-down sees them, each with those it was rolled into."""
    rows = list(grants)
    lots = {grant.id: lot_of(grant) for grant in rows}
    for grant in rows:
        if grant.rolled_from_id is not None:
            lots[grant.rolled_from_id].carried += (lots[grant.id],)
    return lots


def lot_of(grant: GrantRow) -> Lot:
    """The grant as burn-down sees it."""
    # What expired may still pay usage dated before the expiry: money must not depend on cron.
    reclaimable = 0 if grant.reversed_at is not None else grant.expired.micro
    lot = Lot(
        grant.id,
        grant.available.micro + reclaimable,
        micros_of(grant.effective_at),
        product_id=grant.product_id,
        priority=grant.priority,
        paid=bool(grant.unit_cost),
    )
    if grant.expires_at is not None:
        lot.expires_at = micros_of(grant.expires_at)
    return lot


def postpaid_lots(
    unit: UnitOfWork,
    organization_id: int,
    periods: Sequence[SubscriptionPeriod],
    charges: Sequence[Charge],
) -> list[Lot]:
    """What each period touched by the charges may still owe under its plan's postpaid limit."""
    # A whole period is uncut: what a later subscription owes within it has a limit of its own.
    ends = {(period.subscription_id, period.whole): period.ends_at for period in periods}
    first, last = charges[0].occurred_at, charges[-1].occurred_at
    lots: list[Lot] = []
    before: tuple[SubscriptionPeriod, Lot] | None = None
    for period in periods:
        starts_at, ends_at = micros_of(period.starts_at), micros_of(period.ends_at)
        if not period.postpaid_limit or ends_at <= first or starts_at > last:
            before = None
            continue
        whole = period.whole
        ended_at = ends[period.subscription_id, whole]
        booked = postpaid_taken(unit, organization_id, whole.starts_at, ended_at)
        lot = Lot(None, 0, starts_at, ends_at)
        known = booked
        if before is not None and before[0].whole == whole:
            # After a change of plan within the period both stretches owe under one limit.
            lot.carried = (before[1],)
            known = max(booked, before[0].postpaid_limit)
        lot.available = max(period.postpaid_limit - known, NO_CREDITS).micro
        lots.append(lot)
        before = (period, lot)
    return lots


def unlimited_in(periods: Iterable[SubscriptionPeriod]) -> list[Interval]:
    """When nobody pays, because a plan without limit was in force."""
    return [
        Interval(micros_of(period.starts_at), micros_of(period.ends_at))
        for period in periods
        if period.plan.unlimited
    ]


def _draw_grants(
    unit: UnitOfWork,
    context: Context,
    grants: dict[int, GrantRow],
    lots: dict[int, Lot],
    draws: Iterable[Draw],
) -> None:
    """Take what was drawn, first reclaiming what had expired or was carried into a later grant."""
    taken: dict[int, int] = defaultdict(int)
    for item in draws:
        if item.lot is not None and item.lot.grant_id is not None:
            taken[item.lot.grant_id] += item.credits_micro
    for grant_id, lot in lots.items():
        grant = grants[grant_id]
        returned = sum(carried.passed for carried in lot.carried)
        own = taken[grant_id] + lot.passed - returned
        reclaimed = max(own - grant.available.micro, 0)
        moves = {"expiry_reversal": reclaimed, "rollover_reversal": returned - lot.passed}
        append_entries(
            unit, [_move(context, grant, kind, amount) for kind, amount in moves.items() if amount]
        )
        if own or returned:
            adjust(unit, grant_id, remaining=Credits(reclaimed - own), expired=Credits(-reclaimed))


def _move(context: Context, grant: GrantRow, kind: str, amount: int) -> NewEntry:
    return NewEntry(
        organization_id=grant.organization_id,
        grant_id=grant.id,
        kind=kind,
        amount=Credits(amount),
        event_at=grant.expires_at or context.now,
        recorded_at=context.now,
        product_id=grant.product_id,
        actor=context.actor,
        reason=RECLAIMED,
    )


def _entry(booking: NewEntry, item: Draw, beyond_limits: str) -> NewEntry:
    grant_id = item.lot.grant_id if item.lot else None
    overage_reason = None
    if grant_id is None:
        overage_reason = beyond_limits if item.lot is None else "postpaid"
    return replace(
        booking,
        grant_id=grant_id,
        kind=OVERAGE if grant_id is None else "usage",
        amount=Credits(-item.credits_micro),
        event_at=item.first.occurred_at,
        product_id=item.product_id,
        overage_reason=overage_reason,
        first_event_at=item.first.occurred_at,
        first_event_id=item.first.event_id,
        last_event_at=item.last.occurred_at,
        last_event_id=item.last.event_id,
    )


def _debits(
    organization_id: int, grants: dict[int, GrantRow], draws: Iterable[Draw]
) -> list[dict[str, object]]:
    sums: dict[tuple[int, int, str], int] = defaultdict(int)
    for item in draws:
        grant_id = item.lot.grant_id if item.lot else None
        source = OVERAGE if grant_id is None else grants[grant_id].source
        sums[item.day, item.product_id, source] += item.credits_micro
    return [
        {
            "day": day,
            "organization_id": organization_id,
            "product_id": product_id,
            "source": source,
            "credits_micro": credits_micro,
        }
        for (day, product_id, source), credits_micro in sorted(sums.items())
    ]


def _summary(charges: Iterable[Charge], draws: Iterable[Draw]) -> Allocation:
    total = sum(charge.credits_micro for charge in charges)
    by_grants = sum(
        item.credits_micro for item in draws if item.lot and item.lot.grant_id is not None
    )
    paid_or_owed = sum(item.credits_micro for item in draws)
    return Allocation(
        debited=Credits(by_grants),
        overage=Credits(paid_or_owed - by_grants),
        unlimited=Credits(total - paid_or_owed),
    )
