"""`credits reverse` and `credits expire`: mistakes are taken back, grants end early."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.instants import instant_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.allocation import OVERAGE
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.credit_note_parts import CreditNotePart, parts_of_grant
from creditctl.services.expiry import expire, take_from
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, run_verb
from creditctl.services.repayment import repay_with_paid_grants
from creditctl.services.unwinding import debit_of, unwind_entries
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.grants import (
    GrantRow,
    end_grant,
    find_grant,
    grant_by_id,
    mark_reversed,
)
from creditctl.store.queries.holds import last_call_held
from creditctl.store.queries.invoices import mark_drafts_stale_from
from creditctl.store.queries.late_usage import link_corrections
from creditctl.store.queries.ledger import NewEntry, add_debits, append_entries
from creditctl.store.queries.lineage import EntryRow, drawn_from
from creditctl.store.queries.orgs import OrganizationRow, organization_by_id

NO_REFUND = "there are no refunds; --unwind turns what it paid into open overage"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseRequest:
    """Take back what is unused of a grant; `unwind` also what was used."""

    grant: str
    reason: str
    unwind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireRequest:
    """End a grant now."""

    grant: str
    reason: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What left a grant unused, and what that did to the balance."""

    grant: str
    organization: str
    source: str
    taken: Credits
    kept: Credits
    """Used before; it stays with the grant unless it was unwound."""

    unwound: Credits
    """Used before, and open overage now."""

    available_before: Credits
    available_after: Credits
    credit_notes: tuple[CreditNotePart, ...] = ()
    """For what was taken back of a paid grant: its net with its tax."""

    dry_run: bool = False
    needs_approval: bool = False
    """In a dry run: above the actor's ceiling, so that a second person would be asked."""


def reverse_grant(context: Context, request: ReverseRequest, rails: Rails = NO_RAILS) -> TakenBack:
    """Correct a grant that was a mistake; once. Raises GrantNotFound, Conflict, and the rails'."""
    return run_verb(context, REVERSE, request, rails)


def expire_grant(context: Context, request: ExpireRequest, rails: Rails = NO_RAILS) -> TakenBack:
    """End a grant now; usage from before may still draw from it within the grace.

    Raises GrantNotFound, Conflict when it has ended already, and what rails raise.
    """
    return run_verb(context, EXPIRE, request, rails)


def end_early(
    unit: UnitOfWork,
    context: Context,
    grant: GrantRow,
    reason: str,
    *,
    at: datetime | None = None,
) -> Credits:
    """The step: the grant ends now (or `at`) and what remains has expired; returns how much."""
    if grant.effective_at >= context.now:
        take_from(unit, context, grant, grant.available, "reversal", reason)
        mark_reversed(unit, grant.id, context.now)
        return grant.available
    ended_at = at or max(context.now, after_last_use(unit, grant))
    if grant.expires_at is None or ended_at < grant.expires_at:
        end_grant(unit, grant.id, ended_at)
        grant = replace(grant, expires_at=ended_at)
    expire(unit, context, grant, grant.available, reason)
    return grant.available


def _reverse(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ReverseRequest
) -> TakenBack:
    grant = find_grant(unit, request.grant)
    if grant.reversed_at is not None:
        raise Conflict(f"{grant.public_id} was reversed already", hint="that is done once")
    if grant.source == "subscription":
        raise Conflict(
            f"{grant.public_id} is an allowance, and belongs to the subscription",
            hint="cancel or change the subscription instead",
        )
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    used = _sum(drawn_from(unit, grant.id))
    unwound = _unwind(unit, context, grant, request.reason) if request.unwind else NO_CREDITS
    grant = grant_by_id(unit, grant.id)
    taken = grant.available
    if not taken and not unwound:
        raise Conflict(f"nothing of {grant.public_id} is unused", hint=NO_REFUND)
    take_from(unit, context, grant, taken, "reversal", request.reason)
    mark_reversed(unit, grant.id, context.now)
    repay_with_paid_grants(unit, context, owner.id)
    _audit(unit, context, grant, "grant.reversed", request.reason, taken, unwound)
    after = balance_of(unit, owner.id, owner.slug, context.now).available
    notes = parts_of_grant(unit, grant.id)
    kept = used - unwound
    return TakenBack(
        grant.public_id, owner.slug, grant.source, taken, kept, unwound, before, after, notes
    )


