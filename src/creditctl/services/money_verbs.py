"""The rails of every verb that moves credits or money (DESIGN 4).

One transaction holds the guards, the verb's work and the answer kept for its idempotency key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar

from creditctl.context import ANYBODY, Context
from creditctl.errors import (
    ApprovalNeeded,
    Conflict,
    GuardFailed,
    IdempotencyKeyReused,
    InvalidInput,
)
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.answers import from_json, to_json
from creditctl.services.balances import balance_of
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.idempotency import recall, remember
from creditctl.store.engine import UnitOfWork, rehearsal, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.approvals import approval_with_key, insert_approval
from creditctl.store.queries.orgs import OrganizationRow, lock_organizations


class Request(Protocol):
    """What a person asks for; every request says why."""

    @property
    def reason(self) -> str:
        """For the ledger and the audit log."""


Asked = TypeVar("Asked", bound=Request)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """What keeps a verb from the wrong organization and from being done twice."""

    idempotency_key: str | None = None
    dry_run: bool = False
    expect_email: str | None = None
    expect_balance: Credits | None = None


NO_RAILS = Rails()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Generic[Asked, Result]):
    """One way to move credits; `perform` joins the transaction and never commits."""

    name: str
    request: type[Asked]
    result: type[Result]
    """A dataclass with a field `dry_run`; where credits are counted also `needs_approval`."""

    organizations: Callable[[UnitOfWork, Asked], list[OrganizationRow]]
    """Whose books change, the one that guards are about first; all are locked."""

    perform: Callable[[UnitOfWork, Context, OrganizationRow, Asked], Result]
    amount: Callable[[UnitOfWork, OrganizationRow, Asked], Credits]
    """What counts against the actor's ceiling."""

    even_closed: bool = False
    """Whether it is done for an organization that was closed, which still has to pay."""


VERBS: Mapping[str, str] = {
    "purchases.create": "creditctl.services.purchases:BUY",
    "purchases.settle": "creditctl.services.settling:SETTLE",
    "invoice.pay": "creditctl.services.invoice_payments:PAY",
    "invoice.transfer": "creditctl.services.surplus:TRANSFER",
    "invoice.void": "creditctl.services.invoice_voiding:VOID",
    "invoice.credit-note": "creditctl.services.credit_notes:CREDIT",
    "credits.grant": "creditctl.services.granting:GRANT",
    "credits.reverse": "creditctl.services.reversals:REVERSE",
    "credits.expire": "creditctl.services.reversals:EXPIRE",
    "credits.waive": "creditctl.services.waivers:WAIVE",
    "credits.reallocate": "creditctl.services.reallocation:REALLOCATE",
    "orgs.promote": "creditctl.services.guests:PROMOTE",
    "orgs.merge": "creditctl.services.merging:MERGE",
    "orders.create": "creditctl.services.order_drafts:CREATE",
    "orders.amend": "creditctl.services.order_drafts:AMEND",
    "orders.sign": "creditctl.services.order_steps:SIGN",
    "orders.activate": "creditctl.services.order_steps:ACTIVATE",
    "orders.cancel": "creditctl.services.order_steps:CANCEL",
    "promotions.redeem": "creditctl.services.redeeming:REDEEM",
    "subscriptions.create": "creditctl.services.subscriptions:CREATE",
    "subscriptions.change": "creditctl.services.subscription_changes:CHANGE",
    "subscriptions.cancel": "creditctl.services.subscription_changes:CANCEL",
    "subscriptions.resume": "creditctl.services.subscription_changes:RESUME",
    "usage.record": "creditctl.services.usage_recording:RECORD",
}
"""Every verb by name -> `module:CONSTANT`; approvals find it here."""


def verb_named(name: str) -> Verb[Any, Any]:
    """The verb of that name."""
    module, _, constant = VERBS[name].partition(":")
    found: Verb[Any, Any] = getattr(import_module(module), constant)
    return found


def nothing_counted(unit: UnitOfWork, owner: OrganizationRow, request: object) -> Credits:  # noqa: ARG001
    """For verbs whose credits are decided by the catalog, not by the actor."""
    return NO_CREDITS


