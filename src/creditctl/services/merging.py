"""`orgs merge`: two organizations were one; keys, usage, grants, order forms, alerts move."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.enforcement import decide_anew
from creditctl.services.expiry import take_from
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.reallocation import pay_again, refuse_fixed
from creditctl.services.subscription_changes import end_subscription
from creditctl.services.unwinding import Unwound, unwind_bookings
from creditctl.services.usage_pruning import refuse_pruned_owner
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.budgets import move_key_budgets
from creditctl.store.queries.destinations import move_destinations
from creditctl.store.queries.grants import GrantRow, adjust, grant_by_id, grants_of
from creditctl.store.queries.holds import move_holds, open_holds_of
from creditctl.store.queries.keys import keys_of, move_keys, rename_key
from creditctl.store.queries.late_events import move_late_events
from creditctl.store.queries.late_usage import has_late_usage
from creditctl.store.queries.ledger import NewEntry, append_entries
from creditctl.store.queries.lineage import bookings_of_days
from creditctl.store.queries.merging import move_merged, move_usage
from creditctl.store.queries.orders import move_orders
from creditctl.store.queries.orgs import OrganizationRow, find_organization, update_organization
from creditctl.store.queries.subscriptions import subscriptions_of

EVER = Period(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """Everything of `source` goes to `target`; `source` is closed and stays readable."""

    source: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What moved, and the target's balance."""

    source: str
    target: str
    keys: int
    events: int
    grants: int
    destinations: int
    """Who was told of the source and is told of the target now; those it has already stay."""

    credits: Credits
    """What the source's grants held once their usage was taken back."""

    available_before: Credits
    available_after: Credits
    dry_run: bool = False


def merge_organizations(context: Context, request: MergeRequest, rails: Rails = NO_RAILS) -> Merged:
    """Make two organizations one.

    The ledger is append-only: the source's bookings are unwound, what its grants then hold is
    transferred to grants of the same terms, and the target pays the usage, in the order of time.
    The source's subscription ends. Its own budgets, payment methods, auto-recharge, receipts and
    the history of its alerts stay with it: the target's are in force. A purchase of it that is paid
    later is the target's. Raises OrganizationNotFound, and Conflict where an invoice is final,
    usage came too late, or a guest and a registered organization would be mixed.
    """
    return run_verb(context, MERGE, request, rails)


def _merge(
    unit: UnitOfWork, context: Context, source: OrganizationRow, request: MergeRequest
) -> Merged:
    target = find_organization(unit, request.target)
    _refuse(unit, source, target)
    before = balance_of(unit, target.id, target.slug, context.now).available
    for row in subscriptions_of(unit, source.id):
        if row.status == "active" and (row.ended_at is None or row.ended_at > context.now):
            end_subscription(unit, context, row, request.reason)
    of_source = _unwind(unit, context, source, request.reason)
    of_target = _unwind(unit, context, target, request.reason)
    moved = {}
    for grant in grants_of(unit, source.id):
        if given := _move_grant(unit, context, grant, target, request.reason):
            moved[grant.id] = given
    keys = _move_keys(unit, source, target)
    move_key_budgets(unit, source.id, target.id)
    move_orders(unit, source.id, target.id)
    events = move_usage(unit, source.id, target.id)
    move_late_events(unit, source.id, target.id)
    move_holds(unit, source.id, target.id)
    unwound = _together(of_source, of_target, moved)
    pay_again(unit, context, target.id, EVER, unwound, request.reason)
    destinations = move_destinations(unit, source.id, target.id)
    move_merged(unit, source.id, target.id)
    update_organization(unit, source.id, status="closed", merged_into_id=target.id)
    after = balance_of(unit, target.id, target.slug, context.now).available
    credits = [given.amount for given in moved.values()]
    merged = Merged(
        source=source.slug,
        target=target.slug,
        keys=keys,
        events=events,
        grants=len(credits),
        destinations=destinations,
        credits=sum(credits, NO_CREDITS),
        available_before=before,
        available_after=after,
    )
    _audit(unit, context, source, target, merged, request.reason)
    for owner in (source, target):
        decide_anew(unit, context, owner.id)
    return merged


