"""Promotions as they stand: terms, budgets, what was given and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import NotFound
from creditctl.rules.catalog import PromotionSpec
from creditctl.rules.promotions import PromotionStatus, status_at
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.services.promotion_gifts import newest_catalog, present_amount
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.promotions import (
    OutcomeRow,
    PromotionRow,
    claims_made,
    promotion_outcomes,
    promotion_rows,
)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion with what it gave; one that left the catalog has no terms any more."""

    name: str
    title: str | None
    status: PromotionStatus
    trigger: str | None
    code: str | None
    amount: Credits | None
    """What it gives now: money at the list price in force."""

    money: Money | None
    """What the catalog says that it is worth; None for a promotion in credits."""

    starts_at: datetime | None
    ends_at: datetime | None
    requires: tuple[str, ...]
    lifetime_days: int | None
    product: str | None
    countries: tuple[str, ...]
    plans: tuple[str, ...]
    budget: Credits | None
    credits_left: Credits | None
    budget_redemptions: int | None
    redemptions_left: int | None
    claims: int
    """How many organizations got it."""

    given: Credits
    """Spent + expired + taken_back + remaining, to the micro-credit."""

    spent: Credits
    expired: Credits
    taken_back: Credits
    """By `credits reverse`; that frees nothing of the budget."""

    remaining: Credits


@dataclass(frozen=True, slots=True)
class Claim:
    """A grant that came from a promotion; `organization` got it then."""

    promotion: str
    organization: str
    amount: Credits
    claimed_at: datetime
    expires_at: datetime | None
    grant: str
    actor: str
    reason: str


def list_promotions(context: Context) -> list[Promotion]:
    """Every promotion of the catalog, then those that left it; raises CatalogMissing."""
    with reading(context.database) as unit:
        return list(_promotions(unit, context.now))


def show_promotion(context: Context, name: str) -> Promotion:
    """The promotion of that name; raises NotFound, CatalogMissing."""
    for promotion in list_promotions(context):
        if promotion.name == name:
            return promotion
    raise _unknown(name)


def list_claims(context: Context, promotion: str | None = None) -> list[Claim]:
    """Who got what, oldest first, of all promotions or of one; raises NotFound for its name."""
    with reading(context.database) as unit:
        if promotion is not None and promotion not in promotion_rows(unit):
            offered = {spec.name for spec in newest_catalog(unit).promotions}
            if promotion not in offered:
                raise _unknown(promotion)
        rows = claims_made(unit, promotion)
    return [
        Claim(
            promotion=row.promotion,
            organization=row.organization,
            amount=row.amount,
            claimed_at=row.claimed_at,
            expires_at=row.expires_at,
            grant=row.grant,
            actor=row.actor,
            reason=row.reason,
        )
        for row in rows
    ]


def _promotions(unit: UnitOfWork, now: datetime) -> Iterator[Promotion]:
    specs = {spec.name: spec for spec in newest_catalog(unit).promotions}
    rows, outcomes = promotion_rows(unit), promotion_outcomes(unit)
    for name in [*specs, *(name for name in rows if name not in specs)]:
        # A catalog applied before budgets were kept left no row.
        row = rows.get(name) or PromotionRow(name, None, None, NO_CREDITS, 0)
        outcome = outcomes.get(name) or OutcomeRow(name, NO_CREDITS, NO_CREDITS, NO_CREDITS)
        spec = specs.get(name)
        amount = present_amount(unit, spec, now) if spec else None
        yield _promotion(row, outcome, spec, amount, now)


def _promotion(
    row: PromotionRow,
    outcome: OutcomeRow,
    spec: PromotionSpec | None,
    amount: Credits | None,
    now: datetime,
) -> Promotion:
    return Promotion(
        name=row.name,
        title=spec.title if spec else None,
        status=_status(row, spec, amount, now),
        trigger=spec.trigger if spec else None,
        code=spec.code if spec else None,
        amount=amount,
        money=spec.money if spec else None,
        starts_at=spec.starts if spec else None,
        ends_at=spec.ends if spec else None,
        requires=spec.requires if spec else (),
        lifetime_days=spec.lifetime.days if spec and spec.lifetime else None,
        product=spec.product if spec else None,
        countries=spec.countries if spec else (),
        plans=spec.plans if spec else (),
        budget=row.budget,
        credits_left=row.credits_left,
        budget_redemptions=row.budget_redemptions,
        redemptions_left=row.redemptions_left,
        claims=row.redemptions,
        given=row.given,
        spent=row.given - outcome.remaining - outcome.expired - outcome.reversed,
        expired=outcome.expired,
        taken_back=outcome.reversed,
        remaining=outcome.remaining,
    )


def _status(
    row: PromotionRow, spec: PromotionSpec | None, amount: Credits | None, now: datetime
) -> PromotionStatus:
    if spec is None or amount is None:
        return PromotionStatus.WITHDRAWN
    left = row.credits_left
    has_room = row.redemptions_left != 0 and (left is None or amount <= left)
    return status_at(spec, now, has_room=has_room)


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"there is no promotion {name!r}", hint="'creditctl promotions list' shows all of them"
    )
