"""`recharge`: the terms on which an organization's credits are bought back (DESIGN 3.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import Conflict, GuestNotAllowed, InvalidInput, NotFound
from creditctl.rules.recharges import has_expired
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import record_change
from creditctl.services.payment_methods import CHARGED, chosen_method
from creditctl.services.quoting import Wish, quoted
from creditctl.services.recharge_standing import (
    method_trouble,
    next_try,
    spent_in_month,
    standing_of,
    state_columns,
    switch_off,
)
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import OrganizationRow, find_organization, lock_organizations
from creditctl.store.queries.payment_methods import method_named
from creditctl.store.queries.recharges import (
    RechargeRow,
    insert_recharge,
    recharge_of,
    recharges,
    update_recharge,
)

COOL_DOWN = timedelta(hours=1)
"""Between two purchases, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeTerms:
    """When to buy, how many, from whom and how much of it; `monthly_cap` includes tax."""

    organization: str
    below: Credits
    up_to: Credits
    monthly_cap: Money
    reason: str
    method: str | None = None
    """A payment method on file; the default one unless given."""

    cool_down: timedelta = COOL_DOWN


@dataclass(frozen=True, slots=True)
class Recharge:
    """An organization's auto-recharge, and where it stands."""

    id: str
    organization: str
    state: str
    """active or disabled"""

    standing: str
    """ready, open (a payment is), waiting (cool-down or back-off), capped or disabled"""

    reason: str
    below: Credits
    up_to: Credits
    monthly_cap: Money
    spent_this_month: Money
    method: str
    cool_down_seconds: int
    declines: int
    next_try_at: datetime | None
    """No purchase before then; empty when nothing has to be waited for."""

    open_purchase: str | None
    changed_at: datetime
    changed_by: str


def set_recharge(context: Context, terms: RechargeTerms) -> Recharge:
    """Begin, or change the terms; what was disabled stays so.

    Raises OrganizationNotFound, GuestNotAllowed, Conflict without a usable payment method, and
    InvalidInput where the smallest purchase would be above the cap or has no price.
    """
    with unit_of_work(context.database) as unit:
        owner = _locked(unit, terms.organization, terms.reason)
        _check(unit, context, owner, terms)
        named = method_named(unit, terms.method) if terms.method else None
        provider = named.provider if named else CHARGED[0]
        if provider not in CHARGED:
            raise InvalidInput(
                f"{terms.method} is not charged without its payer",
                hint=f"auto-recharge works with {', '.join(CHARGED)}",
            )
        method = chosen_method(unit, owner, provider, terms.method)
        if method is None or has_expired(method.expires, context.now):
            raise Conflict(
                f"the payment method of {owner.slug} has expired",
                hint=f"'creditctl payments attach {owner.slug}' puts a new one on file",
            )
        columns = {
            "below_micro": terms.below,
            "up_to_micro": terms.up_to,
            "cap_minor": terms.monthly_cap.minor,
            "currency": terms.monthly_cap.currency,
            "method_id": method.id,
            "cool_down_seconds": terms.cool_down // timedelta(seconds=1),
            "capped_month": None,
        }
        before = recharge_of(unit, owner.id)
        if before is None:
            insert_recharge(
                unit,
                public_id=new_public_id("rec", context.now),
                organization_id=owner.id,
                **columns,
                **state_columns(context, "active", terms.reason),
            )
        else:
            update_recharge(unit, before.id, **columns)
        row = _find(unit, owner)
        record_change(
            unit,
            context,
            "recharge.set",
            row.public_id,
            organization_id=owner.id,
            reason=terms.reason,
            before=None if before is None else _facts(before),
            after=_facts(row),
        )
        return _shown(unit, context, row)


def list_recharges(context: Context, organization: str | None = None) -> list[Recharge]:
    """Of every organization, or one; raises OrganizationNotFound, NotFound where it has none."""
    with reading(context.database) as unit:
        if organization is None:
            rows = recharges(unit)
        else:
            rows = [_find(unit, find_organization(unit, organization))]
        return [_shown(unit, context, row) for row in rows]


