"""Giving a promotion: once for an organization and its identity, within its budget (DESIGN 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import CatalogMissing
from creditctl.rules.catalog import Catalog, PromotionSpec
from creditctl.rules.duplicates import STRONG
from creditctl.rules.promotions import Claimant, Refusal, gift_of, refusal_of
from creditctl.rules.units import Credits
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.org_facts import has_payment_method
from creditctl.services.products import product_id_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import catalog_terms, terms_at
from creditctl.store.queries.duplicates import signals_held
from creditctl.store.queries.orgs import OrganizationRow, lock_organizations
from creditctl.store.queries.promotions import (
    ClaimRow,
    add_promotion,
    claim_identity,
    count_gift,
    promotions_given,
    release_claims,
)
from creditctl.store.queries.subscriptions import plans_of_organizations


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What an organization got of a promotion, or why it got nothing."""

    promotion: PromotionSpec
    amount: Credits
    refusal: Refusal | None = None
    grant: str | None = None
    expires_at: datetime | None = None
    had_before: ClaimRow | None = None


def give_promotion(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    promotion: PromotionSpec,
    *,
    is_duplicate: bool,
    reason: str,
    override: bool = False,
) -> Gift:
    """The step: judge, claim the identity, count in the budget, grant; all of it or nothing.

    Identity and budget are decided by the database, also between two at the same moment. Locks the
    organization, then the promotion's row.
    """
    lock_organizations(unit, [owner.id])
    amount = present_amount(unit, promotion, context.now)
    had_before = promotions_given(unit, owner.id).get(promotion.name)
    claimant = _claimant(unit, context, owner, promotion, had_before, is_duplicate=is_duplicate)
    refusal = refusal_of(promotion, claimant, context.now, overridden=override)
    if refusal is None and not _claim(unit, owner, promotion.name) and not override:
        refusal = Refusal.DUPLICATE
    elif refusal is None:
        add_promotion(unit, promotion.name)
        if not count_gift(unit, promotion.name, amount):
            refusal = Refusal.USED_UP
    if refusal is not None:
        if had_before is None:
            release_claims(unit, promotion.name, owner.id)
        return Gift(promotion=promotion, amount=amount, refusal=refusal, had_before=had_before)
    expires_at = None if promotion.lifetime is None else context.now + promotion.lifetime
    given = add_grant(
        unit,
        context,
        NewGrant(
            organization_id=owner.id,
            source="promotion",
            amount=amount,
            reason=reason,
            product_id=product_id_of(unit, promotion.product),
            expires_at=expires_at,
            promotion=promotion.name,
        ),
    )
    return Gift(promotion=promotion, amount=amount, grant=given.public_id, expires_at=expires_at)


def present_amount(unit: UnitOfWork, promotion: PromotionSpec, now: datetime) -> Credits:
    """What it gives now: money is worth what the list price in force says."""
    if promotion.money is None:
        return promotion.amount
    terms = terms_at(catalog_terms(unit), now)
    return gift_of(promotion, terms.list_price, terms.currency)


def promotions_on_offer(unit: UnitOfWork) -> Sequence[PromotionSpec]:
    """The promotions of the catalog applied last; none without a catalog."""
    try:
        return newest_catalog(unit).promotions
    except CatalogMissing:
        return ()


def newest_catalog(unit: UnitOfWork) -> Catalog:
    """The catalog applied last; raises CatalogMissing."""
    from creditctl.services.catalog import current_catalog  # its parser is not for every list

    return current_catalog(unit)


def _claimant(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    promotion: PromotionSpec,
    had_before: ClaimRow | None,
    *,
    is_duplicate: bool,
) -> Claimant:
    plans = plans_of_organizations(unit, context.now) if promotion.plans else {}
    return Claimant(
        had_before=had_before is not None,
        is_duplicate=is_duplicate,
        has_payment_method=has_payment_method(unit, owner),
        country=owner.country,
        plan=plans.get(owner.id),
    )


def _claim(unit: UnitOfWork, owner: OrganizationRow, promotion: str) -> bool:
    """Claim the promotion for every strong signal; False when one was claimed by another."""
    claims = [
        claim_identity(unit, promotion, kind, value, owner.id)
        for kind, value in signals_held(unit, owner.id)
        if kind in STRONG
    ]
    return all(claims)
