"""`promotions redeem`: whoever names a promotion's code gets its credits, once."""

from dataclasses import dataclass, replace
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import (
    AlreadyExists,
    Conflict,
    DuplicateOrganization,
    GuestNotAllowed,
    InvalidInput,
    NotFound,
)
from creditctl.rules.catalog import PromotionSpec
from creditctl.rules.duplicates import STRONG
from creditctl.rules.instants import instant_text
from creditctl.rules.promotions import Refusal, code_key
from creditctl.rules.units import Credits
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.promotion_gifts import Gift, give_promotion, newest_catalog
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.duplicates import matches_of
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.promotions import holders_of_identity, promotion_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemRequest:
    """Give the organization the promotion of that code; `override` also to a duplicate."""

    organization: str
    code: str
    reason: str = ""
    """Why; that the code was named, unless something else is said."""

    override: bool = False


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What was given (or, in a dry run, would be), and what the budget still holds."""

    organization: str
    promotion: str
    grant: str
    amount: Credits
    product: str | None
    expires_at: datetime | None
    credits_left: Credits | None
    """Of the promotion's budget; None without one."""

    redemptions_left: int | None
    available_before: Credits
    available_after: Credits
    dry_run: bool = False


def redeem(context: Context, request: RedeemRequest, rails: Rails = NO_RAILS) -> Redeemed:
    """Redeem a code, in one transaction with the count in its promotion's budget.

    Raises OrganizationNotFound, NotFound for the code, GuestNotAllowed, DuplicateOrganization,
    AlreadyExists for who had it before, Conflict, InvalidInput, and what rails raise.
    """
    if not request.reason.strip():
        if request.override:
            raise InvalidInput("--override needs a reason", hint='add --reason "why"')
        request = replace(request, reason=f"code {request.code.strip()}")
    return run_verb(context, REDEEM, request, rails)


def _redeem(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: RedeemRequest
) -> Redeemed:
    if owner.kind == "guest":
        raise GuestNotAllowed(
            f"{owner.slug} is a guest and cannot redeem a code",
            hint=f"'creditctl orgs promote {owner.slug}' registers it",
        )
    promotion = _with_code(unit, request.code)
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    gift = give_promotion(
        unit,
        context,
        owner,
        promotion,
        is_duplicate=bool(_originals(unit, owner)),
        reason=f"{promotion.title}: {request.reason}",
        override=request.override,
    )
    if gift.grant is None:
        raise _refused(unit, owner, gift)
    record_change(
        unit,
        context,
        "promotion.overridden" if request.override else "promotion.redeemed",
        owner.public_id,
        organization_id=owner.id,
        reason=request.reason,
        after={"promotion": promotion.name, "code": promotion.code, "grant": gift.grant},
    )
    row = promotion_rows(unit)[promotion.name]
    return Redeemed(
        organization=owner.slug,
        promotion=promotion.name,
        grant=gift.grant,
        amount=gift.amount,
        product=promotion.product,
        expires_at=gift.expires_at,
        credits_left=row.credits_left,
        redemptions_left=row.redemptions_left,
        available_before=before,
        available_after=balance_of(unit, owner.id, owner.slug, context.now).available,
    )


def _with_code(unit: UnitOfWork, code: str) -> PromotionSpec:
    for promotion in newest_catalog(unit).promotions:
        if promotion.code is not None and code_key(promotion.code) == code_key(code):
            return promotion
    raise NotFound(
        f"no promotion has the code {code.strip()!r}",
        hint="'creditctl promotions list' shows the codes",
    )


def _originals(unit: UnitOfWork, owner: OrganizationRow) -> list[str]:
    """Older organizations that this one duplicates, with what decides it.

    The first of two stays qualified, whatever somebody else signs up with later.
    """
    return [
        f"{match.kind.replace('_', ' ')} of {match.organization}"
        for match in matches_of(unit, owner.id)
        if match.kind in STRONG and match.organization_id < owner.id
    ]


def _refused(unit: UnitOfWork, owner: OrganizationRow, gift: Gift) -> Conflict:
    """The refusal in words, with what can be done about it."""
    promotion, had = gift.promotion, gift.had_before
    if had is not None:
        return AlreadyExists(
            f"{had.organization} got {promotion.name} on {had.claimed_at:%Y-%m-%d} ({had.grant})",
            hint="a promotion is given once; 'creditctl credits grant' gives goodwill",
        )
    if gift.refusal is Refusal.DUPLICATE:
        holders = [
            f"{holder.kind.replace('_', ' ')} of {holder.organization}"
            for holder in holders_of_identity(unit, promotion.name, owner.id)
        ]
        evidence = ", ".join(holders or _originals(unit, owner))
        return DuplicateOrganization(f"{owner.slug} has the {evidence or 'identity of another'}")
    if gift.refusal is Refusal.USED_UP:
        return Conflict(_used_up(unit, gift), hint="raise its budget in the catalog and apply it")
    wanted, do = _wanted(owner, promotion)[gift.refusal or Refusal.OVER]
    return Conflict(f"{promotion.name} {wanted}", hint=do)


def _used_up(unit: UnitOfWork, gift: Gift) -> str:
    row = promotion_rows(unit)[gift.promotion.name]
    if row.redemptions_left == 0:
        return f"{row.name} is used up: {row.redemptions} of {row.budget_redemptions} organizations"
    left = f"{row.credits_left} of {row.budget} credits are left"
    return f"{row.name} is used up: {left}, and it gives {gift.amount}"


def _wanted(owner: OrganizationRow, promotion: PromotionSpec) -> dict[Refusal, tuple[str, str]]:
    """Why not, and what to do, for every refusal that the catalog alone explains."""
    starts, ends = (
        "" if at is None else instant_text(at) for at in (promotion.starts, promotion.ends)
    )
    countries, plans = ", ".join(promotion.countries), ", ".join(promotion.plans)
    return {
        Refusal.NOT_BEGUN: (f"begins at {starts}", "redeem the code from then on"),
        Refusal.OVER: (f"ended at {ends}", "set a later end in the catalog and apply it"),
        Refusal.COUNTRY: (
            f"is for {countries}; the country of {owner.slug} is {owner.country or 'not known'}",
            f"'creditctl orgs update {owner.slug} --country CC' corrects it",
        ),
        Refusal.PLAN: (
            f"is for organizations on {plans}, and {owner.slug} is not",
            f"'creditctl subscriptions create {owner.slug} PLAN' subscribes it",
        ),
        Refusal.NO_PAYMENT_METHOD: (
            f"needs a payment method, and {owner.slug} has none on file",
            f"'creditctl orgs update {owner.slug} --payment-fingerprint TEXT' records one",
        ),
    }


REDEEM = Verb(
    name="promotions.redeem",
    request=RedeemRequest,
    result=Redeemed,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_redeem,
    amount=nothing_counted,
)