def _expire(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ExpireRequest
) -> TakenBack:
    grant = find_grant(unit, request.grant)
    if not grant.available or (grant.expires_at is not None and grant.expires_at <= context.now):
        raise Conflict(f"{grant.public_id} holds nothing that could expire")
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    taken = end_early(unit, context, grant, request.reason)
    _audit(unit, context, grant, "grant.expired", request.reason, taken, NO_CREDITS)
    after = balance_of(unit, owner.id, owner.slug, context.now).available
    used = _sum(drawn_from(unit, grant.id))
    notes = parts_of_grant(unit, grant.id)
    return TakenBack(
        grant.public_id, owner.slug, grant.source, taken, used, NO_CREDITS, before, after, notes
    )


def _unwind(unit: UnitOfWork, context: Context, grant: GrantRow, reason: str) -> Credits:
    """Give everything it paid back to it; the usage becomes open overage again."""
    drawn = drawn_from(unit, grant.id)
    unwind_entries(unit, context, drawn, reason)
    for entry in reversed(drawn):
        if entry.kind == "usage":
            append_entries(unit, [_overage(context, entry, reason)])
            add_debits(unit, [debit_of(entry, OVERAGE, -entry.amount)])
    link_corrections(unit, grant.organization_id)
    if drawn:
        # Where the usage is on a final invoice, the next one bills it.
        mark_drafts_stale_from(
            unit, grant.organization_id, instant_of(min(one.event_at for one in drawn))
        )
    return _sum(drawn)


def _overage(context: Context, entry: EntryRow, reason: str) -> NewEntry:
    return NewEntry(
        organization_id=entry.organization_id,
        kind=OVERAGE,
        amount=entry.amount,
        event_at=entry.event_at,
        recorded_at=context.now,
        product_id=entry.product_id,
        batch_id=entry.batch_id,
        overage_reason="correction",
        first_event_at=entry.first_event_at,
        first_event_id=entry.first_event_id,
        last_event_at=entry.last_event_at,
        last_event_id=entry.last_event_id,
        actor=context.actor,
        reason=reason,
    )


def after_last_use(unit: UnitOfWork, grant: GrantRow) -> datetime:
    """The first instant after everything it paid, or holds for a call in flight.

    A server's clock may be ahead of ours: what was drawn stays within the grant's time.
    """
    last = max((entry.last_event_at or 0 for entry in drawn_from(unit, grant.id)), default=0)
    if grant.held:
        last = max(last, last_call_held(unit, grant.id))
    return instant_of(last) + timedelta(microseconds=1)


def _sum(entries: list[EntryRow]) -> Credits:
    return sum((-entry.amount for entry in entries), NO_CREDITS)


def _audit(
    unit: UnitOfWork,
    context: Context,
    grant: GrantRow,
    action: str,
    reason: str,
    taken: Credits,
    unwound: Credits,
) -> None:
    record_change(
        unit,
        context,
        action,
        grant.public_id,
        organization_id=grant.organization_id,
        reason=reason,
        before={"remaining": grant.remaining, "expires_at": grant.expires_at},
        after={"remaining": grant.held, "taken": taken, "unwound": unwound},
    )


def _owner(unit: UnitOfWork, request: ReverseRequest | ExpireRequest) -> list[OrganizationRow]:
    return [organization_by_id(unit, find_grant(unit, request.grant).organization_id)]


def _amount(
    unit: UnitOfWork,
    _owner: OrganizationRow,
    request: ReverseRequest | ExpireRequest,
) -> Credits:
    grant = find_grant(unit, request.grant)
    moves_all = isinstance(request, ReverseRequest) and request.unwind
    return grant.amount if moves_all else grant.available


REVERSE = Verb(
    name="credits.reverse",
    request=ReverseRequest,
    result=TakenBack,
    organizations=_owner,
    perform=_reverse,
    amount=_amount,
)
EXPIRE = Verb(
    name="credits.expire",
    request=ExpireRequest,
    result=TakenBack,
    organizations=_owner,
    perform=_expire,
    amount=_amount,
)
