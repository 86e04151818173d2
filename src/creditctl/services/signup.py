"""Sign-up credits: for organizations that are no duplicate, once per identity (DESIGN 3.1)."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import AlreadyExists, InvalidInput
from creditctl.rules.duplicates import STRONG, Qualification, SignalKind, qualification_of
from creditctl.rules.promotions import GUESTS, Refusal
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.promotion_gifts import (
    give_promotion,
    newest_catalog,
    promotions_on_offer,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.duplicates import MatchRow, matches_of
from creditctl.store.queries.orgs import OrganizationRow
from creditctl.store.queries.promotions import claim_identity

TOLD = frozenset({Refusal.DUPLICATE, Refusal.NO_PAYMENT_METHOD, Refusal.USED_UP})
"""Refusals that a new organization hears of; what it was never meant for is not given silently."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an organization has in common with another one."""

    organization: str
    kind: str
    value: str
    strong: bool


@dataclass(frozen=True, slots=True)
class SignUp:
    """What sign-up gave, and how the organization was judged."""

    granted: Credits
    qualification: Qualification
    evidence: tuple[Evidence, ...]
    refused: tuple[str, ...]
    """Promotions that were not given."""

    because: tuple[str, ...]
    """Each of these with the reason."""

    first_refusal: Refusal | None


def give_sign_up_credits(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, *, override: str | None = None
) -> SignUp:
    """Grant what the catalog gives at sign-up and the organization did not get yet.

    A duplicate gets nothing, and stays an organization like any other; `override` is the reason to
    grant anyway. What waits for a payment method can be given later, by `orgs promote`.
    """
    matches = matches_of(unit, owner.id)
    qualification = qualification_of(SignalKind(match.kind) for match in matches)
    evidence = tuple(evidence_of(match) for match in matches)
    gifts = [
        give_promotion(
            unit,
            context,
            owner,
            promotion,
            is_duplicate=qualification is Qualification.DUPLICATE,
            reason=promotion.title if override is None else f"{promotion.title}: {override}",
            override=override is not None,
        )
        for promotion in promotions_on_offer(unit)
        if promotion.trigger == "signup"
    ]
    refused = [gift for gift in gifts if gift.refusal in TOLD]
    granted = sum((gift.amount for gift in gifts if gift.grant), NO_CREDITS)
    sign_up = SignUp(
        granted=granted,
        qualification=qualification,
        evidence=evidence,
        refused=tuple(gift.promotion.name for gift in refused),
        because=tuple(f"{gift.promotion.name}: {gift.refusal}" for gift in refused),
        first_refusal=refused[0].refusal if refused else None,
    )
    if refused:
        _record(unit, context, owner, "promotion.refused", "; ".join(sign_up.because), sign_up)
    elif override is not None and granted:
        _record(unit, context, owner, "promotion.overridden", override, sign_up)
    return sign_up


def give_guest_credits(unit: UnitOfWork, context: Context, owner: OrganizationRow) -> Credits:
    """The catalog's guest credits; raises InvalidInput without any, AlreadyExists for a device."""
    rule = newest_catalog(unit).guest
    if rule is None:
        raise InvalidInput(
            "the catalog knows no guests", hint="add a [guest] table to it and apply it again"
        )
    device = owner.device_id or ""
    if not claim_identity(unit, GUESTS, SignalKind.DEVICE, device, owner.id):
        raise AlreadyExists(
            f"the device {device!r} has been a guest already",
            hint="a device is a guest once; create a registered organization instead",
        )
    add_grant(
        unit,
        context,
        NewGrant(
            organization_id=owner.id,
            source="guest",
            amount=rule.amount,
            reason="guest credits",
            expires_at=context.now + rule.lifetime,
        ),
    )
    return rule.amount


def evidence_of(match: MatchRow) -> Evidence:
    """What the match has in common, and whether that decides."""
    return Evidence(match.organization, match.kind, match.value, SignalKind(match.kind) in STRONG)


def _record(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    action: str,
    reason: str,
    sign_up: SignUp,
) -> None:
    record_change(
        unit,
        context,
        action,
        owner.public_id,
        organization_id=owner.id,
        reason=reason,
        after={
            "refused": list(sign_up.refused),
            "evidence": [f"{found.kind} of {found.organization}" for found in sign_up.evidence],
        },
    )
