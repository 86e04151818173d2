"""Whom a promotion is given to, how much that is, and what may stand against it (DESIGN 3.4)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from creditctl.rules.catalog import PromotionSpec
from creditctl.rules.units import Credits, credits_for

GUESTS = "guest"
"""What a device claims, as others claim a promotion: it is a guest once."""

TRIGGERS = ("signup", "code")
NOT_DUPLICATE, PAYMENT_METHOD = "not_duplicate", "payment_method"
REQUIREMENTS = (NOT_DUPLICATE, PAYMENT_METHOD)


class Refusal(StrEnum):
    """Why an organization does not get a promotion; in the order in which they are told."""

    NOT_BEGUN = "it has not begun"
    OVER = "it is over"
    HAD_BEFORE = "the organization has had it"
    COUNTRY = "it is for other countries"
    PLAN = "it is for other plans"
    DUPLICATE = "the organization is a duplicate"
    NO_PAYMENT_METHOD = "no payment method is on file"
    USED_UP = "it is used up"


class PromotionStatus(StrEnum):
    """Where a promotion stands; `withdrawn` is not in the catalog any more."""

    PLANNED = "planned"
    OPEN = "open"
    USED_UP = "used_up"
    OVER = "over"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """What of an organization decides whether it gets a promotion."""

    had_before: bool
    is_duplicate: bool
    has_payment_method: bool
    country: str | None = None
    plan: str | None = None


def code_key(code: str) -> str:
    """What codes are compared by: people write them in any case, with spaces around."""
    return code.strip().casefold()


def gift_of(promotion: PromotionSpec, list_price: Decimal, currency: str) -> Credits:
    """What it gives while a credit costs `list_price` in `currency`.

    Money is divided exactly and rounded down to a micro-credit: never more than was promised. A
    price in another currency says nothing about it; the promotion's own catalog then decides.
    """
    if promotion.money is None or promotion.money.currency != currency:
        return promotion.amount
    return credits_for(promotion.money, list_price)


def refusal_of(
    promotion: PromotionSpec, claimant: Claimant, now: datetime, *, overridden: bool = False
) -> Refusal | None:
    """Why the claimant does not get it, None if it does as far as its budget goes.

    `overridden`: somebody decided that a duplicate gets it all the same; nothing else can be.
    """
    if promotion.starts is not None and now < promotion.starts:
        return Refusal.NOT_BEGUN
    if promotion.ends is not None and now >= promotion.ends:
        return Refusal.OVER
    if claimant.had_before:
        return Refusal.HAD_BEFORE
    if promotion.countries and claimant.country not in promotion.countries:
        return Refusal.COUNTRY
    if promotion.plans and claimant.plan not in promotion.plans:
        return Refusal.PLAN
    if NOT_DUPLICATE in promotion.requires and claimant.is_duplicate and not overridden:
        return Refusal.DUPLICATE
    if PAYMENT_METHOD in promotion.requires and not claimant.has_payment_method:
        return Refusal.NO_PAYMENT_METHOD
    return None


def status_at(promotion: PromotionSpec, now: datetime, *, has_room: bool) -> PromotionStatus:
    """Where it stands at that time; `has_room`: its budget holds one more gift."""
    if promotion.starts is not None and now < promotion.starts:
        return PromotionStatus.PLANNED
    if promotion.ends is not None and now >= promotion.ends:
        return PromotionStatus.OVER
    return PromotionStatus.OPEN if has_room else PromotionStatus.USED_UP