def _refuse(unit: UnitOfWork, source: OrganizationRow, target: OrganizationRow) -> None:
    if source.id == target.id:
        raise Conflict(f"{source.slug} cannot be merged into itself")
    if target.status == "closed":
        raise Conflict(f"{target.slug} is closed", hint="merge into the one that goes on")
    if target.kind == "guest" and source.kind != "guest":
        raise Conflict(f"{target.slug} is a guest", hint="merge the guest into the other one")
    if open_holds_of(unit, [source.id]):
        raise Conflict(
            f"{source.slug} has calls in flight",
            hint="suspend it, and merge when its holds have been captured or have timed out",
        )
    for owner in (source, target):
        refuse_fixed(unit, owner, EVER.starts_at, EVER.ends_at)
        refuse_pruned_owner(unit, owner, "merging")
        if has_late_usage(unit, owner.id, EVER.starts_at, EVER.ends_at):
            raise Conflict(
                f"usage of {owner.slug} came too late and is on a later invoice",
                hint="who paid it stays as it was booked",
            )


def _unwind(unit: UnitOfWork, context: Context, owner: OrganizationRow, reason: str) -> Unwound:
    days = EVER.starts_at.date(), EVER.ends_at.date()
    return unwind_bookings(unit, context, bookings_of_days(unit, owner.id, *days), reason)


def _together(source: Unwound, target: Unwound, moved: Mapping[int, GrantRow]) -> Unwound:
    """Both as the target's: the source's grants that had repaid are now those they moved to."""
    repaid = {moved[old].id: amount for old, amount in source.repaid.items() if old in moved}
    return Unwound(
        entries=source.entries + target.entries,
        debited=source.debited + target.debited,
        overage=source.overage + target.overage,
        waived=source.waived + target.waived,
        repaid=repaid | dict(target.repaid),
    )


def _move_grant(
    unit: UnitOfWork, context: Context, grant: GrantRow, target: OrganizationRow, reason: str
) -> GrantRow | None:
    """Give the target a grant of the same terms with all that this one holds or let expire.

    Returns the target's grant, None where nothing was left to move.
    """
    if grant.reversed_at is not None:
        take_from(unit, context, grant, grant.remaining, "reversal", reason)
        return None
    if grant.expired:
        # It may have to pay usage of its time there: what is left expires again at once.
        append_entries(unit, [_reclaimed(context, grant, reason)])
        adjust(unit, grant.id, remaining=grant.expired, expired=-grant.expired)
    held = grant_by_id(unit, grant.id)
    if not held.remaining:
        return None
    take_from(unit, context, held, held.remaining, "transfer", f"{reason}: to {target.slug}")
    added = add_grant(
        unit,
        context,
        NewGrant(
            organization_id=target.id,
            source=held.source,
            amount=held.remaining,
            reason=f"{reason}: {held.public_id}",
            product_id=held.product_id,
            priority=held.priority,
            effective_at=held.effective_at,
            expires_at=held.expires_at,
            unit_cost=held.unit_cost,
            currency=held.currency,
            moved_from_id=held.id,
        ),
    )
    return grant_by_id(unit, added.id)


def _reclaimed(context: Context, grant: GrantRow, reason: str) -> NewEntry:
    return NewEntry(
        organization_id=grant.organization_id,
        grant_id=grant.id,
        kind="expiry_reversal",
        amount=grant.expired,
        event_at=grant.expires_at or context.now,
        recorded_at=context.now,
        product_id=grant.product_id,
        actor=context.actor,
        reason=reason,
    )


def _move_keys(unit: UnitOfWork, source: OrganizationRow, target: OrganizationRow) -> int:
    names = Counter(key.name for owner in (source, target) for key in keys_of(unit, owner.id))
    for key in keys_of(unit, source.id):
        if names[key.name] > 1:
            rename_key(unit, key.id, f"{key.name} ({key.prefix})")
    return move_keys(unit, source.id, target.id)


def _audit(
    unit: UnitOfWork,
    context: Context,
    source: OrganizationRow,
    target: OrganizationRow,
    merged: Merged,
    reason: str,
) -> None:
    for owner, verb in ((source, "organization.merged"), (target, "organization.absorbed")):
        record_change(
            unit,
            context,
            verb,
            owner.public_id,
            organization_id=owner.id,
            reason=reason,
            before={"source": source.slug, "target": target.slug, "status": source.status},
            after={
                "keys": merged.keys,
                "events": merged.events,
                "credits": merged.credits,
                "destinations": merged.destinations,
            },
        )


def _owners(unit: UnitOfWork, request: MergeRequest) -> list[OrganizationRow]:
    return [find_organization(unit, request.source), find_organization(unit, request.target)]


MERGE = Verb(
    name="orgs.merge",
    request=MergeRequest,
    result=Merged,
    organizations=_owners,
    perform=_merge,
    amount=nothing_counted,
)
