"""Sign-up credits: for organizations that are no duplicate, once per identity (DESIGN 3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import AlreadyExists, CatalogMissing, InvalidInput
from creditctl.rules.catalog import Catalog, PromotionSpec
from creditctl.rules.duplicates import STRONG, Qualification, SignalKind, qualification_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.grants import NewGrant, add_grant
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.duplicates import MatchRow, claim_promotion, matches_of, signals_held
from creditctl.store.queries.grants import promotions_given
from creditctl.store.queries.orgs import OrganizationRow

GUESTS = "guest"
"""The promotion that a device claims: one guest each."""


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


def give_sign_up_credits(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, *, override: str | None = None
) -> SignUp:
    """Grant what the catalog gives at sign-up and the organization did not get yet.

    A duplicate gets nothing, and stays an organization like any other; `override` is the reason to
    grant anyway. The claim on each strong signal is unique in the database, also between two
    sign-ups at the same moment.
    """
    matches = matches_of(unit, owner.id)
    qualification = qualification_of(SignalKind(match.kind) for match in matches)
    evidence = tuple(_evidence(match) for match in matches)
    granted, refused = NO_CREDITS, []
    given = promotions_given(unit, owner.id)
    for promotion in _sign_up_promotions(unit):
        if promotion.name in given:
            continue
        is_duplicate = qualification is Qualification.DUPLICATE
        claimed = _claim(unit, owner, promotion.name)
        if override is None and (is_duplicate or not claimed):
            refused.append(promotion.name)
            continue
        add_grant(unit, context, _gift(owner.id, promotion, override))
        granted += promotion.amount
    if refused:
        _record(unit, context, owner, "promotion.refused", "a duplicate", refused, evidence)
    elif override is not None and granted:
        _record(unit, context, owner, "promotion.overridden", override, [], evidence)
    return SignUp(granted, qualification, evidence, tuple(refused))


def give_guest_credits(unit: UnitOfWork, context: Context, owner: OrganizationRow) -> Credits:
    """The catalog's guest credits; raises InvalidInput without any, AlreadyExists for a device."""
    rule = _catalog(unit).guest
    if rule is None:
        raise InvalidInput(
            "the catalog knows no guests", hint="add a [guest] table to it and apply it again"
        )
    device = owner.device_id or ""
    if not claim_promotion(unit, GUESTS, SignalKind.DEVICE, device, owner.id):
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


def _sign_up_promotions(unit: UnitOfWork) -> Sequence[PromotionSpec]:
    try:
        promotions = _catalog(unit).promotions
    except CatalogMissing:
        return ()
    return [promotion for promotion in promotions if promotion.trigger == "signup"]


def _catalog(unit: UnitOfWork) -> Catalog:
    from creditctl.services.catalog import current_catalog  # its parser is not for every list

    return current_catalog(unit)


def _claim(unit: UnitOfWork, owner: OrganizationRow, promotion: str) -> bool:
    """Claim the promotion for every strong signal; False when one was claimed by another."""
    claims = [
        claim_promotion(unit, promotion, kind, value, owner.id)
        for kind, value in signals_held(unit, owner.id)
        if kind in STRONG
    ]
    return all(claims)


def _gift(organization_id: int, promotion: PromotionSpec, override: str | None) -> NewGrant:
    return NewGrant(
        organization_id=organization_id,
        source="promotion",
        amount=promotion.amount,
        reason=promotion.title if override is None else f"{promotion.title}: {override}",
        promotion=promotion.name,
    )


def _evidence(match: MatchRow) -> Evidence:
    return Evidence(match.organization, match.kind, match.value, SignalKind(match.kind) in STRONG)


def _record(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    action: str,
    reason: str,
    refused: list[str],
    evidence: Sequence[Evidence],
) -> None:
    record_change(
        unit,
        context,
        action,
        owner.public_id,
        organization_id=owner.id,
        reason=reason,
        after={
            "refused": refused,
            "evidence": [f"{found.kind} of {found.organization}" for found in evidence],
        },
    )