def disable_recharge(context: Context, organization: str, reason: str) -> Recharge:
    """Buy nothing more; a payment under way is still followed. Again changes nothing."""
    with unit_of_work(context.database) as unit:
        owner = _locked(unit, organization, reason)
        row = _find(unit, owner)
        if row.state == "active":
            switch_off(unit, context, row, reason)
        return _shown(unit, context, _find(unit, owner))


def enable_recharge(context: Context, organization: str, reason: str) -> Recharge:
    """Buy again, declines forgotten; again changes nothing.

    Raises NotFound, and Conflict while its payment method cannot be charged.
    """
    with unit_of_work(context.database) as unit:
        owner = _locked(unit, organization, reason)
        row = _find(unit, owner)
        if trouble := method_trouble(row, context.now):
            raise Conflict(trouble, hint=f"'creditctl recharge set {owner.slug} --method …' first")
        if row.state == "disabled":
            update_recharge(
                unit,
                row.id,
                declines=0,
                next_try_at=None,
                **state_columns(context, "active", reason),
            )
            record_change(
                unit,
                context,
                "recharge.enabled",
                row.public_id,
                organization_id=owner.id,
                reason=reason,
                before={"state": row.state, "reason": row.state_reason},
                after={"state": "active"},
            )
        return _shown(unit, context, _find(unit, owner))


def _locked(unit: UnitOfWork, organization: str, reason: str) -> OrganizationRow:
    if not reason.strip():
        raise InvalidInput("a recharge is changed with a reason", hint='add --reason "why"')
    lock_organizations(unit, [find_organization(unit, organization).id])
    return find_organization(unit, organization)


def _check(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, terms: RechargeTerms
) -> None:
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot be topped up")
    if owner.status == "closed":
        raise Conflict(f"{owner.slug} is closed", hint="its books can only be read")
    if terms.up_to <= terms.below:
        raise InvalidInput(
            f"the target of {terms.up_to} credits is not above the threshold of {terms.below}",
            hint="--up-to is what the balance is brought up to",
        )
    wish = Wish(credits=terms.up_to - terms.below, currency=terms.monthly_cap.currency)
    least = quoted(unit, owner.id, wish, context.now).quote.assessment.document.gross
    if least.minor > terms.monthly_cap.minor:
        raise InvalidInput(
            f"the smallest recharge costs {least} {least.currency}, above the cap of a whole month",
            hint="raise --monthly-cap, or bring --up-to nearer to --below",
        )


def _find(unit: UnitOfWork, owner: OrganizationRow) -> RechargeRow:
    row = recharge_of(unit, owner.id)
    if row is None:
        raise NotFound(
            f"{owner.slug} has no auto-recharge",
            hint=f"'creditctl recharge set {owner.slug}' begins one",
        )
    return row


def _facts(row: RechargeRow) -> dict[str, object]:
    return {
        "below": row.below,
        "up_to": row.up_to,
        "monthly_cap": f"{Money(row.cap_minor, row.currency)} {row.currency}",
        "method": row.method,
        "cool_down_seconds": row.cool_down_seconds,
    }


def _shown(unit: UnitOfWork, context: Context, row: RechargeRow) -> Recharge:
    wait = next_try(row)
    return Recharge(
        id=row.public_id,
        organization=row.organization,
        state=row.state,
        standing=standing_of(row, context.now),
        reason=row.state_reason,
        below=row.below,
        up_to=row.up_to,
        monthly_cap=Money(row.cap_minor, row.currency),
        spent_this_month=spent_in_month(unit, row, context.now),
        method=row.method,
        cool_down_seconds=row.cool_down_seconds,
        declines=row.declines,
        next_try_at=wait if wait is not None and context.now < wait else None,
        open_purchase=row.purchase,
        changed_at=row.state_at,
        changed_by=row.state_by,
    )
