"""`credits waive`: overage that is forgiven, said by somebody and never by the program alone."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, run_verb
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoices import mark_draft_stale
from creditctl.store.queries.ledger import (
    NewEntry,
    OverageRow,
    append_entries,
    unsettled_overage,
)
from creditctl.store.queries.orgs import OrganizationRow, find_organization


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveRequest:
    """Forgive open overage, all of it unless an amount is given."""

    organization: str
    reason: str
    amount: Credits | None = None


@dataclass(frozen=True, slots=True)
class WaiveResult:
    """What was forgiven, and what is still open."""

    organization: str
    waived: Credits
    open_before: Credits
    open_after: Credits
    dry_run: bool = False
    needs_approval: bool = False
    """In a dry run: above the actor's ceiling, so that a second person would be asked."""


def waive(context: Context, request: WaiveRequest, rails: Rails = NO_RAILS) -> WaiveResult:
    """Settle open overage for nothing, the oldest first; postpaid overage is invoiced instead.

    Raises OrganizationNotFound, Conflict when there is less open than asked for, and what rails
    raise.
    """
    return run_verb(context, WAIVE, request, rails)


def waive_overage(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    amount: Credits | None,
    reason: str,
    *,
    span: Period | None = None,
) -> Credits:
    """The step: at most `amount`, or everything, of usage in `span`; returns what was forgiven."""
    left, waived = amount, NO_CREDITS
    for owed in open_overage(unit, organization_id):
        if span is not None and owed.event_at not in span:
            continue
        part = owed.unsettled if left is None else min(left, owed.unsettled)
        if not part:
            break
        append_entries(unit, [_entry(context, organization_id, owed, part, reason)])
        mark_draft_stale(unit, organization_id, owed.event_at)
        waived += part
        left = None if left is None else left - part
    return waived


def open_overage(unit: UnitOfWork, organization_id: int) -> list[OverageRow]:
    """What is owed and was not to be paid later, the oldest first."""
    return [row for row in unsettled_overage(unit, organization_id) if row.reason != "postpaid"]


def _perform(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: WaiveRequest
) -> WaiveResult:
    if request.amount is not None and request.amount <= NO_CREDITS:
        raise InvalidInput(f"what is forgiven is above zero, not {request.amount}")
    before = _total(unit, owner.id)
    if not before or (request.amount is not None and request.amount > before):
        raise Conflict(
            f"{owner.slug} has {before} credits of open overage",
            hint=f"'creditctl credits balance {owner.slug}' shows what is owed",
        )
    waived = waive_overage(unit, context, owner.id, request.amount, request.reason)
    record_change(
        unit,
        context,
        "overage.waived",
        owner.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"open_overage": before},
        after={"open_overage": before - waived},
    )
    return WaiveResult(owner.slug, waived, before, before - waived)


def _total(unit: UnitOfWork, organization_id: int) -> Credits:
    return sum((row.unsettled for row in open_overage(unit, organization_id)), NO_CREDITS)


def _entry(
    context: Context, organization_id: int, owed: OverageRow, amount: Credits, reason: str
) -> NewEntry:
    return NewEntry(
        organization_id=organization_id,
        kind="waiver",
        amount=amount,
        event_at=max(context.now, owed.event_at),
        recorded_at=context.now,
        product_id=owed.product_id,
        settles_id=owed.id,
        actor=context.actor,
        reason=reason,
    )


WAIVE = Verb(
    name="credits.waive",
    request=WaiveRequest,
    result=WaiveResult,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_perform,
    amount=lambda unit, owner, request: request.amount or _total(unit, owner.id),
)