def run_verb(
    context: Context, verb: Verb[Asked, Result], request: Asked, rails: Rails = NO_RAILS
) -> Result:
    """Do it, or (dry run) show what it would do; the same key gives the same answer again.

    Raises GuardFailed, IdempotencyKeyReused, ApprovalNeeded above the actor's ceiling, and what
    the verb itself raises.
    """
    if not request.reason.strip():
        raise InvalidInput(f"{verb.name} needs a reason", hint='add --reason "why"')
    begin = rehearsal if rails.dry_run else unit_of_work
    with begin(context.database) as unit:
        owner = _locked(unit, verb, request)
        identity = {"request": to_json(request), "of": owner.public_id}
        if rails.idempotency_key is not None:
            answer = recall(unit, verb.name, rails.idempotency_key, identity)
            if answer is not None:
                return from_json(verb.result, answer)
        if owner.status != "closed":
            book_what_is_due(unit, context, owner.id)
        _guard(unit, context, owner, rails)
        amount = verb.amount(unit, owner, request)
        is_above = amount > ceiling_of(context)
        if rails.dry_run or not is_above:
            result = perform_verb(unit, context, verb, owner, request)
            if rails.idempotency_key is not None:
                key = rails.idempotency_key
                remember(unit, verb.name, key, identity, to_json(result), context.now)
            told = {"dry_run": rails.dry_run} | ({"needs_approval": True} if is_above else {})
            return replace(result, **told)  # type: ignore[type-var]
        approval = _ask(unit, context, verb, owner, request, rails, amount)
    raise ApprovalNeeded(
        f"{amount} credits are above the ceiling of {ceiling_of(context)} for {context.actor};"
        f" {approval} waits for a second person",
        hint=f"somebody else runs 'creditctl approvals approve {approval}'",
    )


def perform_verb(
    unit: UnitOfWork,
    context: Context,
    verb: Verb[Asked, Result],
    owner: OrganizationRow,
    request: Asked,
) -> Result:
    """The verb's work, refused for an organization that was closed."""
    if owner.status == "closed" and not verb.even_closed:
        raise Conflict(f"{owner.slug} is closed", hint="its books can only be read")
    return verb.perform(unit, context, owner, request)


def ceiling_of(context: Context) -> Credits:
    """What the actor may move alone; without any ceiling configured, everything."""
    ceilings = context.settings.ceilings
    ceiling = ceilings.get(context.actor, ceilings.get(ANYBODY))
    return Credits(2**63 - 1 if ceiling is None else ceiling)


def _locked(unit: UnitOfWork, verb: Verb[Asked, Result], request: Asked) -> OrganizationRow:
    """The organization as it is once nobody else changes it."""
    lock_organizations(unit, [owner.id for owner in verb.organizations(unit, request)])
    return verb.organizations(unit, request)[0]


def _guard(unit: UnitOfWork, context: Context, owner: OrganizationRow, rails: Rails) -> None:
    """Rails against the wrong organization: refuse when it is not what the caller expects."""
    if rails.expect_email not in (None, owner.billing_email):
        raise GuardFailed(
            f"the billing e-mail of {owner.slug} is {owner.billing_email or 'not set'}"
        )
    if rails.expect_balance is not None:
        available = balance_of(unit, owner.id, owner.slug, context.now).available
        if available != rails.expect_balance:
            raise GuardFailed(f"{owner.slug} has {available} credits available")


def _ask(
    unit: UnitOfWork,
    context: Context,
    verb: Verb[Asked, Result],
    owner: OrganizationRow,
    request: Asked,
    rails: Rails,
    amount: Credits,
) -> str:
    """Leave the request for a second person; returns the approval's id, the same for one key.

    Raises IdempotencyKeyReused, and Conflict when the request with that key was rejected.
    """
    key = rails.idempotency_key
    public_id = new_public_id("approval", context.now)
    inserted = insert_approval(
        unit,
        public_id=public_id,
        verb=verb.name,
        organization_id=owner.id,
        amount_micro=amount,
        request=to_json(request),
        reason=request.reason,
        idempotency_key=key,
        requested_by=context.actor,
        requested_at=context.now,
    )
    if inserted or key is None:
        return public_id
    asked = approval_with_key(unit, verb.name, key)
    if asked.request != to_json(request):
        raise IdempotencyKeyReused(f"{key!r} was used before with other parameters")
    if asked.status != "pending":
        raise Conflict(
            f"{asked.public_id} was {asked.status} by {asked.decided_by}",
            hint="ask again with a new idempotency key",
        )
    return asked.public_id
